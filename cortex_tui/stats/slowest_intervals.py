"""What the slowest intervals of a run had in common, and the others had not: in one sentence.

A coincidence is not a cause, but it is where to look first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.quantities import format_duration

SLOWEST = 5
MIN_INTERVALS = 4 * SLOWEST
"""With fewer, the slowest are no exception."""
CHANCE = 0.1
"""What the slowest share by chance as often as this is not worth a word."""

_TYPICAL = 0.5
"""What at least half of the other intervals have is usual."""
_WELL_ABOVE = 3
_MIN_STALL_NS = 5_000_000
"""The beat that finds holds of the loop is itself late by a millisecond or two."""
_MIN_FOREIGN_NS = 30_000_000
"""It is counted in steps of 10 ms, some of which come late."""
_MIN_SWITCHES_PER_S = 100.0


class Slice(NamedTuple):
    """An interval as far as this goes; durations in ns, `slowest_ns` of its slowest operation."""

    slowest_ns: int
    gc_pauses: int = 0
    gc_pause_ns: int = 0
    loop_lag_ns: int = 0
    involuntary_switches: int = 0
    steal_ns: int = 0
    foreign_ns: int = 0
    wall_ns: int = 0


class _Signal(NamedTuple):
    measure: Callable[[Table], Floats]
    floor: float
    describe: Callable[[Sequence[Slice], float], str]
    """Of the intervals that have it, and what is usual elsewhere."""


Floats = NDArray[np.float64]


class Table:
    """The intervals, each field a column."""

    def __init__(self, slices: Sequence[Slice] | Floats) -> None:
        self._columns: Floats = np.asarray(slices, np.float64).T

    def of(self, name: str) -> Floats:
        column: Floats = self._columns[Slice._fields.index(name)]
        return column

    @property
    def switches_per_s(self) -> Floats:
        wall_ns = self.of("wall_ns")
        switches = self.of("involuntary_switches") * 1e9
        return np.divide(switches, wall_ns, out=np.zeros_like(wall_ns), where=wall_ns > 0)


def _pause(found: Sequence[Slice], usual: float) -> str:
    return f"had a GC pause{' longer than usual' if usual else ''}"


def _stall(found: Sequence[Slice], usual: float) -> str:
    longest = format_duration(max(slice_.loop_lag_ns for slice_ in found))
    return f"had the event loop blocked for {'' if len(found) == 1 else 'up to '}{longest}"


def _taken(found: Sequence[Slice], usual: float) -> str:
    return "had the CPU taken away far more often"


def _stolen(found: Sequence[Slice], usual: float) -> str:
    return f"lost {format_duration(sum(slice_.steal_ns for slice_ in found))} to the hypervisor"


def _foreign(found: Sequence[Slice], usual: float) -> str:
    used = format_duration(sum(slice_.foreign_ns for slice_ in found))
    return f"had other processes use {used} of CPU time"


_SIGNALS = (
    _Signal(lambda table: table.of("gc_pause_ns"), 1, _pause),
    _Signal(lambda table: table.of("loop_lag_ns"), _MIN_STALL_NS, _stall),
    _Signal(lambda table: table.switches_per_s, _MIN_SWITCHES_PER_S, _taken),
    _Signal(lambda table: table.of("steal_ns"), 1, _stolen),
    _Signal(lambda table: table.of("foreign_ns"), _MIN_FOREIGN_NS, _foreign),
)


def slowest_intervals(slices: Sequence[Slice] | Floats) -> str:
    """`slices` are in order of time; as numbers they have a row for each, with the fields of one.

    Such as `3 of the 5 slowest intervals had a GC pause, 1 had the event loop blocked for
    12.0ms`.

    Empty where nothing stands out: what the slowest have must be well above what is usual in the
    others, and in more of them than chance explains.
    """
    if len(slices) < MIN_INTERVALS:
        return ""
    table = Table(slices)
    order = np.argsort(-table.of("slowest_ns"), kind="stable")
    descriptions: list[tuple[int, str]] = []
    for signal_ in _SIGNALS:
        values = signal_.measure(table)[order]
        others = values[SLOWEST:]
        usual = float(np.sort(others)[int(others.size * _TYPICAL)])
        having = values >= max(signal_.floor, _WELL_ABOVE * usual)
        found = [Slice(*map(int, slices[at])) for at in order[:SLOWEST][having[:SLOWEST]]]
        elsewhere = int(having[SLOWEST:].sum())
        if found and _by_chance(len(found), elsewhere, len(slices)) <= CHANCE:
            descriptions.append((len(found), signal_.describe(found, usual)))
    if not descriptions:
        return ""
    descriptions.sort(key=lambda each: -each[0])
    (count, text), *more = descriptions
    first = f"{count} of the {SLOWEST} slowest intervals {text}"
    return ", ".join((first, *(f"{count} {text}" for count, text in more)))


def _by_chance(among_slowest: int, elsewhere: int, count: int) -> float:
    """The probability that this number of all that there are, or more, fall on the slowest
    (hypergeometric, as in Fisher's exact test)."""
    having = among_slowest + elsewhere
    ways = sum(
        comb(having, k) * comb(count - having, SLOWEST - k)
        for k in range(among_slowest, min(having, SLOWEST) + 1)
    )
    return ways / comb(count, SLOWEST)
