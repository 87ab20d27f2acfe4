"""Garbage is looked for between frames in a process that only shows what others measure."""

from __future__ import annotations

import ast
import gc
import weakref
from collections.abc import Iterator
from itertools import pairwise
from statistics import median_low

import pytest

from cortex_tui.tui import notices_at_top
from cortex_tui.tui.garbage import (
    look_between_frames,
    look_through_all,
    looked_for_seldom,
)
from cortex_tui.tui.widgets.filter_line import FilterLine
from tests.import_graph import modules, syntax_of
from tests.tui.samples import finished, running
from tests.tui.stand_in import Bench, bench

pytestmark = pytest.mark.usefixtures("every_frame")

TIMES = 4


@pytest.fixture
def full() -> Iterator[list[str]]:
    """An entry for each time that everything is looked through."""
    seen: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            seen.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def frame() -> None:
    """Leaves objects that only a look for garbage frees."""
    for _ in range(1_000):
        cycle: list[object] = []
        cycle.append(cycle)


def test_all_is_looked_through_again_and_again_and_only_between_frames(full: list[str]) -> None:
    with looked_for_seldom():
        for _ in range(200):
            before = len(full)
            frame()
            assert len(full) == before
            look_between_frames()
    assert full


def test_what_has_stayed_is_not_looked_through_again_until_the_session_ends() -> None:
    class Kept:
        """Something that a weak reference can be made of."""

        itself: Kept | None = None

    gc.collect()
    with looked_for_seldom():
        kept = Kept()
        kept.itself = kept
        gone = weakref.ref(kept)
        frozen = gc.get_freeze_count()
        while gc.get_freeze_count() == frozen:
            frame()
            look_between_frames()
        del kept
        look_through_all()
        assert gone() is None


def test_each_look_between_frames_is_through_little() -> None:
    most = 0
    with looked_for_seldom():
        for _ in range(200):
            frame()
            most = max(most, gc.get_count()[0])
            look_between_frames()
    assert most < 5_000


def test_a_process_that_measures_is_left_alone(full: list[str]) -> None:
    thresholds = gc.get_threshold()
    gc.disable()
    try:
        for _ in range(200):
            frame()
            look_between_frames()
    finally:
        gc.enable()
    assert not full
    with looked_for_seldom():
        assert gc.get_threshold() != thresholds
    assert gc.get_threshold() == thresholds


async def show_all_tabs(workbench: Bench) -> None:
    for tab in "1234567":
        await workbench.press(tab)
        for view in (running(), finished()):
            await workbench.show(view)


async def test_what_was_drawn_before_needs_no_look_for_garbage() -> None:
    async with bench(size=(120, 40)) as b:
        await show_all_tabs(b)
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await show_all_tabs(b)
            gc.collect()
            found = {type(each).__name__ for each in gc.garbage}
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
    assert not found & {"Strip", "Segment"}


async def test_a_filter_that_was_closed_is_not_kept_by_its_screen() -> None:
    async with bench(size=(120, 40)) as b:
        opened = []
        for confirmed in ("enter", "escape", "enter"):
            await b.press("slash", "a")
            opened.append(weakref.ref(b.app.query(FilterLine).first()))
            await b.press(confirmed)
        gc.collect()
        assert [each() for each in opened[:2]] == [None, None]


async def test_what_is_opened_again_and_again_leaves_no_objects_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices_at_top, "READ_S", 0.0)
    async with bench(size=(120, 40), notices=True) as b:
        kept = []
        for again in (10, *[TIMES] * 6):
            for _ in range(again):
                b.app.notify("Saved as second.", markup=False)
                await b.until(lambda: "Saved as second." in b.text)
                await b.press("slash", "escape", "2", "1")
            gc.collect()
            kept.append(sum(type(each) is list for each in gc.get_objects()))
        # Not the first ten: caches that have a bound are filled by then. A frame may be kept that
        # was drawn last, or not: such steps go up as often as down. What stays behind each time
        # is in every step.
        assert median_low(after - before for before, after in pairwise(kept)) < TIMES


def test_threads_are_only_begun_where_they_keep_no_note_of_what_they_did() -> None:
    begun = [
        name
        for name, file in modules().items()
        if "thread=" in file.read_text(encoding="utf-8")
        for call in ast.walk(syntax_of(file))
        if isinstance(call, ast.Call) and any(each.arg == "thread" for each in call.keywords)
    ]
    assert begun == ["cortex_tui.tui.background"]
