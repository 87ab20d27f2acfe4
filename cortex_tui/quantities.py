"""Quantities at the edges of the program: text a person writes or reads, and plain numbers inside.

Durations are integer nanoseconds inside, rates are floats per second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cortex_tui.text import quoted

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
_TWO_UNITS = re.compile(r"\s*(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?\s*")
_RATE = re.compile(rf"\s*{_NUMBER}\s*(k?)\s*/\s*(ms|s|m|min|h)\s*")


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of a duration such as `1.5s`, `250ms`, `90us`, or as long ones are shown, `2m01s`
    and `1h05m`; ValueError for anything else."""
    if text.strip() and (parts := _TWO_UNITS.fullmatch(text)):
        return sum(
            int(part or 0) * NS_PER_UNIT[unit]
            for part, unit in zip(parts.groups(), "hms", strict=True)
        )
    match = _DURATION.fullmatch(text)
    ns = math.inf
    if match is not None and match[2] in NS_PER_UNIT:
        ns = float(match[1].replace("_", "")) * NS_PER_UNIT[match[2]]
    if ns == math.inf:  # not one, or with too many digits to be one
        raise ValueError(f'expected a duration such as "10s" or "250ms", got {quoted(text)}')
    return round(ns)


def parse_rate_per_s(text: str) -> float:
    """Events a second of a rate such as `500/s`, `1.5k/s`, `30/m`; ValueError for anything else."""
    match = _RATE.fullmatch(text)
    rate_per_s = math.inf
    if match is not None:
        events = float(match[1].replace("_", "")) * (1_000 if match[2] else 1)
        rate_per_s = events * 1_000_000_000 / NS_PER_UNIT[match[3]]
    if rate_per_s == math.inf:
        raise ValueError(f'expected a rate such as "500/s", got {quoted(text)}')
    return rate_per_s


def _three_digits(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    if value >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


_UNITS = (
    (999_500, 1e3, "µs"),
    (999_500_000, 1e6, "ms"),
    (119_500_000_000, 1e9, "s"),
    (7_170_000_000_000, 6e10, "m"),
    (math.inf, 3.6e12, "h"),
)
"""Below which length, in ns, a duration is shown in which unit; the shortest are in ns."""
_LONG_NS = 119_500_000_000
"""From here on a duration has two units: minutes and seconds, or hours and minutes."""
WIDE = 10
"""From this ratio of its ends on, a range only shows how little is known."""


def _unit_of(ns: float) -> tuple[float, str]:
    """How many ns the unit is in which a duration is shown, and its name."""
    if ns < 999.5:
        return 1.0, "ns"
    return next((divisor, unit) for limit, divisor, unit in _UNITS if ns < limit)


def format_duration(ns: float | None) -> str:
    """At most six characters, three significant digits: `812ns`, `1.23µs`, `45.6ms`, `2.00s`; of
    two minutes and more `2m01s`, `1h05m`."""
    if ns is None:
        return "–"
    if ns >= _LONG_NS:
        seconds = round(ns / 1e9)
        if seconds < 3_600:
            return f"{seconds // 60}m{seconds % 60:02}s"
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{hours}h{minutes:02}m" if hours < 100 else f"{hours}h"
    divisor, unit = _unit_of(ns)
    return f"{ns:.0f}ns" if unit == "ns" else f"{_three_digits(ns / divisor)}{unit}"


def format_seconds(ns: float, digits: int = 0, unit: str = " s") -> str:
    """A duration that is a matter of seconds: `12 s`, `12.3 s`; a long one as any: `2m01s`."""
    return format_duration(ns) if ns >= _LONG_NS else f"{ns / 1e9:.{digits}f}{unit}"


def longer_ns(measured_ns: int, found: float, more: float) -> int:
    """How long to measure in all, at the rate at which `found` came in `measured_ns`, for `more` in
    addition; rounded up to two digits. 0 where nothing was found, so that no rate is known."""
    if measured_ns <= 0 or found <= 0:
        return 0
    ns = measured_ns * (1 + more / found)
    step = int(10 ** max(0, math.floor(math.log10(ns)) - 1))
    return math.ceil(ns / step) * step


def is_wide(low_ns: float, high_ns: float) -> bool:
    """Whether a range spans WIDE times its lower end, or more."""
    return high_ns >= WIDE * max(low_ns, 1)


def format_bounds(low_ns: float, high_ns: float, value_ns: float) -> str:
    """The ends of a range that is not wide in the unit of a value in it, without that unit:
    `4.61–5.20` next to `4.84ms`, `2m10–3m20` next to `2m45s`. At most nine characters."""
    if value_ns >= _LONG_NS:
        return f"{_long_bound(low_ns)}–{_long_bound(high_ns)}"
    divisor, unit = _unit_of(value_ns)
    if unit == "ns":
        return f"{low_ns:.0f}–{high_ns:.0f}"
    return f"{_three_digits(low_ns / divisor)}–{_three_digits(high_ns / divisor)}"


def _long_bound(ns: float) -> str:
    """At most four characters: `99s`, `2m10`, `12m`, `1h05`."""
    if ns < _LONG_NS:
        return f"{ns / 1e9:.0f}s"
    text = format_duration(ns)
    if len(text) > 4:
        text = text[:-1]
    return text if len(text) <= 4 else text[:-2]


def format_range(low_ns: float, high_ns: float) -> str:
    """Two durations as a range in one unit: `4.61–5.20ms`, `0.70–1.15ms`. Those of a wide range
    have a unit each, be it the same, and their ratio: `2.20µs–6.33ms (×2880)`."""
    if is_wide(low_ns, high_ns):
        ratio = f" (×{format_count(round(high_ns / low_ns))})" if low_ns else ""
        return f"{format_duration(low_ns)}–{format_duration(high_ns)}{ratio}"
    if high_ns >= _LONG_NS:
        return f"{format_duration(low_ns)}–{format_duration(high_ns)}"
    return f"{format_bounds(low_ns, high_ns, high_ns)}{_unit_of(high_ns)[1]}"


def format_half_width(share: float) -> str:
    """Half the width of an interval as a share of the value in it: `± 3.1 %`."""
    return f"± {share * 100:.3g} %" if share < 1 else "more than ± 100 %"


def format_names(names: Sequence[str], most: int) -> str:
    """The first names, at most that many, and how many others there are: `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def format_noun(count: int, noun: str) -> str:
    """A number with what it counts: `1 session`, `2,000 sessions`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


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
