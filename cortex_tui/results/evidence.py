"""How the statistics of a run's targets varied over its intervals: what verdicts rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cortex_tui.results.interval import Interval, TimeName
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured, Subject
from cortex_tui.stats.spread import Spread, spread_beyond, spread_of_ratio, spread_of_share
from cortex_tui.stats.statistics import find_statistic
from cortex_tui.stats.targets import Target
from cortex_tui.stats.verdicts import share_of

Slots = Sequence[tuple[int, Interval]]
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
    for target in targets:
        subject = target.subject or headline
        if subject == "response" and measured.response is None:
            subject = "service"
        statistic = find_statistic(target.statistic)
        if statistic is None or not measured.times(subject).total:
            continue
        if statistic.name == "throughput":
            found[target.text] = _of_throughput(slots, slot_ns, measured, steered)
        elif statistic.name == "mean":
            found[target.text] = _of_mean(slots, subject, measured, steered)
        elif (share := share_of(target, measured, subject)) is not None:
            failed = np.array([_failed(interval) for _, interval in slots], np.float64)
            if statistic.quantile is None:
                succeeded = [each.service.total + each.service.overflow for _, each in slots]
                ended = np.array(succeeded, np.float64) * measured.batch + failed
                found[target.text] = spread_of_share(failed, ended, steered=steered)
            else:
                unstarted = np.array([interval.unstarted for _, interval in slots], np.float64)
                missing = failed + unstarted if subject != "failure" else np.zeros(len(slots))
                histograms = [interval.times(subject) for _, interval in slots]
                found[target.text] = spread_beyond(
                    times[subject],
                    histograms,
                    missing,
                    round(target.limit),
                    share.allowed,
                    steered=steered,
                )
    return {text: spread for text, spread in found.items() if spread is not None}


def _failed(interval: Interval) -> int:
    return sum(interval.errors.values())


def _of_throughput(slots: Slots, slot_ns: int, measured: Measured, steered: bool) -> Spread | None:
    """Of the whole intervals within the window."""
    counts = np.zeros(measured.measured_ns // slot_ns)
    for number, interval in slots:
        if number < counts.size:
            counts[number] = interval.service.total * measured.batch
    return spread_of_ratio(counts, np.full(counts.size, slot_ns / 1e9), steered=steered)


def _of_mean(slots: Slots, subject: Subject, measured: Measured, steered: bool) -> Spread | None:
    moments = [interval.times(subject).moments for _, interval in slots]
    each = measured.batch if subject != "failure" else 1
    sums = np.array([found.mean_ns * found.count / each for found in moments])
    counts = np.array([found.count for found in moments], np.float64)
    return spread_of_ratio(sums, counts, steered=steered)
