"""How well percentiles are known: their confidence intervals in words, and as bars on a curve."""

from __future__ import annotations

import math
from typing import NamedTuple

from cortex_tui.quantities import format_duration, format_range
from cortex_tui.results.run_result import RunResult

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))


class ErrorBar(NamedTuple):
    """The interval of a percentile; `nines` is -log10(1 - quantile)."""

    nines: float
    low_ns: int
    high_ns: int


def error_bars(run: RunResult) -> tuple[ErrorBar, ...]:
    """One for each percentile that has an interval, lowest first."""
    bars = [
        ErrorBar(-math.log10(1 - float(name[1:]) / 100), low, high)
        for name, (low, high) in run.confidence_ns.items()
    ]
    return tuple(sorted(bars))


def _digits(value: float) -> str:
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}"


def range_text(value_ns: int | None, interval_ns: tuple[int, int]) -> str:
    """The interval in the unit in which the value is shown: `4.61–5.20` beside `4.84ms`.

    Where that is not known, or would take too many digits, it has units of its own.
    """
    low, high = interval_ns
    unit = format_duration(value_ns).lstrip("0123456789.")
    divisor = next((ns for ns, name in _UNITS if name == unit), None)
    if divisor is None or high / divisor >= 1_000 or (low and low / divisor < 0.01):
        return format_range(low, high)
    return f"{_digits(low / divisor)}–{_digits(high / divisor)}"
