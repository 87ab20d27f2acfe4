"""The time of a run along a line of cells: where its columns stand, round ticks, the part that is
looked at. Pictures of a run have it in common, so that one moment stands in one place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cortex_tui.results.series import TimeWindow
from cortex_tui.tables import Tone
from cortex_tui.tui.render.marks import MOMENT
from cortex_tui.tui.render.text import Line, Span, SpanTone

LABEL_WIDTH = 8
"""Of what stands to the left of the plot: a label, a blank and the upright axis."""
LEAST_CELLS = 10
"""With fewer, nothing is drawn."""
_LEAST_SLICES = 20
"""A run that has just begun does not fill the width, so that it need not be drawn anew at once."""
_STEPS_S = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800),
    *(21_600, 43_200, 86_400),
)
_GAP = 3
"""Cells that are at least between two ticks' texts."""


class TimeAxis(NamedTuple):
    """`cells` cells, from the beginning of measure on."""

    column_ns: int
    """A multiple of the length of a slice."""
    wide: int
    """The cells of a column: more than one only where each slice has its own."""
    cells: int

    @property
    def until_ns(self) -> int:
        """Where the axis ends."""
        return self.cells * self.column_ns // self.wide

    def cell_of(self, at_ns: int) -> int:
        """Of a moment: the first cell of its column, within the axis."""
        return max(0, min(at_ns // self.column_ns * self.wide, self.cells - 1))

    def column_at(self, cell: int) -> int:
        """The number of the column in a cell, or in the nearest that there is."""
        return max(0, min(cell, self.cells - 1)) // self.wide

    def columns(self, first: int, last: int) -> TimeWindow:
        """The time from one column to another, both included, in either order."""
        low, high = min(first, last), max(first, last)
        return TimeWindow(low * self.column_ns, (high + 1) * self.column_ns)


def axis_for(last_ns: int, slice_ns: int, cells: int) -> TimeAxis:
    """The axis on which a run up to `last_ns` takes as much room as whole columns can: as many
    slices a column as are needed, or as many cells a slice as there are.

    It stays the same until the run does not fit any more, so what is drawn stays where it is.
    """
    slices = max(-(-last_ns // max(1, slice_ns)), _LEAST_SLICES)
    cells = max(1, cells)
    each = -(-slices // cells)
    return TimeAxis(each * max(1, slice_ns), max(1, cells // slices), cells)


def clock_text(at_ns: int) -> str:
    """A moment of a run, such as `7.5s`, `1m30s` or `1h05m`."""
    seconds = round(at_ns / 1e9, 3)
    if seconds < 60:
        return f"{seconds:g}s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes:.0f}m{rest:02g}s" if rest else f"{minutes:.0f}m"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes:02d}m" if minutes else f"{hours}h"


def ticks(axis: TimeAxis) -> list[tuple[int, str]]:
    """Cells and texts of round moments, as many as there is room for."""
    for step_s in _STEPS_S:
        step_ns = round(step_s * 1e9)
        if step_ns % axis.column_ns and step_ns < axis.column_ns * 8:
            continue  # would stand at unequal distances
        moments = range(0, axis.until_ns, step_ns)
        if len(moments) > axis.cells:
            continue
        found = [(axis.cell_of(at_ns), clock_text(at_ns)) for at_ns in moments]
        starts = [cell for cell, _ in found[1:]] + [axis.cells + _GAP]
        # The text of the last may be cut off.
        if all(
            cell + 1 + len(text) + _GAP <= start
            for (cell, text), start in zip(found[:-1], starts, strict=False)
        ):
            return [(cell, text) for cell, text in found if cell + 1 + len(text) <= axis.cells]
    return [(0, clock_text(0))]


@lru_cache(maxsize=16)
def axis_line(
    axis: TimeAxis,
    *,
    window: TimeWindow | None = None,
    cursor: int | None = None,
    signs: tuple[tuple[int, str], ...] = (),
) -> Line:
    """The axis as a line: ticks, the window between brackets, `signs` at their cells, and the
    cursor's first cell as an arrow. Without the cells left of the plot. Kept, since it stays the
    same for many frames."""
    cells = ["─"] * axis.cells
    tones: list[Tone] = ["dim"] * axis.cells
    for cell, text in ticks(axis):
        cells[cell] = "┴"
        cells[cell + 1 : cell + 1 + len(text)] = text
    for cell, sign in signs:
        if 0 <= cell < axis.cells:
            cells[cell], tones[cell] = sign, "warn"
    if window is not None:
        _bracket(axis, window, cells, tones)
    if cursor is not None and 0 <= cursor < axis.cells:
        cells[cursor], tones[cursor] = MOMENT, "head"
    return joined(cells, tones)


def _bracket(axis: TimeAxis, window: TimeWindow, cells: list[str], tones: list[Tone]) -> None:
    if window.from_ns >= axis.until_ns:
        return
    first = axis.cell_of(window.from_ns)
    # A window need not end where a column does.
    last = axis.cell_of(max(window.from_ns, window.until_ns - 1)) + axis.wide - 1
    last = min(max(last, first + 1), axis.cells - 1)
    for cell in range(first, last + 1):
        tones[cell] = "warn"
        if cells[cell] in "─┴":
            cells[cell] = "═"
    cells[first], cells[last] = "[", "]"


def joined(cells: Sequence[str], tones: Sequence[SpanTone]) -> Line:
    """Cells as spans: neighbours of one tone together."""
    spans: list[Span] = []
    start = 0
    for at in range(1, len(cells) + 1):
        if at == len(cells) or tones[at] != tones[start]:
            spans.append(Span("".join(cells[start:at]), tones[start]))
            start = at
    return tuple(spans)
