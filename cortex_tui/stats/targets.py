"""Targets: expectations such as `p95 < 50ms`, read from text and judged by what was measured.

Needs neither numpy nor a clock: whatever reads profiles can check targets with it.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal, cast

import msgspec

from cortex_tui.stats.measured import SUBJECTS, Measured, Subject
from cortex_tui.stats.percentiles import parse_percentile, samples_needed
from cortex_tui.stats.scaling import Cell, exponent
from cortex_tui.stats.statistics import (
    NUMBER,
    STATISTICS,
    Reading,
    Statistic,
    Unit,
    find_statistic,
    is_number,
)

Operator = Literal["<", "<=", ">", ">=", "=="]
TargetVerdict = Literal["pending", "met", "missed", "undecided"]
"""pending: the run, or one that the target speaks of, has not ended. undecided: it has ended, and
nothing is lacking but samples."""
Verdict = Literal["none", TargetVerdict]
"""Of all targets of a run; none: it has no targets."""

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
_EXAMPLES = 'a target such as "p95 < 50ms", "throughput >= 500/s" or "errors == 0"'


class Target(msgspec.Struct, frozen=True):
    """A target as it was read; `limit` is in the unit of its statistic (ns, 1/s, count, share)."""

    text: str
    statistic: str
    operator: Operator
    limit: float
    subject: Subject | None = None
    """None: the headline, response in an open load and service in a closed one."""
    parameter: str = ""
    """Of scaling: over which parameter of the matrix."""
    warn: bool = False
    """Whether missing it is only a warning."""

    @property
    def unit(self) -> Unit:
        found = find_statistic(self.statistic)
        return NUMBER if found is None else found.unit


class TargetResult(msgspec.Struct, frozen=True):
    """A target and how it stands. `value` is in the statistic's unit, None without enough data."""

    target: str
    value: float | None = None
    verdict: TargetVerdict = "pending"
    note: str = ""
    """Why there is no value, or what speaks against trusting it."""
    warn: bool = False
    """Whether missing it is only a warning: it has no part in the verdict of a run."""

    @property
    def met(self) -> bool | None:
        """None while nothing is decided."""
        return {"met": True, "missed": False}.get(self.verdict)

    @property
    def warns(self) -> bool:
        """Whether it is missed and only a warning."""
        return self.warn and self.verdict == "missed"

    @property
    def value_text(self) -> str:
        """The value with its unit and what speaks against it; without one, why there is none."""
        if self.value is None:
            return self.note or "no value"
        text = parse_target(self.target).unit.format(self.value)
        return f"{text} ({self.note})" if self.note else text


@lru_cache(maxsize=1024)
def parse_target(text: str) -> Target:
    """Reads `[SUBJECT.]STATISTIC OPERATOR VALUE`; ValueError says what was expected."""
    if re.match(r"\s*scaling\b", text):
        return _parse_scaling(text)
    match = _TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"expected {_EXAMPLES}, got {text!r}")
    subject, name, sign, value = match.groups()
    if subject is not None and subject not in SUBJECTS:
        raise ValueError(
            f"expected service, response, lateness or failure before the dot, got {subject!r}"
            + _nearest(subject, SUBJECTS)
        )
    statistic = find_statistic(name)
    if statistic is None:
        raise ValueError(_unknown(name))
    if subject is not None and statistic.of_times is None:
        raise ValueError(f"{name} is of the whole run: expected no {subject!r} before it")
    return Target(
        text=text.strip(),
        statistic=name,
        operator=cast(Operator, sign),
        limit=_limit(statistic, value),
        subject=cast("Subject | None", subject),
    )


def parse_targets(texts: Iterable[str], warn_texts: Iterable[str] = ()) -> tuple[Target, ...]:
    """Those of a profile: what fails a run first, then what only warns."""
    warning = (msgspec.structs.replace(parse_target(text), warn=True) for text in warn_texts)
    return (*map(parse_target, texts), *warning)


def _parse_scaling(text: str) -> Target:
    match = _GROWTH.fullmatch(text)
    if match is None or not is_number(match[3]):
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


def _limit(statistic: Statistic, text: str) -> float:
    try:
        return statistic.unit.parse(text)
    except ValueError as error:
        raise ValueError(f"{error} for {statistic.name}") from None


def _unknown(name: str) -> str:
    if re.fullmatch(r"p[\d.]+", name):
        return f"expected a percentile above p0 and below p100, got {name!r}"
    known = tuple(STATISTICS)
    return (
        f"unknown statistic {name!r}{_nearest(name, (*known, SCALING))}: "
        f"expected a percentile such as p99, {', '.join(known)} or scaling(PARAMETER)"
    )


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def least_operations(target: Target) -> int:
    """With how many operations the target can be decided at all."""
    quantiles = {"median": 0.5, "iqr": 0.25}
    quantile = parse_percentile(target.statistic) or quantiles.get(target.statistic)
    if quantile is None or target.subject == "failure":
        return 1
    return samples_needed(quantile)


def evaluate(
    target: Target,
    measured: Measured,
    headline: Literal["service", "response"],
    *,
    live: bool = False,
    stopped: bool = False,
    cells: Sequence[Cell] = (),
) -> TargetResult:
    """Judges a target by what was measured; `cells` are those of the run's matrix, its own one
    among them.

    A run that has ended without enough samples leaves it undecided; a target that no number of
    samples could decide is missed. While a run is `live`, a target without a value is pending.
    One that was `stopped` before its end may have measured for a moment: its throughput decides a
    target only where chance would hardly have it otherwise.
    Scaling is a target of all cells, and pending while any of them is live.
    """
    if target.statistic == SCALING:
        value, note = exponent(cells, target.parameter)
        reading, live = Reading(value, note), any(cell.live for cell in cells)
    else:
        statistic = find_statistic(target.statistic)
        assert statistic is not None, target.statistic
        reading = statistic.read(measured, target.subject or headline)
    standing: TargetVerdict
    if reading.value is None:
        # Operations were started, and none of them succeeded: more of those would decide nothing.
        fruitless = not measured.operations and bool(measured.errors or measured.unfinished)
        lacking: TargetVerdict = "missed" if reading.impossible or fruitless else "undecided"
        standing = "pending" if live else lacking
        return TargetResult(target.text, None, standing, reading.note, target.warn)
    met = _OPERATORS[target.operator](reading.value, target.limit)
    if stopped and target.statistic == "throughput" and not _is_sure(target, measured, met=met):
        counted = measured.in_window
        note = f"stopped after {counted:,} operation{'' if counted == 1 else 's'}, too few to tell"
        return TargetResult(target.text, reading.value, "undecided", note, target.warn)
    standing = "met" if met else "missed"
    return TargetResult(target.text, reading.value, standing, reading.note, target.warn)


def _is_sure(target: Target, measured: Measured, *, met: bool) -> bool:
    """Whether both ends of the 95 % confidence interval of a throughput say the same: that of a
    Poisson count n, n + 1.92 ± 1.96 sqrt(n + 0.96) (the score interval)."""
    count = measured.in_window
    half = _Z * math.sqrt(count + _Z * _Z / 4)
    ends = (count + _Z * _Z / 2 - half, count + _Z * _Z / 2 + half)
    rates_per_s = (end * 1e9 / measured.measured_ns for end in ends)
    return all(_OPERATORS[target.operator](rate, target.limit) == met for rate in rates_per_s)


_Z = 1.959964
"""The 97.5 % quantile of the normal distribution."""

_WORST_FIRST: tuple[TargetVerdict, ...] = ("missed", "pending", "undecided", "met")


def verdict(results: Iterable[TargetResult], *, live: bool = False) -> Verdict:
    """What all targets of a run come to: the worst of them; while it is `live`, met is pending.
    Those that only warn are left out."""
    found = {result.verdict for result in results if not result.warn}
    for worst in _WORST_FIRST:
        if worst in found:
            return "pending" if live and worst != "missed" else worst
    return "none"
