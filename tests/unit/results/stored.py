"""What a store has of a series of intervals."""

from __future__ import annotations

from cortex_tui.results.interval import Interval
from cortex_tui.results.intervals import IntervalSeries
from tests.unit.results.folds import facts


class Stored:
    """A series, and what a store has of it."""

    def __init__(self, series: IntervalSeries) -> None:
        self.series = series
        self.rows: dict[int, tuple[int, Interval]] = {}
        """By the first of its intervals, how long a slot is, and what is in it."""

    def write(self, *, whole: bool = False) -> int:
        """How many slots were written."""
        at_most = self.series.unwritten(whole=whole)
        anew, changes = self.series.take_changes(whole=whole)
        if anew:
            self.rows.clear()
        for slot, interval in changes:
            first = slot * changes.length
            for within in range(first, first + changes.length):
                self.rows.pop(within, None)
            self.rows[first] = changes.length, interval
        assert len(changes) <= at_most
        return len(changes)

    @property
    def merged(self) -> dict[int, list[object]]:
        """What whoever reads it makes of it, by number of the slot."""
        found: dict[int, Interval] = {}
        for first, (_, interval) in sorted(self.rows.items()):
            slot = first // self.series.length
            if slot in found:
                found[slot].add(interval.copy())
            else:
                found[slot] = interval.copy()
        return {slot: facts(each) for slot, each in found.items()}
