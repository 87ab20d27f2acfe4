"""A plot as cells: curves in braille over each other, with characters behind and before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from cortex_tui.tui.render.text import Line, Span, SpanTone

DOTS_ACROSS, DOTS_DOWN = 2, 4
"""Dots in a cell."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE = [chr(0x2800 + mask) for mask in range(256)]
_MASKS = {character: mask for mask, character in enumerate(_BRAILLE)}
_RUNS = [
    [[sum(dots[first : last + 1]) for last in range(DOTS_DOWN)] for first in range(DOTS_DOWN)]
    for dots in _DOTS
]
"""Of each column of dots in a cell: those from one dot to another, both included."""
_EVERY = 3
"""Of a dotted curve: which dot along it is drawn."""


class Canvas:
    """Filled from back to front: a dot replaces what is no dot, and a cell has the tone of what was
    drawn last."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._tones: list[list[SpanTone]] = [["plain"] * columns for _ in range(rows)]

    def put(self, row: int, column: int, text: str, tone: SpanTone) -> None:
        """Characters of one cell each, as far as they lie within."""
        for at, character in enumerate(text, column):
            if 0 <= at < self.columns and 0 <= row < self.rows:
                self._cells[row][at], self._tones[row][at] = character, tone

    def find(self, row: int, width: int, free: str = " ") -> int:
        """Where `width` neighbouring cells of a row have nothing in them but the characters
        `free`; -1 if nowhere."""
        text = "".join(" " if cell in free else "x" for cell in self._cells[row])
        return text.find(" " * width)

    def curve(self, dots: Sequence[int | None], tone: SpanTone, *, dotted_from: int = -1) -> None:
        """A curve: for each column of dots, how many dots it is below the upper edge; None leaves
        a gap. From the column `dotted_from` on it is dotted; never with -1."""
        before: int | None = None
        drawn = 0
        for x, y in enumerate(dots):
            if y is None:
                before = None
                continue
            start = y if before is None or before == y else before + (1 if y > before else -1)
            before = y
            if 0 <= dotted_from <= x:
                step = 1 if y >= start else -1
                for dot in range(start, y + step, step):
                    if drawn % _EVERY == 0:
                        self._upright(x, dot, dot, tone)
                    drawn += 1
            else:
                self._upright(x, min(start, y), max(start, y), tone)
                drawn += abs(y - start) + 1

    def rise(self, x: int, start: int, stop: int, tone: SpanTone) -> None:
        """A dotted line upwards, from one dot to another."""
        for y in range(start, stop - 1, -_EVERY):
            self._upright(x, y, y, tone)

    def _upright(self, x: int, top: int, foot: int, tone: SpanTone) -> None:
        """The dots from `top` to `foot`, both included; x and y count dots from the upper left
        corner."""
        column, runs = x // DOTS_ACROSS, _RUNS[x % DOTS_ACROSS]
        if not 0 <= column < self.columns:
            return
        for row in range(max(0, top // DOTS_DOWN), min(self.rows, foot // DOTS_DOWN + 1)):
            first, last = top - row * DOTS_DOWN, foot - row * DOTS_DOWN
            dots = runs[max(0, first)][min(last, DOTS_DOWN - 1)]
            cells = self._cells[row]
            cells[column] = _BRAILLE[_MASKS.get(cells[column], 0) | dots]
            self._tones[row][column] = tone

    def behind(self, column: int, text: str, tone: SpanTone) -> None:
        """A character in every row of a column where nothing is."""
        for cells, tones in zip(self._cells, self._tones, strict=True):
            if 0 <= column < self.columns and cells[column] == " ":
                cells[column], tones[column] = text, tone

    def tint(self, columns: Iterable[int], tone: SpanTone) -> None:
        """Gives all that is in these columns another tone."""
        for column in columns:
            if 0 <= column < self.columns:
                for tones in self._tones:
                    tones[column] = tone

    def line(self, row: int) -> Line:
        """A row, with neighbours of one tone as one span."""
        cells, tones = self._cells[row], self._tones[row]
        spans = []
        for tone, group in groupby(range(self.columns), key=tones.__getitem__):
            spans.append(Span("".join(cells[at] for at in group), tone))
        return tuple(spans)
