"""Plain tables on stdout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cortex_tui.text import cell_width, one_line

_GAP = "  "


def table_lines(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> list[str]:
    """Aligned lines, titles first; none where there are no rows.

    Columns named in `right` end at one edge. Those named in `optional` are left out where no row
    has anything in them. Cells are text: whatever is in them, they stay on their line.
    """
    columns = [
        [title, *cells] for title, cells in zip(titles, zip(*rows, strict=True), strict=False)
    ]
    kept = [column for column in columns if column[0] not in optional or any(column[1:])]
    aligned = [_aligned(column, right=column[0] in right) for column in kept]
    return [_GAP.join(cells).rstrip() for cells in zip(*aligned, strict=True)]


def _aligned(column: list[str], *, right: bool) -> list[str]:
    # Looked at as a whole: lists of 10,000 sessions are mostly plain text.
    text = "".join(column)
    if text.isascii() and text.isprintable():
        width = max(map(len, column))
        return [cell.rjust(width) if right else cell.ljust(width) for cell in column]
    cells = [one_line(cell) for cell in column]
    widths = [cell_width(cell) for cell in cells]
    widest = max(widths)
    fills = [" " * (widest - width) for width in widths]
    return [fill + cell if right else cell + fill for cell, fill in zip(cells, fills, strict=True)]
