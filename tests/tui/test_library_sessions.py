"""Sessions that are opened, run again and compared from the screen of stored sessions."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from rich.cells import cached_cell_len, cell_len
from textual.widget import Widget

from cortex_tui.report.summary import summary
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.targets import TargetResult, TargetVerdict
from cortex_tui.store.port import open_store
from cortex_tui.store.records import SessionEnd
from cortex_tui.store.writer import Writer
from cortex_tui.tui.garbage import looked_for_seldom
from cortex_tui.tui.screens.compare import CompareScreen
from cortex_tui.tui.screens.keys_page import KeysPage
from cortex_tui.tui.screens.library import LibraryScreen
from cortex_tui.tui.screens.main import MainScreen
from tests.tui.stand_in import SIZES, Bench, StandIn
from tests.tui.stored_sessions import (
    FIRST,
    SECOND,
    THIRD,
    library,
    open_session,
    pressed,
    sessions,
    settled,
    three,
)
from tests.unit.store import samples

pytestmark = pytest.mark.usefixtures("every_frame")


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("end", [None, "died"])
async def test_a_session_that_was_cut_short_has_one_word_in_list_header_rows_and_report(
    path: Path, size: tuple[int, int], end: Literal["died"] | None
) -> None:
    async with await open_store(path) as store:
        gone = Writer(2**22 - 3, "another boot:1")
        await store.begin_session(samples.session(FIRST, writer=gone))
        await store.write(samples.batch(FIRST, state="running"))
        if end:
            await store.finish_session(FIRST, end)
    async with library(path, size) as b:
        word = end or "interrupted"
        assert f" {word} " in b.line_with("▸")
        await pressed(b, "enter")
        await b.until(lambda: b.lines[0].startswith(f" stored {FIRST}: esc returns  {word} "))
        row = b.line_with("simple-text")
        assert "stop" not in b.text
        assert ("interrupted" if size[0] > 80 else "intr") in row
    async with await open_store(path, "read") as store:
        report = summary(from_stored(await store.load(FIRST)).view())
    assert "interrupted: its process ended" in report
    assert "stopped" not in report


async def test_a_session_that_runs_has_no_mark_of_targets_that_may_yet_change(path: Path) -> None:
    async with await open_store(path) as store:
        await store.begin_session(samples.session(FIRST))
        batch = samples.batch(FIRST, state="running")
        missed = (TargetResult(samples.CLOSED.targets[0], 19_000.0, "missed"),)
        runs = tuple(msgspec.structs.replace(run, targets=missed) for run in batch.runs)
        await store.write(msgspec.structs.replace(batch, runs=runs))
        async with library(path) as b:
            assert "  running " in b.line_with("▸")
            assert "✗" not in b.line_with("▸")
            await store.finish_session(FIRST, "finished")
            await b.until(lambda: "✗ finished" in b.line_with("▸"))


@pytest.mark.parametrize("end", ["finished", "stopped", "died"])
@pytest.mark.parametrize("of_failed", ["met", "undecided"])
async def test_failed_runs_are_counted_before_all_else_in_the_row_and_its_facts(
    path: Path, end: SessionEnd, of_failed: TargetVerdict
) -> None:
    async with await open_store(path) as store:
        await store.begin_session(samples.session(FIRST))
        batch = samples.batch(FIRST, state="finished")
        targets = (TargetResult(samples.CLOSED.targets[0], 1.0, of_failed),)
        failed = msgspec.structs.replace(batch.runs[0], state="failed", targets=targets)
        await store.write(msgspec.structs.replace(batch, runs=(failed, batch.runs[1])))
        await store.finish_session(FIRST, end)
    async with library(path) as b:
        await b.until(lambda: " ✗ 1 failed " in b.line_with("▸"))
        assert f"✗ 1 run failed, {end}" in b.text
        assert "met" not in b.text


def drawings(b: Bench) -> list[weakref.ref[object]]:
    """What the widgets of the screen have drawn."""
    return [weakref.ref(each._styles_cache) for each in b.app.screen.walk_children(Widget)]


def all_gone(drawn: list[weakref.ref[object]]) -> bool:
    """Whether nothing keeps them; garbage may be left for a later look."""
    gc.collect()
    return not any(ref() for ref in drawn)


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
            await b.until(lambda: all_gone(drawn))


async def test_of_a_comparison_that_was_left_nothing_is_kept_in_memory(path: Path) -> None:
    await three(path)
    with looked_for_seldom():
        async with library(path) as b:
            await pressed(b, "home", "space", "down", "space", "c")
            await b.until(lambda: isinstance(b.app.screen, CompareScreen) and not b.app.screen.busy)
            drawn = drawings(b)
            await b.press("escape")
            await b.until(lambda: isinstance(b.app.screen, LibraryScreen))
            await b.until(lambda: all_gone(drawn))


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
        await open_session(b)
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
        opened = await open_session(b)
        await b.press("r", "p", "x", "n", "plus")
        assert b.app.screen is opened
        assert b.notifications == [
            "Not started: this session is stored, it is not running: leave it with escape; r in "
            "the library runs it again"
        ]
        assert (control.started, control.asked, control.stopped) == ([], [], [])


@pytest.mark.parametrize("key", ["r", "o", "R", "c", "m"])
async def test_no_key_of_a_stored_session_asks_for_what_it_then_refuses(
    path: Path, key: str
) -> None:
    await three(path)
    async with library(path) as b:
        opened = await open_session(b)
        await b.press("asterisk", "down", "asterisk", key)
        assert b.app.screen is opened
        (refused,) = b.notifications
        done = "edited" if key == "m" else "started"
        assert refused.startswith(f"Not {done}: this session is stored, it is not running")
        offered = {command.title for command in b.app.get_system_commands(opened)}
        assert offered.isdisjoint(
            {"Run", "One by one", "Repeat", "Alone?", "Stop", "Pause", "Edit"}
        )
        assert "Baseline" in offered


async def test_a_stored_session_is_saved_under_a_name_from_within(path: Path) -> None:
    await three(path)
    async with library(path) as b:
        await open_session(b)
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
