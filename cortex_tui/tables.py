"""Tables of text, for commands, the report and the screen: columns of their cells' width.

Cells are text: whatever is in them, they stay on their line, and wide characters keep their column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

from cortex_tui.text import cell_width, one_line

GAP = "  "
"""Between two columns."""

Tone = Literal["plain", "dim", "head", "good", "bad", "warn"]
"""What a piece of text means; whoever shows it gives it a colour, its words say it without one."""

Row = TypeVar("Row")


class Cell(NamedTuple):
    text: str
    tone: Tone = "plain"


class Column(NamedTuple, Generic[Row]):
    """A column of a table of which each line is made from a `Row`."""

    title: str
    cell: Callable[[Row], Cell]
    goes: int = 0
    """Which column goes first where there is no room: the one with the highest number; 0 stays."""
    left: bool = False
    """Whether its cells begin, and do not end, at one edge."""
    least: int = 0
    """The cells that it takes at least: a table that is drawn again and again must not jump."""


def table(
    columns: Sequence[Column[Row]], rows: Iterable[Row], width: int, gap: str = GAP
) -> list[tuple[Cell, ...]]:
    """The padded cells of each line, titles first; `gap` is to go between them.

    Wider than `width` only where the columns that stay are.
    """
    rows = list(rows)
    fitting = list(columns)
    while True:
        cells = [[column.cell(row) for row in rows] for column in fitting]
        padded = [
            aligned(
                [column.title, *(cell.text for cell in of)],
                right=not column.left,
                least=column.least,
            )
            for column, of in zip(fitting, cells, strict=True)
        ]
        needed = sum(cell_width(texts[0]) for texts in padded) + len(gap) * (len(padded) - 1)
        dispensable = [column for column in fitting if column.goes]
        if needed <= width or not dispensable:
            break
        fitting.remove(max(dispensable, key=lambda column: column.goes))
    tones: list[list[Tone]] = [["dim", *(cell.tone for cell in of)] for of in cells]
    lines = zip(zip(*padded, strict=True), zip(*tones, strict=True), strict=True)
    return [tuple(map(Cell, texts, of)) for texts, of in lines]


def table_lines(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> list[str]:
    """Lines of plain text, titles first; none where there are no rows.

    Columns named in `right` end at one edge. Those named in `optional` are left out where no row
    has anything in them.
    """
    columns = [
        [title, *cells] for title, cells in zip(titles, zip(*rows, strict=True), strict=False)
    ]
    kept = [column for column in columns if column[0] not in optional or any(column[1:])]
    padded = [aligned(column, right=column[0] in right) for column in kept]
    return [GAP.join(cells).rstrip() for cells in zip(*padded, strict=True)]


def aligned(column: Sequence[str], *, right: bool = False, least: int = 0) -> list[str]:
    """The cells of a column, all as wide as the widest, and at least `least` wide."""
    # Looked at as a whole: lists of 10,000 sessions are mostly plain text.
    text = "".join(column)
    if text.isascii() and text.isprintable():
        width = max(least, max(map(len, column), default=0))
        return [cell.rjust(width) if right else cell.ljust(width) for cell in column]
    # Each different text once: most columns of such lists have few of them.
    cells = {cell: one_line(cell) for cell in set(column)}
    widths = {cell: cell_width(shown) for cell, shown in cells.items()}
    widest = max(least, *widths.values())
    for cell, shown in cells.items():
        fill = " " * (widest - widths[cell])
        cells[cell] = fill + shown if right else shown + fill
    return [cells[cell] for cell in column]
