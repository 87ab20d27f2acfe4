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
    lines = [list(titles), *([one_line(cell) for cell in row] for row in rows)]
    if len(lines) == 1:
        return []
    columns = [
        column
        for column in zip(*lines, strict=True)
        if column[0] not in optional or any(column[1:])
    ]
    aligned = [_aligned(column, right=column[0] in right) for column in columns]
    return [_GAP.join(cells).rstrip() for cells in zip(*aligned, strict=True)]


def _aligned(column: Sequence[str], *, right: bool) -> list[str]:
    widths = [cell_width(cell) for cell in column]
    whole = max(widths)
    fills = (" " * (whole - width) for width in widths)
    if right:
        return [fill + cell for cell, fill in zip(column, fills, strict=True)]
    return [cell + fill for cell, fill in zip(column, fills, strict=True)]
