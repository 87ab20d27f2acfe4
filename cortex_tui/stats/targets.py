"""Targets: expectations such as `p95 < 50ms`, read from text and held against what was measured.

Needs neither numpy nor a clock: whatever reads profiles can check targets with it.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol, cast

import msgspec

from cortex_tui.quantities import parse_duration_ns, parse_rate_per_s
from cortex_tui.stats.percentiles import flagged, parse_percentile, samples_missing
from cortex_tui.stats.scaling import Cell, exponent

Subject = Literal["service", "response", "lateness", "failure"]
Operator = Literal["<", "<=", ">", ">=", "=="]
Verdict = Literal["none", "pending", "met", "missed"]

SUBJECTS = ("service", "response", "lateness", "failure")
DURATIONS = ("min", "mean", "median", "stddev", "iqr", "max")
COUNTS = ("errors", "unfinished", "unstarted")
OTHERS = ("throughput", "error_rate")
SCALING = "scaling"
"""The statistic of `scaling(PARAM)`, the exponent of growth over the cells of a matrix."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
_TARGET = re.compile(r"\s*(?:([a-z_]+)\s*\.\s*)?([a-z][a-z0-9_.]*)\s*(<=|>=|==|<|>)\s*(.+?)\s*")
_GROWTH = re.compile(r"\s*scaling\s*\(\s*([^\W\d]\w*)\s*\)\s*(<=|>=|==|<|>)\s*(.+?)\s*")
_NUMBER = re.compile(r"\d[\d_]*(\.\d+)?")
_EXAMPLES = 'a target such as "p95 < 50ms", "throughput >= 500/s" or "errors == 0"'


class Target(msgspec.Struct, frozen=True):
    """A target as it was read.

    `limit` is in ns, 1/s, a count, a share or, of scaling, a plain exponent, as the statistic is.
    """

    text: str
    statistic: str
    operator: Operator
    limit: float
    subject: Subject | None = None
    """None: the headline, response in an open load and service in a closed one."""
    parameter: str = ""
    """Of scaling: over which parameter of the matrix."""


class Distribution(Protocol):
    """What a target asks of a histogram; durations in ns, None where there are too few values."""

    @property
    def total(self) -> int: ...
    @property
    def overflow(self) -> int: ...
    @property
    def min_ns(self) -> int | None: ...
    @property
    def max_ns(self) -> int | None: ...
    @property
    def mean_ns(self) -> float | None: ...
    @property
    def stddev_ns(self) -> float | None: ...
    def percentiles(self, quantiles: Sequence[float]) -> list[int | None]: ...


class Measured(NamedTuple):
    """What was measured of a run. A closed load has neither `response` nor `lateness`."""

    service: Distribution
    failure: Distribution
    measured_ns: int
    response: Distribution | None = None
    lateness: Distribution | None = None
    errors: int = 0
    unfinished: int = 0
    unstarted: int = 0
    batch: int = 1
    """How many operations each value stands for: above 1, percentiles and extremes are of whole
    batches, the mean and the throughput are of operations all the same."""

    @property
    def missing(self) -> int:
        """Operations that are in no percentile of those that succeeded."""
        return self.errors + self.unfinished + self.unstarted + self.service.overflow


class Evaluation(NamedTuple):
    """How a target stands; `value` in the unit of its statistic, None without enough data."""

    value: float | None
    met: bool
    note: str = ""
    """Why there is no value, or what speaks against trusting it."""


def parse_target(text: str) -> Target:
    """Reads `[SUBJECT.]STATISTIC OPERATOR VALUE`; ValueError says what was expected."""
    if re.match(r"\s*scaling\b", text):
        return _parse_scaling(text)
    match = _TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"expected {_EXAMPLES}, got {text!r}")
    subject, statistic, sign, value = match.groups()
    if subject is not None and subject not in SUBJECTS:
        raise ValueError(
            f"expected service, response, lateness or failure before the dot, got {subject!r}"
            + _nearest(subject, SUBJECTS)
        )
    timed = parse_percentile(statistic) is not None or statistic in DURATIONS
    if not timed and statistic not in COUNTS + OTHERS:
        raise ValueError(_unknown(statistic))
    if subject is not None and not timed:
        raise ValueError(f"{statistic} is of the whole run: expected no {subject!r} before it")
    return Target(
        text=text.strip(),
        statistic=statistic,
        operator=cast(Operator, sign),
        limit=_limit(statistic, value, timed),
        subject=cast("Subject | None", subject),
    )


def _parse_scaling(text: str) -> Target:
    match = _GROWTH.fullmatch(text)
    if match is None or not _is_number(match[3]):
        raise ValueError(
            'expected an exponent over a parameter, such as "scaling(conversations) <= 1.1", '
            f"got {text!r}"
        )
    parameter, sign, value = match.groups()
    return Target(
        text=text.strip(),
        statistic=SCALING,
        operator=cast(Operator, sign),
        limit=float(value),
        parameter=parameter,
    )


def _limit(statistic: str, text: str, timed: bool) -> float:
    if timed:
        try:
            return parse_duration_ns(text)
        except ValueError as error:
            raise ValueError(f"{error} for {statistic}") from None
    if statistic == "throughput":
        return parse_rate_per_s(text)
    if statistic == "error_rate":
        number = text.removesuffix("%").rstrip()
        share = float(number) / (100 if text.endswith("%") else 1) if _is_number(number) else 2.0
        if share > 1:
            raise ValueError(f'expected a share such as "1%" or 0.01 for error_rate, got {text!r}')
        return share
    if not _is_number(text) or "." in text:
        raise ValueError(f"expected a plain count for {statistic}, got {text!r}")
    return float(text)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _unknown(statistic: str) -> str:
    if re.fullmatch(r"p[\d.]+", statistic):
        return f"expected a percentile above p0 and below p100, got {statistic!r}"
    known = (*DURATIONS, *COUNTS, *OTHERS)
    return (
        f"unknown statistic {statistic!r}{_nearest(statistic, (*known, SCALING))}: "
        f"expected a percentile such as p99, {', '.join(known)} or scaling(PARAMETER)"
    )


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def evaluate(
    target: Target,
    measured: Measured,
    headline: Literal["service", "response"],
    *,
    live: bool = False,
    cells: Sequence[Cell] = (),
) -> Evaluation:
    """Holds a target against what was measured; `cells` are those of the run's matrix, its own one
    among them.

    Of a run that has ended, a target without enough data is missed. While a run goes on (`live`)
    it stands open, which is `met` with value None, until it is missed for the first time. Scaling
    is a target of all cells, and stands open while any of them goes on.
    """
    if target.statistic == SCALING:
        value, note = exponent(cells, target.parameter)
        live = any(cell.live for cell in cells)
    else:
        value, note = _value(target, measured, headline)
    if value is None:
        return Evaluation(None, live, note)
    return Evaluation(value, _OPERATORS[target.operator](value, target.limit), note)


def verdict(evaluations: Iterable[Evaluation], *, live: bool = False) -> Verdict:
    """What all targets of a run come to."""
    found = list(evaluations)
    if not found:
        return "none"
    if not all(evaluation.met for evaluation in found):
        return "missed"
    return "pending" if live or any(each.value is None for each in found) else "met"


def _value(
    target: Target, measured: Measured, headline: Literal["service", "response"]
) -> tuple[float | None, str]:
    done = (measured.service.total + measured.service.overflow) * measured.batch
    ended = done + measured.errors
    statistic = target.statistic
    if statistic == "throughput" and not measured.measured_ns:
        return None, "nothing was measured"
    if statistic in COUNTS + OTHERS and not ended:
        # That nothing failed is no news of a run in which nothing ended.
        return None, _needs(1, "operation")
    if statistic == "throughput":
        return measured.service.total * measured.batch * 1e9 / measured.measured_ns, ""
    if statistic == "error_rate":
        return measured.errors / ended, ""
    if statistic in COUNTS:
        return float(getattr(measured, statistic)), ""
    return _timed(statistic, target.subject or headline, measured)


def _timed(statistic: str, subject: Subject, measured: Measured) -> tuple[float | None, str]:
    if subject == "lateness" and measured.lateness is None:
        return None, "a closed load has no lateness"
    times: Distribution | None = getattr(measured, subject)
    if times is None:  # response of a closed load
        times = measured.service
    noun = "failed operation" if subject == "failure" else "operation"
    quantile = {"median": 0.5, "iqr": 0.75}.get(statistic) or parse_percentile(statistic)
    if quantile is None:
        value: float | None = getattr(times, f"{statistic}_ns")
        least = 2 if statistic == "stddev" else 1
        if statistic == "mean" and subject != "failure" and value is not None:
            value /= measured.batch
        return value, _needs(least - times.total, noun) if value is None else ""
    lacking = samples_missing(quantile, times.total)
    if lacking:
        return None, _needs(lacking, noun)
    low, high = times.percentiles((0.25, quantile))
    value = (high or 0) - (low or 0) if statistic == "iqr" else high
    flattered = subject != "failure" and flagged(quantile, times.total, measured.missing)
    return value, f"flattered: {measured.missing:,} are missing from it" if flattered else ""


def _needs(count: int, noun: str) -> str:
    more = max(math.ceil(count), 1)
    return f"needs {more:,} more {noun}{'' if more == 1 else 's'}"
