"""The statistics of a run that a target can name: a registry.

A statistic has a name, a unit, and a function that reads its value. Those of times (`p99`, `mean`)
are of one of the run's times; the others (`errors`, `throughput`) are of the run as a whole. To add
one, add a `Statistic` to `STATISTICS`. Needs neither numpy nor a clock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cortex_tui.quantities import (
    format_count,
    format_duration,
    longer_ns,
    parse_duration_ns,
    parse_rate_per_s,
)
from cortex_tui.stats.measured import Distribution, Measured, Subject
from cortex_tui.stats.percentiles import parse_percentile, samples_missing
from cortex_tui.text import quoted

_NUMBER = re.compile(r"\d[\d_]*(\.\d+)?")


class Unit(NamedTuple):
    """How the value of a statistic is written by a person, and for one."""

    parse: Callable[[str], float]
    """Raises ValueError that says what was expected."""
    format: Callable[[float], str]


class Reading(NamedTuple):
    """A statistic's value in its unit, or None and what it needs."""

    value: float | None
    note: str = ""
    """Why there is no value, or what speaks against trusting it."""
    impossible: bool = False
    """There is no value, and no number of operations would give one."""


class Statistic(NamedTuple):
    """Exactly one of `of_times` and `of_run` reads it."""

    name: str
    unit: Unit
    of_times: Callable[[Distribution, Subject, Measured], Reading] | None = None
    of_run: Callable[[Measured], Reading] | None = None
    quantile: float | None = None
    """Of a percentile, which speaks of the share of operations beyond it."""

    def read(self, measured: Measured, subject: Subject) -> Reading:
        """Its value; `subject` matters to those of times."""
        if self.of_times is None:
            assert self.of_run is not None
            return self.of_run(measured)
        if subject == "lateness" and measured.lateness is None:
            return Reading(None, "a closed load has no lateness", impossible=True)
        return self.of_times(measured.times(subject), subject, measured)


def is_number(text: str) -> bool:
    """Whether it is a number, and one that a float can have."""
    return _NUMBER.fullmatch(text) is not None and float(text) < math.inf


def _parse_count(text: str) -> float:
    if not is_number(text) or "." in text:
        raise ValueError(f"expected a plain count, got {quoted(text)}")
    return float(text)


def _parse_share(text: str) -> float:
    number = text.removesuffix("%").rstrip()
    share = float(number) / (100 if text.endswith("%") else 1) if is_number(number) else 2.0
    if share > 1:
        raise ValueError(f'expected a share such as "1%" or 0.01, got {quoted(text)}')
    return share


DURATION = Unit(parse_duration_ns, format_duration)
RATE = Unit(parse_rate_per_s, lambda value: f"{format_count(value)}/s")
COUNT = Unit(_parse_count, format_count)
SHARE = Unit(_parse_share, lambda value: f"{value:.3%}")
NUMBER = Unit(float, lambda value: f"{value:.2f}")


def needs(count: int, subject: Subject = "service", found: float = 0, measured_ns: int = 0) -> str:
    """Such as `needs 12 more operations: run 4.1s instead of 2.0s`; only the first part where it is
    not known in what time how many were `found`."""
    more = max(math.ceil(count), 1)
    noun = "failed operation" if subject == "failure" else "operation"
    text = f"needs {more:,} more {noun}{'' if more == 1 else 's'}"
    return f"{text}{instead(measured_ns, found, more)}"


def instead(measured_ns: int, found: float, more: float, *, live: bool = False) -> str:
    """How long to run for that many in addition to those `found`; "" where that is not known. A
    `live` run may be meant to take as long: what was measured so far is not its length."""
    needed_ns = longer_ns(measured_ns, found, more)
    if not needed_ns:
        return ""
    if live:
        return f", {format_duration(needed_ns)} in all"
    return f": run {format_duration(needed_ns)} instead of {format_duration(measured_ns)}"


def _quantile(
    quantile: float, *, less: float | None = None
) -> Callable[[Distribution, Subject, Measured], Reading]:
    """The time at a quantile; with `less`, the distance from that lower one."""

    def read(times: Distribution, subject: Subject, measured: Measured) -> Reading:
        lacking = samples_missing(quantile, times.total)
        if lacking:
            return Reading(None, needs(lacking, subject, times.total, measured.measured_ns))
        low, high = times.percentiles((less or quantile, quantile))
        value = (high or 0) - (low or 0) if less else high
        if subject == "failure":
            return Reading(value)
        lacks = f"may be too low: {measured.missing:,} operations are missing from it"
        return Reading(value, lacks if measured.flattered(quantile) else measured.lowered)

    return read


def _moment(name: str, least: int = 1) -> Callable[[Distribution, Subject, Measured], Reading]:
    """What the histogram's own moments know exactly, of `least` values or more."""

    def read(times: Distribution, subject: Subject, measured: Measured) -> Reading:
        value: float | None = getattr(times, f"{name}_ns")
        if value is None:
            return Reading(None, needs(least - times.total, subject))
        # A batch is timed as one; failures and the mean are of single operations.
        if name != "mean" or subject == "failure":
            return Reading(value)
        return Reading(value / measured.batch, measured.lowered)

    return read


def _of_ended(read: Callable[[Measured], float]) -> Callable[[Measured], Reading]:
    """That nothing failed is no news of a run in which nothing ended."""
    return lambda run: Reading(read(run)) if run.ended else Reading(None, needs(1))


def _throughput(run: Measured) -> Reading:
    if not run.measured_ns:
        return Reading(None, "nothing was measured")
    return Reading(run.throughput_per_s) if run.ended else Reading(None, needs(1))


STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Statistic("min", DURATION, of_times=_moment("min")),
        Statistic("mean", DURATION, of_times=_moment("mean")),
        Statistic("median", DURATION, of_times=_quantile(0.5), quantile=0.5),
        Statistic("stddev", DURATION, of_times=_moment("stddev", least=2)),
        Statistic("iqr", DURATION, of_times=_quantile(0.75, less=0.25)),
        Statistic("max", DURATION, of_times=_moment("max")),
        Statistic("errors", COUNT, of_run=_of_ended(lambda run: float(run.errors))),
        Statistic("unfinished", COUNT, of_run=_of_ended(lambda run: float(run.unfinished))),
        Statistic("unstarted", COUNT, of_run=_of_ended(lambda run: float(run.unstarted))),
        Statistic("throughput", RATE, of_run=_throughput),
        Statistic("error_rate", SHARE, of_run=_of_ended(lambda run: run.errors / run.ended)),
    )
}
"""Every statistic but the percentiles, which have as many names as there are quantiles."""


@lru_cache(maxsize=256)
def find_statistic(name: str) -> Statistic | None:
    """The statistic of a name such as `p99.9`, `mean` or `errors`; None for an unknown one."""
    quantile = parse_percentile(name)
    if quantile is not None:
        return Statistic(name, DURATION, of_times=_quantile(quantile), quantile=quantile)
    return STATISTICS.get(name)
