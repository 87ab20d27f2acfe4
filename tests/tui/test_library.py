"""The screen of stored sessions, with a real store behind it."""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.cells import cached_cell_len, cell_len
from textual.widget import Widget

from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.port import Store, open_store
from cortex_tui.store.records import SessionEntry
from cortex_tui.tui.garbage import looked_for_seldom
from cortex_tui.tui.screens.compare import CompareScreen
from cortex_tui.tui.screens.keys_page import KeysPage
from cortex_tui.tui.screens.library import LibraryScreen
from cortex_tui.tui.screens.main import MainScreen
from tests.tui.stand_in import SIZES, Bench, StandIn, bench, check_golden
from tests.unit.store import samples

FIRST, SECOND, THIRD = (
    "20250101T100000-aaaaaa",
    "20250102T100000-bbbbbb",
    "20250103T100000-cccccc",
)
HOSTILE = "[b]bold[/b] \x1b[31mred\x07 漢字\u202e tail"


async def stored(store: Store, name: str, verdict: Any = "met", **fields: Any) -> None:
    """A finished session of two profiles, whose targets all came to the same."""
    digits = name[:15]
    moment = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[9:11]}:{digits[11:13]}:00Z"
    fields = {"started_at": moment, "environment": {"git_commit": "1f3abc99" * 5}, **fields}
    await store.begin_session(samples.session(name, **fields))
    batch = samples.batch(name, state="finished", count=12)
    targets = tuple(TargetResult(each, 19_000.0, verdict) for each in samples.CLOSED.targets)
    runs = tuple(msgspec.structs.replace(run, targets=targets) for run in batch.runs)
    await store.write(msgspec.structs.replace(batch, runs=runs))
    await store.finish_session(name, "finished")


async def three(path: Path) -> None:
    """Three sessions: one with everything, one that missed a target, one without a name."""
    async with await open_store(path) as store:
        await stored(store, FIRST)
        await store.name_snapshot("before-index", FIRST, note="the old index", tags=("nightly",))
        await store.set_baseline("main", FIRST)
        await stored(store, SECOND, "missed")
        await store.change_tags(SECOND, ["nightly", "slow"])
        await stored(store, THIRD, "undecided")


@asynccontextmanager
async def library(
    path: Path, size: tuple[int, int] = (80, 24), control: StandIn | None = None
) -> AsyncIterator[Bench]:
    """The screen, after it has read the store."""
    async with bench(control, size, store=str(path), looks=True) as b:
        await b.press("h")
        await b.until(lambda: "reading the store" not in b.text and "checked" in b.text)
        await settled(b)
        yield b


async def settled(b: Bench) -> None:
    """Until all that was asked of the store has come to the screen."""
    app = b.app
    await b.until(lambda: all(worker.is_finished for worker in app.workers))
    await b.pilot.pause()


async def pressed(b: Bench, *keys: str) -> None:
    await b.press(*keys)
    await settled(b)


async def in_store(path: Path, work: Callable[[Store], Any]) -> Any:
    async with await open_store(path, "read") as store:
        return await work(store)


async def sessions(path: Path) -> dict[str, SessionEntry]:
    found = await in_store(path, lambda store: store.list_sessions())
    return {each.id: each for each in found}


def screen_of(b: Bench) -> LibraryScreen:
    assert isinstance(b.app.screen, LibraryScreen)
    return b.app.screen


def names_left(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT id FROM session WHERE id NOT IN (SELECT session FROM tombstone)"
        )
        return [session for (session,) in found]


@contextmanager
def kept_by_another(path: Path) -> Iterator[None]:
    """A writer that does not end its transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def current_of(b: Bench) -> str:
    current = screen_of(b).sessions.current
    return current.id if current else ""


def damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5_000)


def set_aside(path: Path) -> bytes:
    """Puts something else in the place of the store's file, and returns what was in it."""
    whole = path.read_bytes()
    path.write_bytes(b"something else " * 500)
    return whole


def put_back(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)


def remove(path: Path) -> None:
    path.unlink()


def files_in(folder: Path) -> list[tuple[str, bytes]]:
    return [(file.name, file.read_bytes()) for file in folder.iterdir()]


def damage_runs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET record = '{}' WHERE session = ?", (THIRD,))
        connection.execute("UPDATE run SET record = 'x' WHERE session = ?", (SECOND,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshots.db"


# --- what is seen -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_all_sessions_are_listed_the_newest_first(path: Path, size: tuple[int, int]) -> None:
    await three(path)
    async with library(path, size) as b:
        await pressed(b, "end")
        check_golden("library", size, b.text)


@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_leaves_what_it_describes(path: Path, size: tuple[int, int]) -> None:
    await three(path)
    async with library(path, size) as b:
        await b.press("slash", *"@nightly", "space", *"index")
        check_golden("library-filter", size, b.text)
        await b.press("enter", "escape")
        assert [each.id for each in screen_of(b).sessions.rows] == [THIRD, SECOND, FIRST]


@pytest.mark.parametrize("size", SIZES[:2])
async def test_its_keys_and_marks_are_listed(path: Path, size: tuple[int, int]) -> None:
    async with library(path, size) as b:
        await b.press("question_mark")
        check_golden("library-help", size, b.text)


async def test_it_is_readable_in_a_terminal_of_any_size(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        for width, height in ((60, 15), (30, 8), (8, 3), (250, 70), (80, 24)):
            await b.pilot.resize_terminal(width, height)
            await settled(b)
            assert max(map(len, b.lines)) <= width
        assert "before-index, →main" in b.text


async def test_the_list_follows_what_another_process_writes(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("slash", *"nightly", "enter", "space", "end")
        assert current_of(b) == FIRST
        fourth = "20250104T100000-dddddd"
        script = f"""
import asyncio
from pathlib import Path
from tests.tui.test_library import SECOND, stored
from cortex_tui.store.port import open_store

async def write():
    async with await open_store(Path({str(path)!r})) as store:
        await stored(store, {fourth!r})
        await store.change_tags({fourth!r}, ["nightly"])
        await store.set_note(SECOND, "written elsewhere")

asyncio.run(write())
"""
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=True)
        await b.until(lambda: fourth in {each.id for each in screen_of(b).sessions.rows})
        listed = screen_of(b).sessions
        assert [each.id for each in listed.rows] == [fourth, SECOND, FIRST]
        assert (current_of(b), listed.checked, listed.filter) == (FIRST, {SECOND}, "nightly")
        await pressed(b, "k")
        assert current_of(b) == SECOND
        assert "written elsewhere" in b.text


async def test_a_list_that_nobody_writes_to_is_not_read_again(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        screen = screen_of(b)
        before = screen.sessions.all
        for _ in range(3):
            screen._look()
            await settled(b)
        assert screen.sessions.all is before
        damage_runs(path)
        screen._rests_until_s = 0.0
        screen._look()
        await settled(b)
        assert screen.sessions.all is not before


async def test_the_verdict_of_a_session_is_read_again_when_it_has_ended(path: Path) -> None:
    async with await open_store(path) as store:
        await store.begin_session(samples.session(THIRD, started_at="2025-01-03T10:00:00Z"))
        await store.write(samples.batch(THIRD, state="running", count=1))
        async with library(path) as b:
            assert "✗" not in b.line_with("▸")
            await stored(store, THIRD, "missed")
            await b.until(lambda: "✗" in b.line_with("▸"))


async def test_filter_and_note_can_be_typed_on(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("slash", *"before", "enter", "slash", *"-index", "enter")
        assert screen_of(b).sessions.filter == "before-index"
        assert current_of(b) == FIRST
        await b.press("w")
        await b.press("space", *"was", "space", *"slow")
        await pressed(b, "enter")
        assert (await sessions(path))[FIRST].note == "the old index was slow"


async def test_an_empty_store_says_how_sessions_come_into_it(path: Path) -> None:
    async with library(path) as b:
        assert "no session is stored yet" in b.text
        for key in ("enter", "r", "t", "w", "s", "b", "x", "d", "space", "a"):
            await pressed(b, key)
            assert isinstance(b.app.screen, LibraryScreen), key
    assert files_in(path.parent) == []


async def test_a_damaged_store_is_one_error_and_stays_as_it_is(path: Path) -> None:
    damage(path)
    before = files_in(path.parent)
    async with library(path, (120, 40)) as b:
        assert "snapshots.db: it is" in b.text
        assert "the store cannot be read" in b.lines[0]
        assert "Nothing was changed. R reads it again; escape goes back." in b.text
        await pressed(b, "d")
        assert files_in(path.parent) == before
        remove(path)
        await three(path)
        await pressed(b, "R")
        assert "before-index" in b.text


async def test_checks_outlast_a_store_that_cannot_be_read_for_a_time(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("space")
        whole = set_aside(path)
        await pressed(b, "R")
        assert "it is no SQLite database" in b.text
        put_back(path, whole)
        await pressed(b, "R")
        assert "1 checked" in b.text


async def test_texts_of_others_are_drawn_as_they_are(path: Path) -> None:
    async with await open_store(path) as store:
        await stored(store, FIRST)
        await store.set_note(FIRST, HOSTILE)
        await store.name_snapshot("[red]漢字[/]", FIRST, tags=("[b]t[/b]",))
    async with library(path, (200, 60)) as b:
        row = b.line_with("[red]漢字[/]")
        assert "[b]bold[/b] ␛[31mred␇ 漢字\\u{202e} tail" in row
        assert "[b]t[/b]" in row
        assert "\x1b" not in b.text
        await pressed(b, "d")
        await pressed(b, "u")
        assert "restored 1 session, [red]漢字[/]" in b.text


async def test_a_session_whose_records_are_damaged_is_listed_and_refused(path: Path) -> None:
    await three(path)
    damage_runs(path)
    async with library(path) as b:
        for _ in range(2):
            await pressed(b, "enter")
            assert isinstance(b.app.screen, LibraryScreen)
            await pressed(b, "down")
        assert all("cannot be read" in text for text in b.notifications)
        assert len(b.notifications) == 2
        await pressed(b, "enter")
        assert isinstance(b.app.screen, MainScreen)


# --- order and choice ---------------------------------------------------------------------------


async def test_rows_are_sorted_by_each_column_in_both_orders(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        listed = screen_of(b).sessions

        def ids() -> list[str]:
            return [each.id for each in listed.rows]

        assert ids() == [THIRD, SECOND, FIRST]
        await b.press("full_stop")
        assert ids() == [FIRST, SECOND, THIRD]
        assert "when, UTC▴" in b.text
        await b.press("comma")
        assert ids() == [FIRST, THIRD, SECOND]
        await b.press("less_than_sign", "less_than_sign")
        assert listed.sort.column == "revision"
        await b.press("comma", "comma")
        await b.pilot.click("LibraryHeader", offset=(8, 0))
        assert ids() == [THIRD, SECOND, FIRST]
        await b.pilot.click("LibraryHeader", offset=(8, 0))
        assert ids() == [FIRST, SECOND, THIRD]


async def test_the_cursor_stays_on_its_session(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("down")
        for key in ("full_stop", "comma", "comma", "R"):
            await pressed(b, key)
            assert current_of(b) == SECOND


async def test_a_word_that_means_nothing_is_reported_and_the_rows_stay(path: Path) -> None:
    await three(path)
    async with library(path, (120, 40)) as b:
        await b.press("slash", *"commit:HEAD")
        assert "commit: expected four or more digits" in b.text
        assert len(screen_of(b).sessions.rows) == 3
        await b.press("escape")
        assert "3 sessions" in b.text


async def test_boxes_and_rows_take_the_mouse(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.pilot.click("LibraryTable", offset=(2, 1))
        await b.pilot.click("LibraryTable", offset=(20, 2))
        assert screen_of(b).sessions.checked == {SECOND}
        assert current_of(b) == FIRST
        await b.pilot.click("LibraryTable", offset=(20, 1), times=2)
        await b.until(lambda: f"stored {SECOND}: esc returns" in b.text)


# --- changes ------------------------------------------------------------------------------------


async def test_tags_and_notes_are_those_of_all_checked_sessions(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("space", "down", "space")
        await pressed(b, "t", *"fast -slow", "enter")
        assert "tagged: fast -slow" in b.text
        await pressed(b, "w", *"two of them", "enter")
        found = await sessions(path)
        assert found[SECOND].tags == ("nightly", "fast")
        assert found[THIRD].tags == ("fast",)
        assert [found[each].note for each in (THIRD, SECOND)] == ["two of them"] * 2
        assert found[FIRST].note == "the old index"
        await b.press("w")
        assert "two of them" in b.text
        await b.press(*["backspace"] * len("two of them"))
        await pressed(b, "enter")
        assert (await sessions(path))[SECOND].note == ""


async def test_a_name_that_is_taken_keeps_the_dialog_open(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await pressed(b, "s", *"main", "enter")
        assert "the name 'main' is taken" in b.text
        await b.press(*["backspace"] * 4)
        await pressed(b, *"newest", "enter")
        assert "named newest" in b.text
        assert (await sessions(path))[THIRD].names == ("newest",)


async def test_a_baseline_is_pointed_at_the_session_and_used_by_the_workbench(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await pressed(b, "b", "enter")
        assert (await sessions(path))[THIRD].names == ("main",)
        assert b.main.versus.name == "main"
        assert b.main.versus.baseline is not None
        assert b.main.versus.baseline.session == THIRD
        await pressed(b, "u")
        assert (await sessions(path))[FIRST].names == ("before-index", "main")


async def test_what_is_deleted_can_be_restored_together(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("a")
        await pressed(b, "d")
        assert "3 sessions deleted; u restores" in b.text
        assert await sessions(path) == {}
        await pressed(b, "u")
        assert set(await sessions(path)) == {FIRST, SECOND, THIRD}
        assert "→main" in b.text
        await pressed(b, "u")
        assert "there is nothing to undo" in b.text


async def test_a_store_that_another_process_keeps_is_waited_for_without_the_screen(
    path: Path,
) -> None:
    await three(path)
    async with library(path) as b:
        with kept_by_another(path):
            await b.press("t", *"new", "enter")
            # Neither the dialog nor the list behind it waits for the store.
            await b.press("escape", "down")
            assert current_of(b) == SECOND
            await b.until(lambda: b.notifications)
        assert "another process keeps it locked" in b.notifications[0]
        await settled(b)
        assert (await sessions(path))[THIRD].tags == ()


async def test_keys_in_a_row_delete_one_session_each(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await pressed(b, "d", "d")
        assert set(await sessions(path)) == {FIRST}
        assert b.notifications == []


async def test_a_session_that_is_running_is_not_deleted(path: Path) -> None:
    await three(path)
    async with await open_store(path) as store:
        await store.begin_session(samples.session("20250104T100000-dddddd"))
    async with library(path) as b:
        await b.press("home", "a")
        await pressed(b, "d")
        assert set(await sessions(path)) == {"20250104T100000-dddddd"}
        assert any("is running: stop it first" in text for text in b.notifications)
        assert "3 sessions deleted" in b.text


async def test_what_was_asked_is_done_even_if_the_screen_is_left_at_once(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("d", "d", "escape")
        assert b.app.screen is b.main
        await b.until(lambda: names_left(path) == [FIRST])


async def test_an_answer_of_the_store_to_a_screen_that_was_left_is_not_drawn(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        screen = b.app.screen
        assert isinstance(screen, LibraryScreen)
        await b.press("escape")
        screen.relist()
        screen.show()
        # As after something that was written.
        screen.reload()
        await b.pilot.pause()
        assert b.app.screen is b.main


# --- files --------------------------------------------------------------------------------------


async def test_a_session_is_written_in_the_chosen_format(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await three(path)
    async with library(path) as b:
        await pressed(b, "end", "x")
        assert "before-index.json" in b.text
        await pressed(b, "down", "enter")
        found = json.loads((tmp_path / "before-index.json").read_bytes())
        assert found["benchmarks"]
        assert "written to before-index.json" in b.text


@pytest.mark.parametrize("size", SIZES[:2])
async def test_the_dialog_says_what_a_format_is_for_and_what_it_lacks(
    path: Path, size: tuple[int, int]
) -> None:
    await three(path)
    async with library(path, size) as b:
        await pressed(b, "end", "x", *["down"] * 8)
        check_golden("library-export", size, b.text)


async def test_a_file_is_overwritten_only_when_that_is_confirmed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before-index.json").write_text("precious")
    await three(path)
    async with library(path) as b:
        await pressed(b, "end", "x", "enter")
        assert "before-index.json exists: enter again overwrites it" in b.text
        assert (tmp_path / "before-index.json").read_text() == "precious"
        await pressed(b, "escape", "x", "enter", "enter")
        assert json.loads((tmp_path / "before-index.json").read_bytes())["runs"]


async def test_the_file_follows_the_format_until_another_is_entered(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await three(path)
    async with library(path) as b:
        await pressed(b, "x", "down", "down")
        assert f"{THIRD}.hlog" in b.text
        await b.press(*"2", "down")
        assert f"{THIRD}.hlog2" in b.text
        await pressed(b, *"/no/where", "enter")
        assert "there is no folder" in b.text


# --- opening and running again ------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_a_session_is_opened_as_if_it_had_just_run(path: Path, size: tuple[int, int]) -> None:
    await three(path)
    async with library(path, size) as b:
        await pressed(b, "end", "enter")
        await b.until(lambda: "simple-text  done" in b.text)
        assert b.lines[0].startswith(" stored before-index: esc returns  finished")
        row = b.line_with("]!simple-text").split()
        assert {"done", "600", "500"} <= set(row)
        await b.press("l")
        assert "hello" in b.text


def drawings(b: Bench) -> list[weakref.ref[object]]:
    """What the widgets of the screen have drawn."""
    return [weakref.ref(each._styles_cache) for each in b.app.screen.walk_children(Widget)]


async def test_of_a_session_that_was_left_nothing_is_kept_in_memory(path: Path) -> None:
    async def open_and_leave(b: Bench) -> list[weakref.ref[object]]:
        await pressed(b, "home", "enter")
        await b.until(lambda: isinstance(b.app.screen, MainScreen))
        drawn = drawings(b)
        await b.press("escape")
        await b.until(lambda: isinstance(b.app.screen, LibraryScreen))
        return drawn

    await three(path)
    with looked_for_seldom():
        async with library(path) as b:
            drawn = await open_and_leave(b)
            await open_and_leave(b)  # the newest one may still be in use
            await b.until(lambda: not any(ref() for ref in drawn))


def widths() -> int:
    """Of how many texts Rich keeps the width."""
    return cached_cell_len.cache_info().currsize


def forgotten(down_to: int) -> bool:
    return widths() < down_to


async def test_what_was_kept_to_draw_a_screen_is_forgotten_when_it_is_left(path: Path) -> None:
    await three(path)
    with looked_for_seldom():
        async with library(path) as b:
            for visit in range(3):
                for number in range(200):
                    cell_len(f"text {number} of visit {visit}")
                drawn = widths()
                await b.press("h")
                await b.until(partial(forgotten, drawn - 200))
                await b.press("h")
                await b.until(lambda: isinstance(b.app.screen, LibraryScreen))


async def test_garbage_is_looked_for_between_the_frames_of_other_screens_too(path: Path) -> None:
    class Kept:
        """Something that a weak reference can be made of."""

    await three(path)
    with looked_for_seldom():
        async with library(path) as b:
            gc.collect()
            gone = []
            for _ in range(3_000):
                kept = Kept()
                vars(kept)["itself"] = kept
                gone.append(weakref.ref(kept))
            del kept
            await b.press("down", "up", "down")
            assert not any(ref() for ref in gone)


async def test_only_a_whole_screen_that_is_left_has_all_looked_through(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    monkeypatch.setattr("cortex_tui.tui.app.look_through_all", lambda: looks.append(None))
    await three(path)
    async with library(path) as b:
        looks.clear()  # beginning looks, too
        await b.press("question_mark")
        await b.until(lambda: isinstance(b.app.screen, KeysPage))
        await b.press("escape")
        await b.until(lambda: isinstance(b.app.screen, LibraryScreen))
        await settled(b)
        assert not looks
        await b.press("h")
        await b.until(lambda: bool(looks))


async def test_a_stored_session_is_looked_back_on_and_left_step_by_step(path: Path) -> None:
    await three(path)
    async with library(path, (120, 40)) as b:
        await pressed(b, "enter")
        opened = b.app.screen
        assert isinstance(opened, MainScreen)
        await b.until(lambda: opened.latest.view is not None)
        await pressed(b, "left_square_bracket")
        await b.until(lambda: "esc returns to now" in b.text)
        await pressed(b, "escape")
        assert "esc returns to now" not in b.text
        await pressed(b, "escape")
        assert isinstance(b.app.screen, LibraryScreen)
        await b.press("h")
        assert len(b.app.screen_stack) == 1


async def test_what_needs_a_running_session_is_refused_with_the_way_out(path: Path) -> None:
    await three(path)
    control = StandIn()
    async with library(path, control=control) as b:
        await pressed(b, "enter")
        opened = b.app.screen
        assert isinstance(opened, MainScreen)
        await b.until(lambda: opened.latest.view is not None)
        await b.press("r", "p", "x", "n", "plus")
        assert b.app.screen is opened
        assert b.notifications == [
            "Not started: this session is stored, it is not running: leave it with escape; r in "
            "the library runs it again"
        ]
        assert (control.started, control.asked, control.stopped) == ([], [], [])


async def test_a_stored_session_is_saved_under_a_name_from_within(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await pressed(b, "enter")
        opened = b.app.screen
        assert isinstance(opened, MainScreen)
        await b.until(lambda: opened.latest.view is not None)
        await b.press("s")
        await b.press(*["backspace"] * 20)
        await pressed(b, *"again", "enter")
        await b.until(lambda: b.notifications == ["Saved as again."])
        assert (await sessions(path))[THIRD].names == ("again",)


async def test_a_session_is_run_again_as_it_was(path: Path) -> None:
    await three(path)
    control = StandIn()
    async with library(path, control=control) as b:
        await pressed(b, "r")
        assert b.app.screen is b.main
        assert control.started == [(["search.simple-text", "search.steady"], False)]
        # The first of them is in no file of the workbench.
        assert "simple-text" in b.text


async def test_checked_sessions_are_compared_with_the_baseline_among_them(path: Path) -> None:
    await three(path)
    async with library(path, (120, 40)) as b:
        await b.press("a")
        await pressed(b, "c")
        assert isinstance(b.app.screen, CompareScreen)
        await b.until(lambda: "before-index" in b.lines[0])
        assert b.lines[0].index("before-index") < b.lines[0].index(SECOND)


async def test_one_session_is_compared_with_the_baseline_that_there_is(path: Path) -> None:
    await three(path)
    async with library(path, (120, 40)) as b:
        await pressed(b, "c")
        await b.until(lambda: "main" in b.lines[0])
        assert THIRD in b.lines[0]
