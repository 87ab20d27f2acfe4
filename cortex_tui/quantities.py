"""Quantities at the edges of the program: text a person writes or reads, and plain numbers inside.

Durations are integer nanoseconds inside, rates are floats per second.
"""

from __future__ import annotations

import re

NS_PER_UNIT = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
}

_NUMBER = r"(\d[\d_]*(?:\.\d+)?)"
_DURATION = re.compile(rf"\s*{_NUMBER}\s*([a-zµμ]+)\s*")
_RATE = re.compile(rf"\s*{_NUMBER}\s*(k?)\s*/\s*(ms|s|m|min|h)\s*")


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of a duration such as `1.5s`, `250ms`, `90us`; ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None or match[2] not in NS_PER_UNIT:
        raise ValueError(f'expected a duration such as "10s" or "250ms", got {text!r}')
    return round(float(match[1].replace("_", "")) * NS_PER_UNIT[match[2]])


def parse_rate_per_s(text: str) -> float:
    """Events a second of a rate such as `500/s`, `1.5k/s`, `30/m`; ValueError for anything else."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f'expected a rate such as "500/s", got {text!r}')
    events = float(match[1].replace("_", "")) * (1_000 if match[2] else 1)
    return events * 1_000_000_000 / NS_PER_UNIT[match[3]]


def _three_digits(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    if value >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


def format_duration(ns: float | None) -> str:
    """At most six characters, three significant digits: `812ns`, `1.23µs`, `45.6ms`, `2.00s`."""
    if ns is None:
        return "–"
    if ns < 999.5:
        return f"{ns:.0f}ns"
    for limit, divisor, unit in (
        (999_500, 1e3, "µs"),
        (999_500_000, 1e6, "ms"),
        (119_500_000_000, 1e9, "s"),
        (7_170_000_000_000, 6e10, "m"),
    ):
        if ns < limit:
            return f"{_three_digits(ns / divisor)}{unit}"
    return f"{_three_digits(ns / 3.6e12)}h"


def format_range(low_ns: float, high_ns: float) -> str:
    """Two durations as a range, the unit written once where it is the same: `4.61–5.20ms`."""
    low, high = format_duration(low_ns), format_duration(high_ns)
    number = low.rstrip("nµmsh")
    return f"{number if low[len(number) :] == high.lstrip('0123456789.') else low}–{high}"


def format_count(count: float | None) -> str:
    """At most five characters: `0`, `9,999` as `9999`, `12.3k`, `4.56M`, `7.89G`."""
    if count is None:
        return "–"
    if count < 9_999.5:
        return f"{count:.0f}" if count >= 99.95 or count == int(count) else f"{count:.1f}"
    for limit, divisor, unit in ((999_500, 1e3, "k"), (999_500_000, 1e6, "M")):
        if count < limit:
            return f"{_three_digits(count / divisor)}{unit}"
    return f"{_three_digits(count / 1e9)}G"
