"""Which columns the live table has at a given width, and how wide each is."""

from __future__ import annotations

from typing import NamedTuple

MARK_WIDTH = 5
"""Cursor, check box and a space: `▸[x] `."""
BOX = range(1, 4)
"""The cells of the check box."""


class Column(NamedTuple):
    """A column; one empty cell stands before each but the first."""

    key: str
    title: str
    width: int


class _Kind(NamedTuple):
    key: str
    title: str
    wide_title: str
    narrow: int
    wide: int


_NAME = "name"
_NAME_LEAST, _NAME_WIDE, _NAME_MOST = 12, 22, 48
_TREND_MOST = 40
_KINDS = (
    _Kind(_NAME, "profile", "profile", _NAME_LEAST, _NAME_WIDE),
    _Kind("phase", "phase", "phase", 5, 11),
    _Kind("operations", "ops", "operations", 5, 10),
    _Kind("throughput", "ops/s", "throughput", 5, 10),
    _Kind("p50", "p50", "p50", 5, 6),
    _Kind("p90", "p90", "p90", 5, 6),
    _Kind("p99", "p99", "p99", 5, 6),
    _Kind("p99.9", "p99.9", "p99.9", 5, 6),
    _Kind("max", "max", "max", 5, 6),
    _Kind("errors", "err", "errors", 3, 6),
    _Kind("verdict", "T", "target", 3, 13),
    _Kind("versus", "vs", "vs", 8, 20),
    _Kind("trend", "trend", "p99 trend", 5, 12),
)
_FIRST_TO_GO = ("trend", "p90", "operations", "max")
"""Below 80 columns not everything fits; these go, in this order."""
_FIRST_TO_GROW = (
    (_NAME,),
    ("p50", "p90", "p99", "p99.9", "max"),
    ("phase",),
    ("verdict",),
    ("versus",),
    ("errors",),
    ("trend",),
    ("operations", "throughput"),
)


def columns_for(width: int, longest_name: int, *, versus: str = "") -> tuple[Column, ...]:
    """The columns that fill a line of `width` cells, left to right; `versus` is the name of what
    runs are compared with."""
    widths = {kind.key: kind.narrow for kind in _KINDS if versus or kind.key != "versus"}

    def room() -> int:
        return width - MARK_WIDTH - sum(widths.values()) - (len(widths) - 1)

    for key in _FIRST_TO_GO:
        if room() >= 0:
            break
        del widths[key]
    wide = {kind.key: kind.wide for kind in _KINDS}
    wide[_NAME] = max(_NAME_LEAST, min(longest_name, _NAME_WIDE))
    for keys in _FIRST_TO_GROW:
        growing = [key for key in keys if key in widths]
        if sum(wide[key] - widths[key] for key in growing) <= room():
            widths.update((key, wide[key]) for key in growing)
    widths[_NAME] += max(0, min(room(), min(longest_name, _NAME_MOST) - widths[_NAME]))
    if "trend" in widths:
        widths["trend"] += max(0, min(room(), _TREND_MOST - widths["trend"]))
    widths[_NAME] += room()
    return tuple(
        Column(
            kind.key,
            f"vs {versus}"
            if kind.key == "versus"
            else kind.wide_title
            if widths[kind.key] >= len(kind.wide_title)
            else kind.title,
            widths[kind.key],
        )
        for kind in _KINDS
        if kind.key in widths
    )
