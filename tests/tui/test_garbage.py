"""Garbage is looked for between frames in a process that only shows what others measure."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from cortex_tui.tui.garbage import look_between_frames, looked_for_seldom


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
