"""Builds lines of text for one width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cortex_tui.tables import Column, Row, Tone, table
from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Line, Span, fit, width_of, wrap

LABEL_WIDTH = 10
CELL_WIDTH = 24


class LineBuilder:
    """Collects lines. Whatever is added has its control characters made visible, and is wrapped."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Line] = []

    def add(self, text: str, tone: Tone = "plain", indent: str = "") -> None:
        self.lines += [(Span(line, tone),) for line in wrap(one_line(text), self.width, indent)]

    def row(self, line: Line) -> None:
        """A line of the program's own words, cut where the width ends."""
        left = self.width
        kept: list[Span] = []
        for text, tone in line:
            kept.append(Span(text if width_of(text) <= left else fit(text, left), tone))
            left -= width_of(kept[-1].text)
        self.lines.append(tuple(kept))

    def fact(self, label: str, text: str, tone: Tone = "plain") -> None:
        """`label` in a column of its own, the text wrapped next to it, or below a longer label."""
        if width_of(label) >= LABEL_WIDTH:
            self.lines.append((Span(label, "dim"),))
            label = ""
        for line in wrap(one_line(text), max(8, self.width - LABEL_WIDTH)):
            self.lines.append((Span(label.ljust(LABEL_WIDTH), "dim"), Span(line, tone)))
            label = ""

    def block(self, text: str, tone: Tone = "plain") -> None:
        """Text of several lines."""
        for line in text.rstrip("\n").split("\n"):
            self.add(line, tone, indent="  ")

    def table(self, columns: Sequence[Column[Row]], rows: Iterable[Row], gap: str) -> None:
        """As many of the columns as there is room for, with `gap` between them."""
        for cells in table(columns, rows, self.width, gap):
            spans = [Span(gap * bool(at) + text, tone) for at, (text, tone) in enumerate(cells)]
            self.row(tuple(spans))

    def pairs(self, cells: list[Line]) -> None:
        """Cells side by side, as many as fit, with a blank between them at least."""
        widest = max((sum(width_of(span.text) for span in cell) for cell in cells), default=0)
        cell_width = max(CELL_WIDTH, widest + 1)
        across = max(1, (self.width + 1) // cell_width)
        for at in range(0, len(cells), across):
            line: list[Span] = []
            for cell in cells[at : at + across]:
                used = sum(width_of(span.text) for span in cell)
                line += [*cell, Span(" " * (cell_width - used))]
            self.lines.append(tuple(line))
