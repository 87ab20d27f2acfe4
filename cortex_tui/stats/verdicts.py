"""Judges targets by what was measured: met and missed are what that shows, the rest is undecided.

A target on a percentile is one on a share: p95 < 50ms says that less than 5 % of the operations
take 50 ms or longer. Operations that failed, never ended or were never started count as too long.
Means and throughput are judged by how they vary over blocks of the run. Counts, extremes, the
growth over a matrix and whatever must be equal are compared as they stand.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from cortex_tui.quantities import format_duration
from cortex_tui.stats.judging import (
    ERROR,
    LEAST_DEFF,
    Side,
    deff_at_most,
    least_to_be_below,
    longer_for_mean,
    longer_for_share,
    side_of_mean,
    side_of_share,
)
from cortex_tui.stats.measured import Measured, Subject
from cortex_tui.stats.percentiles import samples_needed
from cortex_tui.stats.scaling import Cell, exponent
from cortex_tui.stats.statistics import Reading, Statistic, find_statistic, instead
from cortex_tui.stats.targets import SCALING, Target, TargetResult, TargetVerdict, Verdict

UNSEEN_BLOCKS = 10
TOO_CLOSE = "too close to the limit to be decided"

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


class Varied(Protocol):
    """How the statistic of a target varied over blocks of the run (`stats.spread.Spread`)."""

    @property
    def error(self) -> float: ...
    @property
    def blocks(self) -> int: ...
    @property
    def deff(self) -> float: ...


class Share(NamedTuple):
    """How many operations, of how many, are over what a target allows."""

    over: int
    operations: int
    allowed: float


def is_estimated(target: Target) -> bool:
    """Whether more operations tell more about it; what is compared as it stands is never undecided
    for want of them."""
    statistic = find_statistic(target.statistic)
    if statistic is None or target.operator == "==":
        return False
    if statistic.name == "error_rate":
        # None and all are exact: no number of operations shows that one in a million never fails.
        return 0 < target.limit < 1
    return statistic.quantile is not None or statistic.name in ("mean", "throughput")


def share_of(target: Target, measured: Measured, subject: Subject) -> Share | None:
    """The share that the target is about; None where it is about something else."""
    statistic = find_statistic(target.statistic)
    if statistic is None or not is_estimated(target):
        return None
    if statistic.name == "error_rate":
        return Share(measured.errors, measured.ended, target.limit)
    if statistic.quantile is None:
        return None
    times, limit_ns = measured.times(subject), round(target.limit)
    missing = 0 if subject == "failure" else measured.without_time
    # Of the bucket in which the limit lies it is not known what is over it: the doubt is against
    # the target, as are operations that have no time.
    if _wants_below(target):
        over = times.count_at_least(limit_ns + (target.operator == "<=")) + missing
    else:
        over = times.count_above(limit_ns - (target.operator == ">="))
    count = times.total + times.overflow + missing
    return Share(over, count, round(1 - statistic.quantile, 9))


def evaluate(
    target: Target,
    measured: Measured,
    headline: Literal["service", "response"],
    *,
    live: bool = False,
    any_look: bool = False,
    varied: Callable[[], Varied | None] = lambda: None,
    cells: Sequence[Cell] = (),
) -> TargetResult:
    """Judges a target by what was measured; `cells` are those of the run's matrix, its own one
    among them, and `varied` finds how the target's statistic varied, where that is known; it is
    called where the verdict depends on it.

    What is not decided is undecided, and pending while the run is `live`. With `any_look`, as in
    any live run, it is met or missed only if that would hold although somebody looked again and
    again and stopped at the first answer. A target that no number of operations could decide is
    missed. One on times that is met only because operations failed within batches is undecided.
    """
    found = _evaluated(target, measured, headline, live, any_look or live, varied, cells)
    limit = target.limit * (1 - measured.failed_share)
    if found.verdict != "met" or limit == target.limit or not _may_be_too_low(target):
        return found
    stricter = msgspec.structs.replace(target, limit=limit)
    again = _evaluated(stricter, measured, headline, live, any_look or live, varied, cells)
    if again.verdict == "met":
        return found
    standing: TargetVerdict = "pending" if live else "undecided"
    note = found.note or measured.failed_words
    return msgspec.structs.replace(found, verdict=standing, note=note)


def _may_be_too_low(target: Target) -> bool:
    """Whether it wants a time of operations below its limit."""
    statistic = find_statistic(target.statistic)
    timed = statistic is not None and statistic.of_times is not None
    return timed and target.subject != "failure" and _wants_below(target)


def _evaluated(
    target: Target,
    measured: Measured,
    headline: Literal["service", "response"],
    live: bool,
    any_look: bool,
    varied: Callable[[], Varied | None],
    cells: Sequence[Cell],
) -> TargetResult:
    """What was measured, taken as it is."""
    if target.statistic == SCALING:
        value, note = exponent(cells, target.parameter)
        reading, live = Reading(value, note), any(cell.live for cell in cells)
    else:
        statistic = find_statistic(target.statistic)
        assert statistic is not None, target.statistic
        subject = target.subject or headline
        reading = statistic.read(measured, subject)
        if reading.value is not None or (measured.times(subject).total and not reading.impossible):
            found = _judged(target, statistic, reading, measured, subject, varied, any_look)
            if found is not None:
                return _result(target, reading, found, measured, live=live)
    standing: TargetVerdict
    if reading.value is None:
        standing, none = "pending" if live else "undecided", _none_succeeded(target, measured)
        if not live and (reading.impossible or none):
            standing = "missed"
            reading = reading if reading.impossible else reading._replace(note=none)
    else:
        standing = "met" if _OPERATORS[target.operator](reading.value, target.limit) else "missed"
    return TargetResult(target.text, reading.value, standing, reading.note, target.warn)


def _none_succeeded(target: Target, measured: Measured) -> str:
    """That operations were started and none of them succeeded: more of those would decide nothing.
    "" where some did, and for targets on those that failed."""
    if measured.operations or target.subject == "failure":
        return ""
    failed = f"{measured.errors:,} failed" if measured.errors else ""
    stuck = f"{measured.unfinished:,} never ended" if measured.unfinished else ""
    found = ", ".join(filter(None, (failed, stuck)))
    return f"no operation succeeded: {found}" if found else ""


class _Judged(NamedTuple):
    side: Side | None
    longer: Callable[[], float | None]
    """How many times as long a run would decide it."""
    seen: Share | None = None


def _judged(
    target: Target,
    statistic: Statistic,
    reading: Reading,
    measured: Measured,
    subject: Subject,
    varied: Callable[[], Varied | None],
    any_look: bool,
) -> _Judged | None:
    """None for what is compared as it stands."""
    share = share_of(target, measured, subject)
    if share is not None:
        over, count, allowed = share
        deff = 1.0
        if not _is_plain(target, share):
            deff, known = LEAST_DEFF, varied()
            if known is not None:
                deff = max(deff, deff_at_most(known.deff, known.blocks))
        return _Judged(
            side_of_share(over, count, allowed, deff=deff, any_look=any_look),
            lambda: longer_for_share(over, count, allowed, deff=deff, any_look=any_look),
            share,
        )
    if reading.value is None or not is_estimated(target):
        return None
    value, (error, blocks) = reading.value, _error(statistic, measured, subject, varied())
    if not error:
        return None  # it never varied, and may lie on the limit itself
    return _Judged(
        side_of_mean(value, target.limit, error, blocks, any_look=any_look),
        lambda: longer_for_mean(value, target.limit, error, blocks, any_look=any_look),
    )


def _is_plain(target: Target, share: Share) -> bool:
    """Whether the verdict is plain whatever depends on what: nothing is against the target; or all
    is, of which a true share of ERROR and less leaves no greater chance, since then the very first
    operation is against it."""
    over, count, allowed = share
    against, accepted = (over, allowed) if _wants_below(target) else (count - over, 1 - allowed)
    return not against or (against == count and round(accepted, 9) <= ERROR)


def _wants_below(target: Target) -> bool:
    return target.operator in ("<", "<=")


def _error(
    statistic: Statistic, measured: Measured, subject: Subject, varied: Varied | None
) -> tuple[float, int]:
    """The standard error of a mean or of the throughput, and from how many blocks it is known.

    Of a run that is too short for blocks, that of independent operations with a usual dependence,
    and that of arrivals at random.
    """
    if varied is not None:
        return varied.error, varied.blocks
    if statistic.name == "throughput":
        return math.sqrt(measured.in_window + 1) * 1e9 / measured.measured_ns, UNSEEN_BLOCKS
    times = measured.times(subject)
    if times.stddev_ns is None:
        return math.inf, UNSEEN_BLOCKS
    each = measured.batch if subject != "failure" else 1
    error = times.stddev_ns * math.sqrt(LEAST_DEFF / times.total) / each
    return error, min(times.total, UNSEEN_BLOCKS)


def _result(
    target: Target, reading: Reading, found: _Judged, measured: Measured, *, live: bool
) -> TargetResult:
    wanted: Side = "below" if _wants_below(target) else "above"
    if found.side is not None:
        note = reading.note
        if reading.value is None and found.seen is not None:
            note = f"{found.seen.over:,} of {found.seen.operations:,} operations are over it"
        standing: TargetVerdict = "met" if found.side == wanted else "missed"
        if standing == "missed" and found.seen is not None and _looks_met(target, reading):
            note = (
                f"of those that succeeded: {found.seen.over:,} of {found.seen.operations:,} "
                "failed, never ended, never started or are over it"
            )
        return TargetResult(target.text, reading.value, standing, note, target.warn)
    factor = found.longer()
    more_ns, note = None, TOO_CLOSE
    if factor is not None:
        more_ns = math.ceil(measured.measured_ns * (factor - 1))
        note = f"needs about {format_duration(more_ns)} more"
        if found.seen is not None:
            operations = math.ceil(found.seen.operations * (factor - 1))
            note = f"needs about {operations:,} more operation{'' if operations == 1 else 's'}"
        note += instead(measured.measured_ns, 1, factor - 1, live=live)
    standing = "pending" if live else "undecided"
    return TargetResult(target.text, reading.value, standing, note, target.warn, more_ns)


def _looks_met(target: Target, reading: Reading) -> bool:
    return reading.value is not None and _OPERATORS[target.operator](reading.value, target.limit)


def least_operations(target: Target) -> int:
    """With how many operations the target can be met at all; 1 where failures are counted."""
    statistic = find_statistic(target.statistic)
    if statistic is None or target.subject == "failure":
        return 1
    if statistic.name == "error_rate" and _wants_below(target) and 0 < target.limit < 1:
        return least_to_be_below(target.limit)
    if statistic.quantile is None or target.operator == "==":
        quantile = statistic.quantile or (0.75 if statistic.name == "iqr" else None)
        return 1 if quantile is None else samples_needed(quantile)
    return least_to_be_below(1 - statistic.quantile if _wants_below(target) else statistic.quantile)


_WORST_FIRST: tuple[TargetVerdict, ...] = ("missed", "pending", "undecided", "met")


def verdict(results: Iterable[TargetResult], *, live: bool = False) -> Verdict:
    """What all targets of a run come to: the worst of them; while it is `live`, met is pending.
    Those that only warn are left out."""
    found = {result.verdict for result in results if not result.warn}
    for worst in _WORST_FIRST:
        if worst in found:
            return "pending" if live and worst != "missed" else worst
    return "none"
