"""Tables of text: a row for each thing, and only as many columns as the terminal has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from cortex_tui.report.stream import Tone, toned
from cortex_tui.text import cell_width, one_line

_GAP = "  "
T = TypeVar("T")


class Cell(NamedTuple):
    text: str
    tone: Tone | None = None


class Column(NamedTuple, Generic[T]):
    title: str
    cell: Callable[[T], Cell]
    goes: int = 0
    """Which column goes first where there is no room: the one with the highest number; 0 stays."""
    left: bool = False
    """Whether its cells begin, and do not end, at one edge."""


def table(
    columns: Sequence[Column[T]], things: Sequence[T], width: int, *, colour: bool
) -> list[str]:
    """The lines of the table, title line first; wider than `width` only where a name is."""
    columns = list(columns)
    while True:
        cells = [[column.cell(thing) for column in columns] for thing in things]
        widths = [
            max(len(column.title), *(cell_width(one_line(row[at].text)) for row in cells))
            for at, column in enumerate(columns)
        ]
        dispensable = [column for column in columns if column.goes]
        if sum(widths) + len(_GAP) * (len(widths) - 1) <= width or not dispensable:
            break
        columns.remove(max(dispensable, key=lambda column: column.goes))
    title = [Cell(column.title, "dim") for column in columns]
    return [_line(columns, row, widths, colour=colour) for row in (title, *cells)]


def _line(
    columns: Sequence[Column[T]], row: Sequence[Cell], widths: Sequence[int], *, colour: bool
) -> str:
    texts = []
    for column, cell, width in zip(columns, row, widths, strict=True):
        text = one_line(cell.text)
        fill = " " * (width - cell_width(text))
        shown = toned(text, cell.tone, colour=colour)
        texts.append(shown + fill if column.left else fill + shown)
    return _GAP.join(texts).rstrip()
