"""What is changed from the screen of stored sessions: tags, notes, baselines, removals, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from cortex_tui.store.port import open_store
from cortex_tui.tui.screens.library import LibraryScreen
from tests.tui.stand_in import SIZES, check_golden
from tests.tui.stored_sessions import (
    FIRST,
    SECOND,
    THIRD,
    current_of,
    kept_by_another,
    library,
    names_left,
    pressed,
    screen_of,
    sessions,
    settled,
    three,
)
from tests.unit.store import samples


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


async def test_the_cursor_stays_on_a_session_that_is_running_when_it_is_to_be_deleted(
    path: Path,
) -> None:
    await three(path)
    running = "20250104T100000-dddddd"
    async with await open_store(path) as store:
        await store.begin_session(samples.session(running, started_at="2025-01-04T10:00:00Z"))
    async with library(path) as b:
        await b.press("home", "d")
        assert current_of(b) == running
        await b.in_one_piece("d", "d")
        await settled(b)
        assert current_of(b) == running
        assert len(await sessions(path)) == 4
        # A session that has ended meanwhile is deleted, though it is listed as running.
        async with await open_store(path) as store:
            await store.finish_session(running, "finished")
        await pressed(b, "d")
        assert set(await sessions(path)) == {FIRST, SECOND, THIRD}
        assert current_of(b) == THIRD


async def test_what_the_store_does_not_delete_is_as_it_was(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await b.press("down", "space", "down", "space", "up")
        with kept_by_another(path):
            await b.press("d")
            assert current_of(b) == THIRD
            await b.until(lambda: b.notifications)
        await settled(b)
        assert current_of(b) == SECOND
        assert screen_of(b).sessions.checked == {FIRST, SECOND}
        await b.press("space", "down", "space")
        with kept_by_another(path):
            await b.press("d", "up")
            assert current_of(b) == THIRD
            await b.until(lambda: len(b.notifications) == 2)
        await settled(b)
        # The cursor has been moved since.
        assert current_of(b) == THIRD


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


async def test_a_session_is_not_exported_over_its_store(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await pressed(b, "end", "x")
        b.app.screen.query_one(Input).value = str(path)
        await pressed(b, "enter", "enter")
        assert "sessions are stored in this one" in b.text
        await pressed(b, "escape")
        assert "before-index" in b.text


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
