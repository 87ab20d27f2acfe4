"""Targets: expectations such as `p95 < 50ms`, read from text; `stats.verdicts` judges them.

Needs neither numpy nor a clock: whatever reads profiles can check targets with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, cast

import msgspec

from cortex_tui.stats.measured import SUBJECTS, Subject
from cortex_tui.stats.statistics import (
    NUMBER,
    STATISTICS,
    Statistic,
    Unit,
    find_statistic,
    is_number,
)
from cortex_tui.suggestions import nearest
from cortex_tui.text import quoted

Operator = Literal["<", "<=", ">", ">=", "=="]
TargetVerdict = Literal["pending", "met", "missed", "undecided"]
"""pending: the run, or one that the target speaks of, has not ended. undecided: it has ended, and
what it measured shows neither that the target is met nor that it is missed."""
Verdict = Literal["none", TargetVerdict]
"""Of all targets of a run; none: it has no targets."""

SCALING = "scaling"
"""The statistic of `scaling(PARAM)`, the exponent of growth over the cells of a matrix."""

_TARGET = re.compile(r"(?:([A-Za-z_]+)\s*\.\s*)?([A-Za-z][A-Za-z0-9_.]*)\s*(<=|>=|==|<|>)\s*(\S.*)")
"""Of text without space at its ends. A lazy value before a space at the end would try every space
within it: seconds for one of 50,000."""
_GROWTH = re.compile(r"scaling\s*\(\s*([^\W\d]\w*)\s*\)\s*(<=|>=|==|<|>)\s*(\S.*)")
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
    more_ns: int | None = None
    """About how much longer the run would have to be to decide it; None where it is decided, or
    where nobody can tell."""

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
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected {_EXAMPLES}, got {quoted(text)}")
    subject, name, sign, value = match.groups()
    if subject is not None and subject not in SUBJECTS:
        raise ValueError(
            f"expected service, response, lateness or failure before the dot, got {quoted(subject)}"
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
    match = _GROWTH.fullmatch(text.strip())
    if match is None or not is_number(match[3]):
        raise ValueError(
            'expected an exponent over a parameter, such as "scaling(conversations) <= 1.1", '
            f"got {quoted(text)}"
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
        return float(statistic.unit.parse(text))
    except ValueError as error:
        share = "; a share is the statistic error_rate" if statistic.name == "errors" else ""
        raise ValueError(f"{error} for {statistic.name}{share}") from None


def _unknown(name: str) -> str:
    if re.fullmatch(r"p[\d.]+", name):
        if re.fullmatch(r"p\d{1,2}\.\d{7,}", name):
            return f"expected 6 digits behind the point at most, got {quoted(name)}"
        return f"expected a percentile above p0 and below p100, got {quoted(name)}"
    known = tuple(STATISTICS)
    return (
        f"unknown statistic {quoted(name)}{_nearest(name, (*known, SCALING))}: "
        f"expected a percentile such as p99, {', '.join(known)} or scaling(PARAMETER)"
    )


def _nearest(word: str, known: Sequence[str]) -> str:
    near = nearest(word, known)
    return f' (did you mean "{near}"?)' if near else ""
