"""How the statistics of a run's targets varied over its intervals: what verdicts rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from cortex_tui.results.interval import Slots, TimeName
from cortex_tui.results.look import Asked, Look
from cortex_tui.stats.buckets import Ints
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured, Subject
from cortex_tui.stats.spread import (
    Spread,
    limits_beyond,
    spread_beyond,
    spread_of_ratio,
    spread_of_share,
)
from cortex_tui.stats.statistics import Statistic, find_statistic
from cortex_tui.stats.targets import Target
from cortex_tui.stats.verdicts import Share, share_of


class _Judged(NamedTuple):
    """A target that is judged by how its statistic varies."""

    target: Target
    statistic: Statistic
    subject: Subject
    share: Share | None
    """None where it is about something else."""


def asked_by_spreads(
    targets: Sequence[Target],
    measured: Measured,
    headline: TimeName,
    times: Mapping[TimeName, Histogram],
) -> Asked:
    """What `spreads_of` asks a look for."""
    asked: dict[TimeName, list[Ints]] = {}
    for target, statistic, subject, share in _judged(targets, measured, headline):
        if share is not None and statistic.quantile is not None:
            limits = limits_beyond(times[subject], round(target.limit), share.allowed)
            asked.setdefault(subject, []).append(limits)
    return asked


def spreads_of(
    targets: Sequence[Target],
    look: Look,
    slots: Slots,
    slot_ns: int,
    measured: Measured,
    headline: TimeName,
    times: Mapping[TimeName, Histogram],
    *,
    steered: bool,
) -> dict[str, Spread]:
    """By text of the target, for those that are judged by how they vary, where that is known.

    `slots` are the intervals of the run, of `slot_ns` each, with their numbers, in order of time,
    and `look` is one over them, when all was as it is now. `steered` says whether the load changes
    by itself.
    """
    found: dict[str, Spread | None] = {}
    for target, statistic, subject, share in _judged(targets, measured, headline):
        if statistic.name == "throughput":
            found[target.text] = _of_throughput(look, slot_ns, measured, steered)
        elif statistic.name == "mean":
            found[target.text] = _of_mean(slots, subject, measured, steered)
        elif share is not None and statistic.quantile is None:
            failed = look.of("failed")
            timed = look.of("succeeded") + look.of("overflow")
            # Those that failed within batches are in their times already.
            ended = timed * measured.batch + failed - look.of("failed_in_batches")
            found[target.text] = spread_of_share(failed, ended, steered=steered)
        elif share is not None:
            found[target.text] = spread_beyond(
                times[subject],
                look.times(subject),
                partial(look.without_time, subject),
                round(target.limit),
                share.allowed,
                steered=steered,
            )
    return {text: spread for text, spread in found.items() if spread is not None}


def _judged(targets: Sequence[Target], measured: Measured, headline: TimeName) -> Iterator[_Judged]:
    for target in targets:
        subject = target.subject or headline
        if subject == "response" and measured.response is None:
            subject = "service"
        statistic = find_statistic(target.statistic)
        if statistic is not None and measured.times(subject).total:
            yield _Judged(target, statistic, subject, share_of(target, measured, subject))


def _of_throughput(look: Look, slot_ns: int, measured: Measured, steered: bool) -> Spread | None:
    """Of the whole intervals within the window."""
    counts = np.zeros(measured.measured_ns // slot_ns)
    numbers = look.of("number").astype(np.int64)
    within = numbers < counts.size
    succeeded = look.of("succeeded") * measured.batch - look.of("failed_in_batches")
    counts[numbers[within]] = (succeeded - look.of("drained"))[within]
    return spread_of_ratio(counts, np.full(counts.size, slot_ns / 1e9), steered=steered)


def _of_mean(slots: Slots, subject: Subject, measured: Measured, steered: bool) -> Spread | None:
    moments = [interval.times(subject).moments for _, interval in slots]
    each = measured.batch if subject != "failure" else 1
    sums = np.array([found.mean_ns * found.count / each for found in moments])
    counts = np.array([found.count for found in moments], np.float64)
    return spread_of_ratio(sums, counts, steered=steered)
