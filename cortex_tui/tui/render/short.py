"""Durations and counts in the few cells of a narrow column."""

from __future__ import annotations


def short_duration(ns: float | None) -> str:
    """At most five characters, two or three digits: `812ns`, `1.2µs`, `45ms`, `2.0s`."""
    if ns is None:
        return "–"
    for limit, divisor, unit in (
        (999.5, 1, "ns"),
        (999.5e3, 1e3, "µs"),
        (999.5e6, 1e6, "ms"),
        (999.5e9, 1e9, "s"),
    ):
        if ns < limit:
            value = ns / divisor
            digits = 1 if divisor > 1 and value < 9.95 else 0
            return f"{value:.{digits}f}{unit}"
    return f"{ns / 6e10:.0f}m" if ns < 5.997e13 else f"{ns / 3.6e12:.0f}h"


def short_count(count: int) -> str:
    """At most four characters: `0`, `999`, `1.2k`, `12k`, `3.4M`."""
    if count < 1_000:
        return str(count)
    for limit, divisor, unit in ((999_500, 1e3, "k"), (999_500_000, 1e6, "M")):
        if count < limit:
            value = count / divisor
            return f"{value:.1f}{unit}" if value < 9.95 else f"{value:.0f}{unit}"
    return f"{count / 1e9:.0f}G"
