"""What is copied: a row, the table, the command line that repeats a session."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.cli.group import program
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.passwords import taken_from
from cortex_tui.profiles.model import Catalog, Profile, Suite
from cortex_tui.protocol.programs import TESTS_LOOP
from cortex_tui.results.view import SessionView
from cortex_tui.tui.render.copied import row_text, table_markdown
from cortex_tui.tui.state.command_line import command_of
from tests.tui.samples import CATALOG, MEDIATOR, SEARCH, finished, profile, run_view, session_view
from tests.tui.series_samples import measured, with_intervals
from tests.tui.stand_in import STORE, Bench, bench
from tests.tui.stored_sessions import THIRD, library, open_session, three
from tests.unit.store import samples as stored_samples

COMMAND, QUERY, CONCURRENT = MEDIATOR.profiles


def ran(*profiles: Any, neighbours: bool = True, **fields: Any) -> SessionView:
    others = ("a.b",) if neighbours else ()
    runs = (run_view(at, of, neighbours=others) for at, of in enumerate(profiles))
    return session_view(*runs, **{"state": "finished", "loop": "uvloop", **fields})


def command(view: SessionView, catalog: Catalog = CATALOG, store: str = STORE) -> str:
    return command_of(view, catalog, store).text


def test_a_row_is_one_line_with_its_numbers() -> None:
    text = row_text(run_view(0, COMMAND, errors={"E": 1}, neighbours=("a.b",)))
    assert text.startswith("mediator.command-dispatch: ")
    assert "p99 812µs" in text
    assert "1 error," in text
    assert text.endswith("with 1 neighbour")
    assert "\n" not in text


def test_the_table_is_markdown_in_which_names_are_no_markup() -> None:
    odd = profile("search", 'read[text="a|`b`<i>"]')
    lines = table_markdown([run_view(0, COMMAND), run_view(1, odd)]).splitlines()
    assert len(lines) == 4
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert "`mediator.command-dispatch`" in lines[2]
    assert '`` search.read[text="a\\|`b`<i>"] ``' in lines[3]


def test_the_command_has_the_database_of_the_launch_and_no_password() -> None:
    get = msgspec.structs.replace(COMMAND, workload="cortex.get")
    suite = msgspec.structs.replace(MEDIATOR, profiles=(get,))
    catalog = Catalog((suite,)).kept_in(taken_from("postgresql://me:hidden@host/db"))
    copied = command_of(ran(*catalog.profiles, neighbours=False), catalog, STORE)
    assert copied.text == "cortex-tui run mediator --database postgresql://me@host/db --loop uvloop"
    assert copied.remark == "without the password of the database"


def test_the_command_has_the_processes_of_the_launch() -> None:
    def shared(profile: Profile, workers: int, processes: int) -> Profile:
        return msgspec.structs.replace(profile, load=ClosedLoad(workers, processes=processes))

    suite = msgspec.structs.replace(MEDIATOR, profiles=(shared(COMMAND, 4, 1),))
    ran_so = shared(COMMAND, 4, 3)
    assert command(ran(ran_so, neighbours=False), Catalog((suite,))) == (
        "cortex-tui run mediator --processes 3 --loop uvloop"
    )


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (ran(COMMAND, neighbours=False), "mediator.command-dispatch --loop uvloop"),
        (ran(COMMAND, QUERY), "mediator.command-dispatch mediator.query-dispatch --loop uvloop"),
        (ran(*MEDIATOR.profiles), "mediator --loop uvloop"),
        (
            ran(COMMAND, QUERY, neighbours=False, rounds=3),
            "mediator.command-dispatch mediator.query-dispatch --one-by-one --repeat 3"
            " --loop uvloop",
        ),
        (
            ran(QUERY, placement="in-process", loop="asyncio"),
            "mediator.query-dispatch --placement in-process --loop asyncio",
        ),
        (
            msgspec.structs.replace(ran(QUERY, placement="cluster"), cluster="tcp://h:8786"),
            "mediator.query-dispatch --cluster tcp://h:8786 --loop uvloop",
        ),
    ],
)
def test_the_command_line_has_what_ran(view: SessionView, words: str) -> None:
    assert command(view) == f"cortex-tui run {words}"


def test_the_command_line_of_a_stored_session_lacks_its_cluster() -> None:
    found = command_of(ran(QUERY, placement="cluster"), CATALOG, "")
    assert found.text == "cortex-tui run mediator.query-dispatch --loop uvloop"
    assert found.remark == "without the cluster, whose name is not stored"


def test_profiles_that_differ_from_their_files_come_from_the_store() -> None:
    edited = msgspec.structs.replace(COMMAND, summary="edited")
    found = command_of(ran(edited, QUERY, rounds=2), CATALOG, "other.db")
    assert shlex.split(found.text)[2:4] == ["--again", ran().session]
    assert found.text.endswith("--store other.db")
    assert "edits" in found.remark


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (session_view(run_view(0, COMMAND, variant="new")), "variants"),
        (ran(COMMAND, loop=TESTS_LOOP), "cortex-tui pytest"),
        (ran(COMMAND, placement="import"), "another program"),
    ],
)
def test_what_has_no_command_line_says_so(view: SessionView, why: str) -> None:
    found = command_of(view, CATALOG, STORE)
    assert found.text == ""
    assert why in found.remark


def test_suites_from_elsewhere_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = msgspec.structs.replace(SEARCH, source=str(tmp_path / "more files" / "search.toml"))
    catalog = Catalog((MEDIATOR, elsewhere))
    words = shlex.split(command(ran(elsewhere.profiles[0], COMMAND), catalog))
    assert "--profiles=more files/search.toml" in words
    assert [word for word in words if word.startswith("--profiles")] == [
        "--profiles=more files/search.toml"
    ]


def test_every_word_of_the_command_line_is_an_option_that_there_is() -> None:
    context = program.make_context("cortex-tui", ["run", "a"])
    run = program.get_command(context, "run")
    assert run is not None
    options = {option for parameter in run.params for option in parameter.opts}
    odd: Suite = msgspec.structs.replace(SEARCH, source="/elsewhere/search.toml")
    view = ran(odd.profiles[0], COMMAND, neighbours=False, rounds=2, placement="in-process")
    words = shlex.split(command(view, Catalog((MEDIATOR, odd)), "other.db"))
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert len(used) == 6
    assert used | {"--again"} <= options


# --- on the screen ------------------------------------------------------------------------------


def clipboard(b: Bench) -> str:
    return b.app.clipboard


async def test_each_key_of_the_menu_copies_its_part() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("y", "r")
        assert clipboard(b).startswith("mediator.command-dispatch: ")
        assert "copied the row" in b.lines[0]
        await b.press("y", "t")
        assert clipboard(b).count("\n") == 4
        assert "copied 2 rows as Markdown" in b.lines[0]
        await b.press("y", "c")
        assert clipboard(b).startswith("cortex-tui run ")


async def test_of_a_part_of_the_run_it_says_so() -> None:
    view = measured(finished())
    async with bench(with_intervals(view)) as b:
        await b.show(view)
        await b.press("left_square_bracket", "y", "r")
        assert "(only " in clipboard(b)
        await b.press("y", "t")
        assert "\nOnly " in clipboard(b)


async def test_numbers_of_a_part_that_have_not_come_are_not_copied() -> None:
    async with bench() as b:
        await b.show(measured(finished()))
        await b.press("left_square_bracket")
        for key in "rt":
            await b.press("y", key)
            assert ("have come" if key == "r" else "have not come") in b.lines[0]
        assert clipboard(b) == ""


async def test_the_menu_follows_arrows_and_the_mouse() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("y", "down", "enter")
        assert clipboard(b).startswith("| profile ")
        await b.press("y")
        await b.pilot.click("Choice", offset=(1, 0))
        assert clipboard(b).startswith("mediator.command-dispatch: ")
        await b.press("y", "escape")
        assert b.app.screen is b.main


async def test_the_table_is_copied_as_it_is_filtered_and_sorted() -> None:
    async with bench() as b:
        await b.show(finished())
        await b.press("slash", *"query", "enter", "y", "t")
        assert clipboard(b).count("\n") == 3
        assert "query-dispatch" in clipboard(b)


@pytest.mark.parametrize(
    ("key", "why"), [("r", "no numbers yet"), ("t", "has numbers yet"), ("c", "no session was run")]
)
async def test_where_there_is_nothing_to_copy_it_says_so(key: str, why: str) -> None:
    async with bench() as b:
        await b.press("y", key)
        assert clipboard(b) == ""
        assert why in b.lines[0]


STORED = stored_samples.CLOSED, stored_samples.OPEN
FASTER = msgspec.structs.replace(STORED[1], load=OpenLoad(900.0))


@pytest.mark.parametrize(
    ("of_files", "words"),
    [
        (STORED, ["search"]),
        ((*STORED, SEARCH.profiles[1]), ["search.simple-text", "search.steady"]),
        ((STORED[0], FASTER), ["--again", THIRD]),
        ((STORED[0],), ["--again", THIRD]),
    ],
)
async def test_the_command_of_a_stored_session_goes_by_what_the_files_have_now(
    path: Path, of_files: tuple[Profile, ...], words: list[str]
) -> None:
    await three(path)
    catalog = Catalog((Suite("search", "", of_files, shipped=True),))
    async with library(path, catalog=catalog) as b:
        await open_session(b)
        await b.press("y", "c")
        found = shlex.split(clipboard(b))
        assert found[2 : 2 + len(words)] == words
        assert found[2 + len(words)].startswith("--")
