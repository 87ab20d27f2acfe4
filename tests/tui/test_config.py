"""A person's settings: read from TOML, and what the workbench makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.tui.actions import Action, actions
from cortex_tui.tui.config.example import example
from cortex_tui.tui.config.keys import clashes, key_named, remapped, written
from cortex_tui.tui.config.model import DEFAULTS, Config
from cortex_tui.tui.config.reading import read_config
from cortex_tui.tui.config.tables import TABLES
from cortex_tui.tui.screens.keys_page import key_lines
from tests.tui.samples import running
from tests.tui.stand_in import bench

COMMAND = "mediator.command-dispatch"


def config_of(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return read_config(file)


def problems_of(folder: Path, text: str) -> list[str]:
    """Without the name of the folder."""
    found = config_of(folder, text).problems
    return [f"{each.where}: {each.message}".replace(f"{folder}/", "") for each in found]


# --- reading ------------------------------------------------------------------------------------


def test_everything_that_can_be_chosen(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        """
        theme = "nord"
        [notify]
        end_of_session_after = "5m"
        bell = true
        desktop = true
        [keys]
        run = ["r", "F5"]
        help = "f2"
        filter = "ctrl+f"
        """,
    )
    assert config.problems == ()
    assert config.theme == "nord"
    assert config.notify == (300_000_000_000, True, True)
    assert config.keys["main"] == {"run": ("r", "f5"), "help": ("f2",), "filter": ("ctrl+f",)}
    assert config.keys["compare"] == {"help": ("f2",)}


def test_a_file_that_is_not_there_is_only_a_problem_where_it_was_named(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    assert read_config(file) == DEFAULTS
    (problem,) = read_config(file, required=True).problems
    assert problem.where == str(file)
    assert "No such file" in problem.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[keys", "config.toml: not valid TOML: Expected ']'"),
        ('\ncolour = "red"', "config.toml:2: colour: unknown key (expected one of compare, "),
        ('theme = "nrod"', 'config.toml:1: theme: no theme "nrod" (did you mean "nord"?)'),
        ('theme = "nord"\n"a.b" = 1', "config.toml:2: a.b: unknown key"),
        ("[notify]\nbell = 1", "config.toml:2: notify.bell: expected true or false, got 1"),
        ("notify = 1", "config.toml:1: notify: expected a table, got 1"),
        ('[notify]\nend_of_session_after = "x"', "config.toml:2: notify.end_of_session_after: exp"),
        ("[notify]\nbel = true", 'notify.bel: unknown key (did you mean "bell"?)'),
        ('[keys]\npasue = "p"', 'config.toml:2: keys.pasue: no action "pasue" (did you mean "pau'),
        ("[keys]\nrun = 3", 'config.toml:2: keys.run: expected a list such as ["r", "f5"], got 3'),
        (f"[keys]\nrun = {list('abcdefghijk')}", "keys.run: expected at most 10 keys, got 11"),
        ('[keys]\nrun = ["r",\n"nokey"]', 'config.toml:2: keys.run: expected a key such as "r"'),
        ('[keys]\n\n# mine\nrun = "ctrl+c"', "config.toml:4: keys.run: ctrl+c cannot be changed"),
        ('[keys]\nrun = "x"', "config.toml:2: keys.run: x is the key of stop, too, on the main sc"),
        ('[keys]\nrun = "f5"\nstop = "f5"', "config.toml:3: keys.stop: f5 is the key of run, too"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, text)
    assert problem in found


def test_the_line_is_that_of_the_very_key(tmp_path: Path) -> None:
    found = problems_of(tmp_path, '"notify.bell" = true\n[notify]\nbell = 1')
    assert [each.partition(": ")[0].rpartition(":")[2] for each in found] == ["1", "3"]


def test_the_rest_of_a_file_with_mistakes_holds(tmp_path: Path) -> None:
    config = config_of(
        tmp_path, '[keys]\nrun = "x"\nsave = "f3"\nstop = "nokey"\n[notify]\nbell = true\nof = 1'
    )
    assert config.keys == {"main": {"save": ("f3",)}}
    assert config.notify.bell
    assert len(config.problems) == 3


def test_two_actions_can_change_their_keys(tmp_path: Path) -> None:
    config = config_of(tmp_path, '[keys]\nrun = "x"\nstop = "r"')
    assert config.problems == ()
    assert config.keys == {"main": {"run": ("x",), "stop": ("r",)}}


def test_each_screen_can_have_its_own_keys(tmp_path: Path) -> None:
    config = config_of(
        tmp_path, '[keys]\ndown = "n"\nskip = "F8"\n[compare.keys]\ndown = "m"\nbesides = "F9"'
    )
    assert config.problems == ()
    assert config.keys["main"]["down"] == config.keys["library"]["down"] == ("n",)
    assert config.keys["compare"] == {"down": ("m",), "besides": ("f9",)}


def test_an_action_without_a_key_can_be_given_one(tmp_path: Path) -> None:
    assert config_of(tmp_path, '[keys]\ncompare = "F6"').keys == {"main": {"compare": ("f6",)}}
    (problem,) = problems_of(tmp_path, '[keys]\nfreeze = "F6"')
    assert "no action" in problem


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = '\x00'", b"a = [" * 5_000])
def test_a_file_of_anything_is_a_problem_at_most(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    assert len(read_config(file).problems) == 1
    assert len(read_config(tmp_path).problems) == 1


def test_the_example_changes_nothing_and_neither_do_its_lines(tmp_path: Path) -> None:
    assert config_of(tmp_path, example()) == DEFAULTS
    lines = [line.removeprefix("# ") for line in example().splitlines()]
    settings = [line for line in lines if line.startswith("[") or " = " in line]
    config = config_of(tmp_path, "\n".join(settings))
    assert config.problems == ()
    for table in TABLES:
        keys = {each.name: each.keys for each in table.actions() if each.can_have_keys}
        assert config.keys[table.name] == keys


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("r", "r"),
        ("R", "R"),
        ("shift+r", "R"),
        ("?", "question_mark"),
        ("<", "less_than_sign"),
        ("[", "left_square_bracket"),
        ("+", "plus"),
        ("F5", "f5"),
        ("esc", "escape"),
        ("page_down", "pagedown"),
        ("ctrl+i", "tab"),
        ("ctrl+shift+f5", "ctrl+shift+f5"),
        ("ä", "ä"),
        ("", None),
        ("nokey", None),
        ("ctrl+", None),
        ("ctrl+nokey", None),
        ("\n", None),
        ("r,x", None),
    ],
)
def test_how_keys_are_written(text: str, key: str | None) -> None:
    assert key_named(text) == key


def test_the_key_of_every_action_can_be_written_as_it_is_shown_or_named() -> None:
    for table in TABLES:
        for action in table.actions():
            for key in action.keys:
                assert key_named(key) == key
                if len(written(key)) == 1 and written(key).isascii():
                    assert key_named(written(key)) == key


def test_no_screen_has_a_key_twice() -> None:
    for table in TABLES:
        assert clashes(table.actions()) == {}


def test_other_keys_are_shown_wherever_the_old_ones_were() -> None:
    table = [
        Action("down", ("j", "down"), "j k ↓ ↑", "down", ""),
        Action("up", ("k", "up"), "", "up", ""),
        Action("check", ("space",), "space", "check", ""),
        Action("freeze", (), "space", "freeze", ""),
    ]
    found = remapped(table, {"up": ("p",), "check": ("v", "f9")})
    assert [each.shown for each in found] == ["j p ↓", "", "v", "v"]
    assert [each.keys for each in found] == [("j", "down"), ("p",), ("v", "f9"), ()]


# --- the workbench ------------------------------------------------------------------------------


async def test_keys_that_were_chosen_work_and_the_old_ones_do_not() -> None:
    async with bench(config=Config(keys={"main": {"run": ("f5",), "stop": ("f6",)}})) as b:
        await b.press("r")
        assert b.control.started == []
        await b.press("f5")
        assert len(b.control.started) == 1
        await b.show(running())
        await b.press("x")
        assert b.control.stopped == []
        await b.press("f5")
        assert b.notifications == ["A session is running; press f6 to stop it."]
        await b.press("f6")
        assert b.control.stopped == [None]


async def test_key_line_help_and_clicks_have_the_keys_that_were_chosen() -> None:
    keys = {"run": ("f5",), "help": ("f2",), "problems": ("U",)}
    async with bench(config=Config(keys={"main": keys})) as b:
        assert "f5 run" in b.lines[-1]
        assert "problems (U)" in b.lines[0]
        await b.pilot.click(offset=(b.lines[-1].index("f5 run"), 23))
        assert len(b.control.started) == 1
        await b.press("f2")
        assert "f5         Run the checked" in b.text
        await b.press("f2")
        assert "Keys  escape closes" not in b.text


DIALOG_KEYS = {
    "dialogs": {"confirm": ("f5",), "cancel": ("f6",), "choose_down": ("f7",)},
    "form": {"use": ("f8",), "next": ("tab",), "close": ("f9",)},
    "copy": {"copy_row": ("1",), "cancel": ("f6",)},
}


async def test_dialogs_have_the_keys_that_were_chosen() -> None:
    async with bench(config=Config(keys=DIALOG_KEYS), checked=[COMMAND]) as b:
        await b.press("R")
        assert "f5 runs them   ↑ f7 choose how   f6 cancels" in b.text
        await b.press("enter", "escape")
        assert b.control.started == []
        assert "choose how" in b.text
        await b.press("f7", "f5")
        assert b.control.started == [([COMMAND], True)]
        await b.press("R", "f6")
        assert "choose how" not in b.text


async def test_filters_have_the_keys_of_dialogs() -> None:
    async with bench(config=Config(keys=DIALOG_KEYS)) as b:
        await b.press("slash")
        assert "f5 keeps it, f6 clears it" in b.text
        await b.press(*"que", "enter", "f5")
        assert b.main.listing.filter == "que"
        await b.press("slash", "f6")
        assert b.main.listing.filter == ""


async def test_the_menu_of_copies_has_the_keys_that_were_chosen() -> None:
    async with bench(config=Config(keys=DIALOG_KEYS)) as b:
        await b.press("y")
        assert "1  the row under the cursor" in b.text
        await b.press("r", "escape")
        assert "1  the row under the cursor" in b.text
        await b.press("1")
        assert b.app.screen is b.main
        await b.press("y", "f6")
        assert b.app.screen is b.main


@pytest.mark.parametrize("key", ['"x"', '"space"', '["f5", "?"]'])
def test_a_letter_cannot_be_a_key_where_text_is_typed(tmp_path: Path, key: str) -> None:
    for screen in ("dialogs.keys]\nconfirm", "form.keys]\nuse", "keys]\ncancel"):
        file = tmp_path / "config.toml"
        file.write_text(f"[{screen} = {key}\n", encoding="utf-8")
        config = read_config(file)
        assert config.keys == {}
        assert "is typed there" in str(config.problems[0])


async def test_an_action_without_keys_is_in_the_palette_only() -> None:
    async with bench(config=Config(keys={"main": {"run": (), "stop": ()}})) as b:
        assert " run" not in b.lines[-1]
        await b.show(running())
        await b.press("o")
        assert b.notifications == ["A session is running; press ctrl+p to stop it."]
        assert "Stop" in {command.title for command in b.app.get_system_commands(b.main)}


async def test_a_theme_that_was_chosen_is_there_at_once() -> None:
    async with bench(config=Config(theme="nord")) as b:
        assert b.app.theme == "nord"


def test_the_page_of_keys_has_every_action_of_every_screen() -> None:
    others = {table.where: table.actions() for table in TABLES}
    lines = key_lines(actions(), {}, others, 300)
    text = ["".join(span.text for span in line) for line in lines]
    for table in TABLES:
        for action in table.actions():
            if action.keys:
                assert any(action.tooltip in line for line in text), action.name
        assert f"Keys of {table.where}" in text
