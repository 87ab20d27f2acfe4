"""How the statistics of a run's targets varied over its intervals: what verdicts rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.results.interval import Interval, Slots, TimeName
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured, Subject
from cortex_tui.stats.spread import Spread, spread_beyond, spread_of_ratio, spread_of_share
from cortex_tui.stats.statistics import find_statistic
from cortex_tui.stats.targets import Target
from cortex_tui.stats.verdicts import share_of

Floats = NDArray[np.float64]


def spreads_of(
    targets: Sequence[Target],
    slots: Slots,
    slot_ns: int,
    measured: Measured,
    headline: TimeName,
    times: Mapping[TimeName, Histogram],
    *,
    steered: bool,
) -> dict[str, Spread]:
    """By text of the target, for those that are judged by how they vary, where that is known.

    `slots` are the intervals of the run, of `slot_ns` each, with their numbers, in order of time.
    `steered` says whether the load changes by itself.
    """
    found: dict[str, Spread | None] = {}
    counted = _Counted(slots)
    for target in targets:
        subject = target.subject or headline
        if subject == "response" and measured.response is None:
            subject = "service"
        statistic = find_statistic(target.statistic)
        if statistic is None or not measured.times(subject).total:
            continue
        if statistic.name == "throughput":
            found[target.text] = _of_throughput(counted, slot_ns, measured, steered)
        elif statistic.name == "mean":
            found[target.text] = _of_mean(counted, subject, measured, steered)
        elif (share := share_of(target, measured, subject)) is not None:
            if statistic.quantile is None:
                failed = counted.of("failed")
                succeeded = counted.of("succeeded") + counted.of("overflow")
                ended = succeeded * measured.batch + failed
                found[target.text] = spread_of_share(failed, ended, steered=steered)
            else:
                found[target.text] = spread_beyond(
                    times[subject],
                    (interval.times(subject) for _, interval in counted),
                    partial(counted.without_time, subject),
                    round(target.limit),
                    share.allowed,
                    steered=steered,
                )
    return {text: spread for text, spread in found.items() if spread is not None}


class _Counts(NamedTuple):
    """Of one interval."""

    number: int
    succeeded: int
    overflow: int
    failed: int
    unstarted: int


class _Counted:
    """Slots, of which it is noted what they count when they are gone over: to read them from their
    file once more takes as long as to look at their values."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._noted: Floats | None = None

    def __iter__(self) -> Iterator[tuple[int, Interval]]:
        if self._noted is not None:
            yield from self._slots
            return
        counts: list[_Counts] = []
        for number, interval in self._slots:
            counts.append(_counts(number, interval))
            yield number, interval
        self._noted = np.array(counts, np.float64).reshape(-1, len(_Counts._fields))

    def of(self, name: str) -> Floats:
        """That field of `_Counts`, one of each interval."""
        if self._noted is None:
            for _ in self:
                pass
        assert self._noted is not None  # now they were gone over
        column: Floats = self._noted[:, _Counts._fields.index(name)]
        return column

    def without_time(self, subject: Subject) -> Floats:
        """How many operations of each interval have no time, and so are beyond any limit."""
        failed = self.of("failed")
        return np.zeros(failed.size) if subject == "failure" else failed + self.of("unstarted")


def _counts(number: int, interval: Interval) -> _Counts:
    return _Counts(
        number=number,
        succeeded=interval.service.total,
        overflow=interval.service.overflow,
        failed=sum(interval.errors.values()),
        unstarted=interval.unstarted,
    )


def _of_throughput(
    counted: _Counted, slot_ns: int, measured: Measured, steered: bool
) -> Spread | None:
    """Of the whole intervals within the window."""
    counts = np.zeros(measured.measured_ns // slot_ns)
    numbers = counted.of("number").astype(np.int64)
    within = numbers < counts.size
    counts[numbers[within]] = counted.of("succeeded")[within] * measured.batch
    return spread_of_ratio(counts, np.full(counts.size, slot_ns / 1e9), steered=steered)


def _of_mean(slots: Slots, subject: Subject, measured: Measured, steered: bool) -> Spread | None:
    moments = [interval.times(subject).moments for _, interval in slots]
    each = measured.batch if subject != "failure" else 1
    sums = np.array([found.mean_ns * found.count / each for found in moments])
    counts = np.array([found.count for found in moments], np.float64)
    return spread_of_ratio(sums, counts, steered=steered)
