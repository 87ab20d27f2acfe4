"""Which columns the live table has at a given width, and how wide each is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

MARK_WIDTH = 5
"""Cursor, check box and a space: `▸[x] `."""
BOX = range(1, 4)
"""The cells of the check box."""


class Column(NamedTuple):
    """A column; one empty cell stands before each but the first.

    Unlike a column of `tables`, its width does not follow its cells: numbers that change must not
    move the columns next to them.
    """

    key: str
    title: str
    width: int
    left: bool = False
    """Whether its cells begin, and do not end, at one edge."""


class _Kind(NamedTuple):
    key: str
    title: str
    wide_title: str
    narrow: int
    wide: int
    goes: int = 0
    """Which column goes first where there is no room: the one with the highest number; 0 stays."""
    left: bool = False
    extra: bool = False
    """Whether it comes only where all others are wide."""


_NAME, _TREND, _VERSUS = "name", "trend", "versus"
_NAME_LEAST, _NAME_WIDE, _NAME_MOST = 12, 22, 48
_TREND_MOST = 40
_KINDS = (
    _Kind(_NAME, "profile", "profile", _NAME_LEAST, _NAME_WIDE, left=True),
    _Kind("phase", "phase", "phase", 5, 11, left=True),
    _Kind("operations", "ops", "operations", 5, 10, goes=2),
    _Kind("throughput", "ops/s", "throughput", 5, 10),
    _Kind("p50", "p50", "p50", 5, 6),
    _Kind("p75", "p75", "p75", 6, 6, goes=6, extra=True),
    _Kind("p90", "p90", "p90", 5, 6, goes=3),
    _Kind("p95", "p95", "p95", 6, 6, goes=5, extra=True),
    _Kind("p99", "p99", "p99", 5, 6),
    _Kind("p99.9", "p99.9", "p99.9", 5, 6),
    _Kind("p99.99", "p99.99", "p99.99", 6, 6, goes=7, extra=True),
    _Kind("max", "max", "max", 5, 6, goes=1),
    _Kind("errors", "err", "errors", 3, 6),
    _Kind("verdict", "T", "target", 3, 13, left=True),
    _Kind(_VERSUS, "vs", "vs", 8, 20, left=True),
    _Kind(_TREND, "trend", "p99 trend", 5, 12, goes=4),
)
_FIRST_TO_GROW = (
    (_NAME,),
    ("p50", "p90", "p99", "p99.9", "max"),
    ("phase",),
    ("verdict",),
    (_VERSUS,),
    ("errors",),
    (_TREND,),
    ("operations", "throughput"),
)


def columns_for(
    width: int, longest_name: int, *, versus: str = "", keep: str = ""
) -> tuple[Column, ...]:
    """The columns that fill a line of `width` cells, left to right.

    `versus` is the name of what runs are compared with; the column named `keep` does not give way.
    """
    kinds = [kind for kind in _KINDS if versus or kind.key != _VERSUS]
    widths = {kind.key: kind.narrow for kind in kinds if not kind.extra or kind.key == keep}

    def room() -> int:
        return width - MARK_WIDTH - sum(widths.values()) - (len(widths) - 1)

    for kind in sorted(kinds, key=lambda kind: -kind.goes):
        if room() >= 0 or not kind.goes:
            break
        if kind.key != keep:
            widths.pop(kind.key, None)
    wide = {kind.key: kind.wide for kind in _KINDS}
    wide[_NAME] = max(_NAME_LEAST, min(longest_name, _NAME_WIDE))
    for keys in _FIRST_TO_GROW:
        growing = [key for key in keys if key in widths]
        if sum(wide[key] - widths[key] for key in growing) <= room():
            widths.update((key, wide[key]) for key in growing)
    for kind in sorted((kind for kind in kinds if kind.extra), key=lambda kind: kind.goes):
        if kind.key not in widths and room() > kind.wide:
            widths[kind.key] = kind.wide
    widths[_NAME] += max(0, min(room(), min(longest_name, _NAME_MOST) - widths[_NAME]))
    if _TREND in widths:
        widths[_TREND] += max(0, min(room(), _TREND_MOST - widths[_TREND]))
    widths[_NAME] += room()
    return tuple(
        Column(kind.key, _title(kind, widths[kind.key], versus), widths[kind.key], kind.left)
        for kind in kinds
        if kind.key in widths
    )


def _title(kind: _Kind, width: int, versus: str) -> str:
    if kind.key == _VERSUS:
        return f"vs {versus}"
    return kind.wide_title if width >= len(kind.wide_title) else kind.title


def column_at(columns: Sequence[Column], x: int) -> Column | None:
    """The column in which a cell of the line is."""
    at = MARK_WIDTH
    for column in columns:
        if at <= x < at + column.width:
            return column
        at += column.width + 1
    return None


def sortable(columns: Iterable[Column]) -> list[str]:
    """The keys of those that rows can be sorted by."""
    return [column.key for column in columns if column.key != _TREND]
