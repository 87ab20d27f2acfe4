"""A run over time in columns of equal length, each of one or several whole intervals, merged
exactly: what pictures of a run are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from cortex_tui.protocol.joining import merged_health
from cortex_tui.protocol.messages import Health
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.results.slices import IntervalSlice
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.measured import Subject


@dataclass(frozen=True, slots=True, eq=False)
class TimeColumn:
    """What happened in a part of a run. Two are equal only if they are the same one."""

    window: TimeWindow
    times: IntervalHistogram
    """Of the headline's subject."""
    p50_ns: int | None
    """None where nothing ended, as for `p99_ns` and `max_ns`."""
    p99_ns: int | None
    max_ns: int | None
    operations: int
    throughput_per_s: float | None
    """Operations of the window, without drained ones, over the part of the column before its end;
    None where there is no such part."""
    errors: int
    unstarted: int
    level: float | None
    """The rate a second, or the number of workers, at its end."""
    health: Health


class Made(NamedTuple):
    """What a column was made of."""

    measured_ns: int
    """How much of it had been measured."""
    of: object
    """The key of its slices."""


class TimeColumns:
    """The columns of one run at a time, kept while their slices are the very same ones, so
    that of a run that is measured only the newest column is made again."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Made, TimeColumn]] = {}
        """By its number: what it was made of, and the column."""
        self._made_for: tuple[Subject, int, int] | None = None
        self._whole_of: tuple[RunSeries, int] | None = None
        """The intervals, and the length of a column, of which all columns are there."""

    def of(self, series: RunSeries, length_ns: int) -> tuple[TimeColumn | None, ...]:
        """The columns from the beginning of measure to the last slice; None where there is no
        slice. `length_ns` is that of a column, a multiple of the slices'."""
        self.make(series, length_ns)
        kept = self._kept
        numbers = range(max(kept, default=-1) + 1)
        return tuple(kept[number][1] if number in kept else None for number in numbers)

    def make(self, series: RunSeries, length_ns: int, most: int | None = None) -> bool:
        """Makes columns that are not there yet, of `most` slices or a few more, where a number is
        given: a slice takes 10 us and more. Whether all are there now."""
        if self._whole_of == (series, length_ns):
            return True
        made_for = series.headline, series.batch, length_ns
        if made_for != self._made_for:
            self._kept, self._made_for = {}, made_for
        kept: dict[int, tuple[Made, TimeColumn]] = {}
        taken, whole = 0, True
        for number, first, last, key in series.groups(length_ns):
            made = Made(min(length_ns, series.end_ns - number * length_ns), key)
            known = self._kept.get(number)
            if known is None or known[0] != made:
                known = None
                if whole := whole and (most is None or taken < most):
                    known = (
                        made,
                        _column(series, number, length_ns, tuple(series.slices[first:last])),
                    )
                    taken += last - first
            if known is not None:
                kept[number] = known
        self._kept = kept
        self._whole_of = (series, length_ns) if whole else None
        return whole


def _column(
    series: RunSeries, number: int, length_ns: int, slices: tuple[IntervalSlice, ...]
) -> TimeColumn:
    window = TimeWindow(number * length_ns, (number + 1) * length_ns)
    times = IntervalHistogram.together([each.times(series.headline) for each in slices])
    in_window = sum(each.in_window(series.batch, series.end_ns) for each in slices)
    open_ns = min(window.until_ns, series.end_ns) - window.from_ns
    return TimeColumn(
        window=window,
        times=times,
        p50_ns=times.percentile(0.5),
        p99_ns=times.percentile(0.99),
        max_ns=times.moments.max_ns,
        operations=sum(each.succeeded(series.batch) for each in slices),
        throughput_per_s=in_window * 1e9 / open_ns if open_ns > 0 else None,
        errors=sum(sum(each.errors.values()) for each in slices),
        unstarted=sum(each.unstarted for each in slices),
        level=next((each.level for each in reversed(slices) if each.level is not None), None),
        health=reduce(merged_health, (each.health for each in slices)),
    )
