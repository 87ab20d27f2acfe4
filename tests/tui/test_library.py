"""The screen of stored sessions: what is listed, and in which order."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cortex_tui.store.port import open_store
from cortex_tui.tui.screens.library import LibraryScreen
from cortex_tui.tui.screens.main import MainScreen
from cortex_tui.tui.widgets.library_table import LibraryTable
from tests.tui.samples import finished
from tests.tui.stand_in import SIZES, StandIn, check_golden
from tests.tui.stored_sessions import (
    FIRST,
    HOSTILE,
    SECOND,
    THIRD,
    current_of,
    damage,
    damage_runs,
    files_in,
    library,
    pressed,
    put_back,
    remove,
    screen_of,
    sessions,
    set_aside,
    settled,
    stored,
    three,
)
from tests.unit.store import samples


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
from tests.tui.stored_sessions import SECOND, stored
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
        screen._reader._rests_until_s = 0.0
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


async def test_whatever_brings_rows_in_sight_their_verdicts_are_read(path: Path) -> None:
    async with await open_store(path) as store:
        for day in range(1, 21):
            await stored(store, f"202501{day:02}T100000-aaaaaa", "missed")
    async with library(path) as b:
        rows = b.app.screen.query_one(LibraryTable)
        await b.until(lambda: b.text.count(" ✗ finished ") == rows.size.height)
        rows.scroll_end(animate=False)
        await b.until(lambda: "01-01" in b.text)
        await b.until(lambda: b.text.count(" ✗ finished ") == rows.size.height)


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


async def test_an_empty_store_that_cannot_be_written_promises_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda place, mode: Path(place) != path.parent)
    async with library(path, (120, 40)) as b:
        assert "Every session that is run is stored" not in b.text
        assert "What is run is not stored:" in b.text
        assert "cannot be written; escape goes back" in " ".join(b.text.split())


async def test_an_empty_store_says_why_the_newest_session_is_not_in_it(path: Path) -> None:
    control = StandIn(msgspec.structs.replace(finished(), store_error="/data: disk full"))
    async with library(path, (120, 40), control) as b:
        assert "What is run is not stored: /data: disk full; escape goes back" in b.text


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
