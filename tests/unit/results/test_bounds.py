"""What is known of a run takes no more memory however many intervals it has had."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cortex_tui.protocol.messages import Health
from cortex_tui.results.blocked import BlockedSlot, BlockedSlots
from cortex_tui.results.interval import Interval
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.warnings import warnings_of
from tests.unit.results.folds import measuring
from tests.unit.session.messages import SECOND_NS, samples

LIMIT = 150
FEW, MANY = LIMIT << 3, LIMIT << 7
"""1,200 and 19,200, after each of which all intervals are there."""
NOISE = 4_096
"""Bytes by which two series of one length may differ: that of integers, for one."""


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()


def test_blocks_in_all_intervals_take_the_same_after_any_time(
    tmp_path: Path, traced: Callable[[], int]
) -> None:
    series = IntervalSeries(LIMIT, IntervalFile(tmp_path))
    sizes = []
    for index in range(MANY):
        if index == FEW:
            sizes.append(traced())
        cause = f"at prices.py:{index} in lookup"
        health = Health(30_000_000 + index, wall_ns=10**8, foreign_ns=10**7, block_cause=cause)
        series.add(index, Interval(errors={}, health=health))
    sizes.append(traced())
    assert series.blocks(SECOND_NS).intervals == len(series) == LIMIT
    assert abs(sizes[1] - sizes[0]) < NOISE + 100 * LIMIT


def test_a_blocked_interval_takes_few_bytes(traced: Callable[[], int]) -> None:
    slots = BlockedSlots()
    before = traced()
    for slot in range(1_200):
        slots.note(slot, BlockedSlot(10**9 + slot, 10**9, 10**9, 10**9, f"at a.py:{slot % 5} in f"))
    assert traced() - before < 1_200 * 60


def test_blocked_intervals_are_those_that_were_noted() -> None:
    expected = {
        3: BlockedSlot(30, 1, 2, 3, "a"),
        4: BlockedSlot(40, 4, 5, 6, "b"),
        5: BlockedSlot(50, 7, 8, 9, "a"),
    }
    slots = BlockedSlots()
    for slot, each in reversed(expected.items()):
        slots.note(slot, BlockedSlot(1, 1, 1, 1, f"earlier {slot}"))
        slots.note(slot, each)
    assert dict(slots) == expected
    assert (len(slots), 2 in slots, 3 in slots, 6 in slots) == (3, False, True, False)
    with pytest.raises(KeyError):
        slots[2]
    assert dict(slots.in_pairs()) == {1: expected[3], 2: BlockedSlot(50, 11, 13, 15, "a")}


def test_the_first_changes_of_the_neighbours_are_kept() -> None:
    fold = measuring()
    for index in range(10_000):
        fold.add(samples(index, neighbours=index % 2, at_ns=1 + index))
    assert fold.neighbour_counts == [0, 1, 0, 1, 0, 1]
    (warning,) = [each for each in warnings_of(fold) if "neighbours" in each]
    assert warning.endswith("0 → 1 → 0 → 1 → 0 → 1")
