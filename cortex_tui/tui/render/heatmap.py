"""Latency over time as a heat map: how many operations took how long, and when.

The rules are those of Brendan Gregg's latency heat maps (brendangregg.com/HeatMaps/latency.html)
and of Dave Pacheco's scales for them (davepacheco.net/blog/post/2011-06-20-heatmap-coloring): see
`heat_scale`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.quantities import format_duration
from cortex_tui.results.latency_rows import LatencyRows
from cortex_tui.results.time_columns import TimeColumn
from cortex_tui.tui.render.heat_scale import Counts, HeatScale, Levels
from cortex_tui.tui.render.marks import P50, P99
from cortex_tui.tui.render.panels import steps
from cortex_tui.tui.render.ramp import SHADES
from cortex_tui.tui.render.short import short_count, short_duration
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, TimeAxis, clock_text

UPPER, LOWER, FULL = "▀", "▄", "█"
_TICKS_EVERY = 4
"""Cells from one pair of ticks for p50 and p99 to the next: they hide what is below them."""

Keys = NDArray[np.int16]


class Cell(NamedTuple):
    """What is drawn in a cell: a character, the level that gives its colour and the one behind it,
    0 for none; `sign` is whether the character is one in front of the levels."""

    text: str
    level: int = 0
    behind: int = 0
    sign: bool = False


class Changes(NamedTuple):
    """Where two pictures differ: while a run is measured, in its newest columns."""

    lines: list[int]
    """Those with other cells, of which all lie from `first` to the one before `last`."""
    first: int
    last: int
    labels: set[int]
    """The lines with another label."""


@dataclass(frozen=True, eq=False)
class HeatPicture:
    """A heat map as lines of cells."""

    axis: TimeAxis
    columns: Sequence[TimeColumn | None]
    scale: HeatScale
    counts: Counts
    """Rows, from below, by columns; so are `levels`."""
    levels: Levels
    halves: bool
    """Whether a line has two rows, in half blocks; one in shades otherwise."""
    keys: Keys
    """Lines by cells: what is drawn there, equal for equal cells."""
    labels: tuple[str, ...]
    """Of each line, LABEL_WIDTH cells."""
    batch: int = 1
    """How many operations each count is for."""

    def line(self, y: int, first: int = 0, last: int | None = None) -> Iterator[Cell]:
        """Runs of equal cells of a line, each as one; of its cells from `first` to the one before
        `last`."""
        keys = self.keys[y, first:last]
        starts = np.flatnonzero(np.diff(keys, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], keys.size], strict=True):
            yield _cells(int(keys[start]), end - start, self.halves)

    def changes_from(self, before: HeatPicture) -> Changes:
        """Where it is not as a picture of the same size was."""
        differ = before.keys != self.keys
        cells = np.flatnonzero(differ.any(axis=0)).tolist() or [0]
        pairs = enumerate(zip(before.labels, self.labels, strict=True))
        return Changes(
            np.flatnonzero(differ.any(axis=1)).tolist(),
            cells[0],
            cells[-1] + 1,
            {y for y, (old, new) in pairs if old != new},
        )

    def legend(self) -> list[Cell]:
        """What the levels mean, with the counts of each, as cells of one line."""
        cells: list[Cell] = []
        ranges = self.scale.ranges()
        for level, least, greatest in ranges:
            cells.append(Cell(FULL if self.halves else SHADES[level - 1], level))
            first, last = (short_count(int(count) * self.batch) for count in (least, greatest))
            if self.scale.kind == "column":
                text = f"{greatest * 100:.0f}%" if level == len(ranges) else f"{least * 100:.0f}"
            else:
                text = f"{first}–{last}" if level == ranges[-1][0] and first != last else first
            cells.append(Cell(text + " "))
        return cells

    def row_at(self, y: int) -> int:
        """The row in a line: the upper one of two."""
        lines = len(self.labels)
        line = lines - 1 - max(0, min(y, lines - 1))
        return line * 2 + 1 if self.halves else line

    def line_of(self, row: int) -> int:
        """The line that a row is in."""
        return len(self.labels) - 1 - (row // 2 if self.halves else row)

    def reading(self, number: int, row: int) -> str:
        """A cell in words: when, how long, how many, and which share of its column."""
        window = self.axis.columns(number, number)
        when = f"{clock_text(window.from_ns)}–{clock_text(window.until_ns)}"
        column = self.columns[number] if number < len(self.columns) else None
        if column is None:
            return f"{when}  nothing ended"
        moments, rows = column.times.moments, self.scale.rows
        low, high = rows.bounds_ns(row)
        if row == 0 and moments.min_ns is not None:
            low = min(low, moments.min_ns)
        if row == rows.number - 1 and moments.max_ns is not None:
            high = max(high, moments.max_ns)
        count = int(self.counts[row, number]) * self.batch
        total = int(self.counts[:, number].sum()) * self.batch
        share = f" ({count / total * 100:.3g} %)" if count else ""
        span = f"{format_duration(low)}–{format_duration(high)}"
        return f"{when}  {span}  {count:,} of {total:,}{share}"


_UPPER = 16
_SIGN = _UPPER * _UPPER


@lru_cache(maxsize=4_096)
def _cells(key: int, number: int, halves: bool) -> Cell:
    """That many neighbours of one key, as one. Kept, since a picture has thousands of a few."""
    sign, levels = divmod(key, _SIGN)
    if sign:
        return Cell((P50, P99)[sign - 1] * number, 0, levels, sign=True)
    if not halves:
        return Cell((SHADES[levels - 1] if levels else " ") * number, levels)
    upper, lower = divmod(levels, _UPPER)
    if upper == lower:
        return Cell((FULL if upper else " ") * number, upper)
    if not upper:
        return Cell(LOWER * number, lower)
    return Cell(UPPER * number, upper, lower)


def heat_picture(
    columns: Sequence[TimeColumn | None],
    axis: TimeAxis,
    scale: HeatScale,
    counts: Counts,
    *,
    halves: bool,
    batch: int = 1,
    before: HeatPicture | None = None,
) -> HeatPicture:
    """The picture of counts, rows by columns. Of one `before` it takes over what is the same."""
    lines = scale.rows.number // 2 if halves else scale.rows.number
    levels = np.zeros(counts.shape, np.uint8)
    keys = np.zeros((lines, axis.cells), np.int16)
    anew = list(range(len(columns)))
    if before is not None and (before.scale, before.axis, before.halves) == (scale, axis, halves):
        anew = changed_columns(before.columns, columns)
        known = min(before.counts.shape[1], len(columns))
        levels[:, :known] = before.levels[:, :known]
        cells = known * axis.wide
        keys[:, :cells] = before.keys[:, :cells]
        labels = before.labels
    else:
        labels = row_labels(scale.rows, lines)
    levels[:, anew] = scale.levels_of(counts[:, anew])
    spread = np.repeat(levels[::-1, anew].astype(np.int16), axis.wide, axis=1)
    drawn = spread[::2] * _UPPER + spread[1::2] if halves else spread
    places = np.repeat(np.array(anew, np.int64) * axis.wide, axis.wide)
    places += np.tile(np.arange(axis.wide), len(anew))
    within = places < axis.cells
    keys[:, places[within]] = drawn[:, within]
    _put_ticks(keys, columns, anew, axis, scale.rows, levels, halves=halves)
    return HeatPicture(axis, columns, scale, counts, levels, halves, keys, labels, batch)


def changed_columns(
    before: Sequence[TimeColumn | None], after: Sequence[TimeColumn | None]
) -> list[int]:
    """The numbers of those that are not the very ones that were there before."""
    known = len(before)
    pairs = enumerate(zip(before, after, strict=False))
    return [number for number, (a, b) in pairs if a is not b] + list(range(known, len(after)))


def _put_ticks(
    keys: Keys,
    columns: Sequence[TimeColumn | None],
    numbers: Sequence[int],
    axis: TimeAxis,
    rows: LatencyRows,
    levels: Levels,
    *,
    halves: bool,
) -> None:
    """In the columns of these numbers, as far as they have ticks."""
    every = max(1, _TICKS_EVERY // axis.wide)
    ticked = range(every // 2, min(len(columns), axis.cells // axis.wide), every)
    for number in numbers:
        column = columns[number]
        if column is None or number not in ticked:
            continue
        for sign, value_ns in ((1, column.p50_ns), (2, column.p99_ns)):
            if value_ns is not None:
                row = rows.row_of(value_ns)
                line = keys.shape[0] - 1 - (row // 2 if halves else row)
                cell = number * axis.wide + axis.wide // 2
                keys[line, cell] = sign * _SIGN + int(levels[row, number])


def row_labels(rows: LatencyRows, lines: int) -> tuple[str, ...]:
    """Of each line, LABEL_WIDTH cells: the maximum above, the lower end below, and round values
    between them."""
    texts = [""] * lines
    for value_ns in steps(rows.low_ns, rows.high_ns):
        at = lines - 1 - rows.row_of(int(value_ns)) * lines // rows.number
        near = texts[max(0, at - 1) : at + 2]
        if not any(near) or (value_ns == rows.low_ns and not texts[at]):
            texts[at] = short_duration(value_ns)
    return tuple(text.rjust(LABEL_WIDTH - 2) + (" ┤" if text else " │") for text in texts)
