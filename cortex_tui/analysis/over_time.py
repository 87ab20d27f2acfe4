"""When in its rounds a side measured which latencies: what maps of a difference are drawn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from cortex_tui.analysis.stored_arms import is_round, undisturbed
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import EncodedHistogram, IntervalRecord, StoredSession


class OverTime(NamedTuple):
    """All rounds of a profile, laid over one another."""

    slice_ns: int
    """The length of a slice; the first begins where measure does."""
    times: Mapping[int, IntervalHistogram]
    """Of the headline's subject, by the number of the slice."""

    @property
    def last_ns(self) -> int:
        """The end of the last slice."""
        return (max(self.times, default=-1) + 1) * self.slice_ns

    def columns(self, length_ns: int, number: int) -> list[IntervalHistogram]:
        """The first `number` columns of `length_ns`, which is a multiple of a slice."""
        parts: defaultdict[int, list[IntervalHistogram]] = defaultdict(list)
        for at, times in self.times.items():
            parts[at * self.slice_ns // length_ns].append(times)
        return [IntervalHistogram.together(parts[column]) for column in range(number)]


def over_time(stored: StoredSession, variant: str, profile: str, *, clean: bool) -> OverTime:
    """Of the runs of one variant; `clean` leaves out what `stored_arms` leaves out.

    HistogramFormatError for a damaged histogram. Takes some 0.1 ms for each interval.
    """
    runs = {
        run.run: run.profile.headline
        for run in stored.runs
        if is_round(run, variant) and run.profile.full_name == profile
    }
    by_run: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        if interval.run in runs:
            by_run[interval.run].append(interval)
    unit_ns = max(1, stored.session.interval_ns)
    longest = max((each.length for own in by_run.values() for each in own), default=1)
    parts: defaultdict[int, list[IntervalHistogram]] = defaultdict(list)
    for run, own in by_run.items():
        for each in undisturbed(own) if clean else own:
            found: EncodedHistogram | None = getattr(each, runs[run])
            if found is not None:
                decoded = IntervalHistogram.decode(found.blob, found.moments)
                parts[each.first // longest].append(decoded)
    merged = {at: IntervalHistogram.together(each) for at, each in parts.items()}
    return OverTime(unit_ns * longest, merged)
