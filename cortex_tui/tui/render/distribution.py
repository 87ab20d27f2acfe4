"""A distribution as lines of cells: a histogram with its modes named, and the share below. Pure.

Both have one logarithmic axis. A column is for whole bins, so that its count is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.log_bins import PER_OCTAVE, LogBins, Mode, edge_ns
from cortex_tui.tui.render.canvas import DOTS_ACROSS, DOTS_DOWN, Canvas
from cortex_tui.tui.render.curves import LETTERS, TONES
from cortex_tui.tui.render.text import Line, Span, SpanTone, width_of

LABEL_WIDTH, SHARE_WIDTH = 8, 8
"""Of the axis of counts on the left, and of that of shares on the right."""
MARKED = ("p50", "p95", "p99")
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LEAST_BINS = PER_OCTAVE // 2
"""That are on the axis: equal values do not fill it."""
_OFTEN = (0.001, 0.999)
"""The share of values below which, and above which, what there is need not be on the axis."""
_LEAST_COLUMNS, _LEAST_ROWS = 12, 2
_SIDE_BY_SIDE = 64
"""Cells from which on there is room for two pictures next to each other."""
_ABOVE = 20
"""Lines from which on there is room for two, one above the other."""
_GAP = 2
_STEPS = ((1,), (3,), (2, 5), (1.5, 4, 7), (1.1, 1.2, 1.3, 1.7, 2.5, 6, 8, 9))
"""Of round durations, those first that are on the axis wherever there is room."""
_BELOW = "share below"


class Distribution(NamedTuple):
    """What there is to draw."""

    bins: LogBins
    modes: tuple[Mode, ...]
    marks: tuple[tuple[str, int], ...]
    """Names of percentiles and their values in ns."""
    name: str
    """Whose times they are."""
    whole: bool
    """Whether the axis goes from the smallest to the greatest value."""


class _Axis(NamedTuple):
    """The columns of both pictures: `each` bins to a column, or `wide` columns to a bin."""

    first: int
    each: int
    wide: int
    columns: int

    @property
    def groups(self) -> int:
        """How many groups of bins there are, one to a column or to several."""
        return self.columns // self.wide

    def bin_at(self, column: float) -> float:
        """The bin that begins at a place along the columns."""
        return self.first + column / self.wide * self.each

    def column_of(self, ns: float) -> int:
        """The column of a duration; it may lie outside."""
        place = math.log2(max(ns, 1.0)) * PER_OCTAVE - self.first
        return math.floor(place / self.each * self.wide)


def distribution_of(run: RunResult, modes: tuple[Mode, ...], *, whole: bool) -> Distribution:
    """That of a run's headline time."""
    name = f"{run.profile.headline} time"
    if run.batch > 1:
        name += f" of batches of {format_count(run.batch)}"
    known = ((name, run.percentiles_ns.get(name)) for name in MARKED)
    marks = tuple((name, ns) for name, ns in known if ns is not None)
    return Distribution(run.shape.bins, modes, marks, name, whole)


def distribution_lines(of: Distribution, width: int, height: int) -> list[Line]:
    """`height` lines of at most `width` cells: what there is to read, and both pictures next to
    or above one another, or the histogram alone where there is not room for both."""
    room, ends = height - 1, _ends(of)
    lines: list[Line]
    if not of.bins.counts:
        return [()] * height
    if room >= _ABOVE:
        above = room * 3 // 5
        axis = _axis(ends, width - LABEL_WIDTH - SHARE_WIDTH)
        lines = [*_histogram(of, axis, above), *_below(of, axis, room - above)]
    elif width >= _SIDE_BY_SIDE:
        left = (width - _GAP) * 4 // 7
        right = width - _GAP - left
        bars = _histogram(of, _axis(ends, left - LABEL_WIDTH - SHARE_WIDTH), room)
        curve = _below(of, _axis(ends, right - LABEL_WIDTH), room)
        lines = [(*_padded(a, left + _GAP), *b) for a, b in zip(bars, curve, strict=True)]
    else:
        lines = _histogram(of, _axis(ends, width - LABEL_WIDTH - SHARE_WIDTH), room)
    return [_summary(of, ends, width), *lines][:height]


def _padded(line: Line, width: int) -> Line:
    used = sum(width_of(span.text) for span in line)
    return (*line, Span(" " * (width - used)))


def _summary(of: Distribution, ends: tuple[int, int], width: int) -> Line:
    """The modes by name, how many values there are, and how many of them are not on the axis."""
    spans = [Span(of.name, "head")]
    if len(of.modes) > 1:
        spans.append(Span(f"  {len(of.modes)} modes:", "warn"))
        for letter, tone, mode in _lettered(of.modes):
            at, share = format_duration(mode.at_ns), format_share(mode.share)
            spans.append(Span(f"  {letter} {at} {share}", tone))
    elif of.modes:
        spans.append(Span(f"  peak at {format_duration(of.modes[0].at_ns)}"))
    low, high = ends
    for count, edge, word in (
        (sum(of.bins.counts[max(0, high - of.bins.first) :]), high, "above"),
        (sum(of.bins.counts[: max(0, low - of.bins.first)]), low, "below"),
    ):
        if count:
            text = f"{format_count(count)} {word} {format_duration(edge_ns(edge))} (t)"
            spans.append(Span(f"  {text}", "dim"))
    spans.append(Span(f"  {of.bins.total:,} values", "dim"))
    kept: list[Span] = []
    for span in spans:
        width -= width_of(span.text)
        if width < 0:
            break
        kept.append(span)
    return tuple(kept)


def format_share(share: float) -> str:
    """At most six characters: `90 %`, `2.3 %`, `0.04 %`."""
    percent = 100 * share
    digits = 0 if percent >= 9.95 or not percent else 1 if percent >= 0.95 else 2
    return f"{percent:.{digits}f} %"


def _lettered(modes: Sequence[Mode]) -> list[tuple[str, SpanTone, Mode]]:
    return [
        (letter, TONES[number % len(TONES)], mode)
        for number, (letter, mode) in enumerate(zip(LETTERS, modes, strict=False))
    ]


def _ends(of: Distribution) -> tuple[int, int]:
    """The bins that are to be on the axis: from the first, up to the second without it."""
    bins = of.bins
    low, high = bins.first, bins.end
    if not of.whole:
        below = list(accumulate(bins.counts, initial=0))
        few, most = (share * bins.total for share in _OFTEN)
        low += max(0, sum(count <= few for count in below) - 1)
        high -= max(0, sum(count >= most for count in below) - 1)
    return low, max(high, low + 1)


def _axis(ends: tuple[int, int], columns: int) -> _Axis:
    low, high = ends
    columns = max(1, columns)
    if high - low < _LEAST_BINS:
        low = max(0, (low + high - _LEAST_BINS) // 2)
        high = low + _LEAST_BINS
    each = -(-(high - low) // columns)
    # Columns stay where they are while the greatest value grows.
    low -= low % each
    if low + each * columns < high:
        each += 1
        low -= low % each
    return _Axis(low, each, max(1, columns // (high - low)), columns)


def _histogram(of: Distribution, axis: _Axis, height: int) -> list[Line]:
    """Bars of the counts, the letters of modes above them, percentiles and durations below."""
    columns, rows = axis.columns, height - 2
    if columns < _LEAST_COLUMNS or rows < _LEAST_ROWS:
        return [()] * height
    counts = of.bins.grouped(axis.first, axis.each, axis.groups)
    canvas = Canvas(columns, rows)
    several = _lettered(of.modes) if len(of.modes) > 1 else []
    # The letters of modes stand above the bars.
    tall = rows - bool(several)
    most, total = max(counts), of.bins.total
    tops = [0] * columns
    for group, count in enumerate(counts):
        eighths = max(1, round(count / most * tall * 8)) if count else 0
        tone = _tone_at(several, edge_ns(axis.first + (group + 0.5) * axis.each))
        for column in range(group * axis.wide, (group + 1) * axis.wide):
            for row in range(-(-eighths // 8)):
                cell = _EIGHTHS[min(8, eighths - row * 8)]
                canvas.put(rows - 1 - row, column, cell, tone)
            tops[column] = -(-eighths // 8)
    for letter, tone, mode in several:
        column = min(max(0, axis.column_of(mode.at_ns)), columns - 1)
        canvas.put(rows - 1 - tops[column], column, letter, tone)
    lefts, rights = [""] * rows, [""] * rows
    for row in {rows - tall, rows - 1 - tall // 2, rows - 1}:
        part = (rows - row) / tall if row < rows - 1 else 0.0
        lefts[row] = format_count(round(most * part))
        rights[row] = format_share(most * part / total)
    lines: list[Line] = [
        (
            Span(left.rjust(LABEL_WIDTH - 2) + (" ┤" if left else " │"), "dim"),
            *canvas.line(row),
            Span(("├ " if right else "│ ") + right, "dim"),
        )
        for row, (left, right) in enumerate(zip(lefts, rights, strict=True))
    ]
    return [*lines, _marks_line(of, axis), _ticks_line(axis)]


def _tone_at(several: Sequence[tuple[str, SpanTone, Mode]], ns: float) -> SpanTone:
    """That of the mode in which a duration lies."""
    tones = [tone for _, tone, mode in several if mode.from_ns <= ns]
    return tones[-1] if tones else "plain"


def _below(of: Distribution, axis: _Axis, height: int) -> list[Line]:
    """Which share of the values lies below each duration: the empirical distribution."""
    columns, rows = axis.columns, height - 2
    if columns < _LEAST_COLUMNS or rows < _LEAST_ROWS:
        return [()] * height
    canvas = Canvas(columns, rows)
    counts = of.bins.counts
    below = list(accumulate(counts, initial=0))
    dots = []
    for x in range(columns * DOTS_ACROSS):
        place = axis.bin_at((x + 0.5) / DOTS_ACROSS) - of.bins.first
        at = math.floor(place)
        if 0 <= at < len(counts):
            share = (below[at] + counts[at] * (place - at)) / below[-1]
        else:
            share = float(at >= 0)
        dots.append(round((1 - share) * (rows * DOTS_DOWN - 1)))
    canvas.curve(dots, "plain")
    labels = [""] * rows
    for row in {0, rows - 1} | ({rows // 2} if rows % 2 else set()):
        labels[row] = format_share(1 - row / (rows - 1))
    for row in range(rows):
        at = canvas.find(row, width_of(_BELOW) + 2)
        if at >= 0:
            canvas.put(row, at + 1, _BELOW, "dim")
            break
    lines: list[Line] = [
        (Span(label.rjust(LABEL_WIDTH - 2) + (" ┤" if label else " │"), "dim"), *canvas.line(row))
        for row, label in enumerate(labels)
    ]
    return [*lines, _marks_line(of, axis), _ticks_line(axis)]


def _marks_line(of: Distribution, axis: _Axis) -> Line:
    """The axis, with the percentiles where they lie."""
    canvas, free = Canvas(axis.columns, 1), 0
    canvas.put(0, 0, "─" * axis.columns, "dim")
    for name, ns in of.marks:
        column = axis.column_of(ns)
        if free <= column < axis.columns:
            room = axis.columns - column > len(name)
            text = f"▲{name}" if room else "▲"
            canvas.put(0, column, text, "plain")
            free = column + len(text)
    return (Span(" " * LABEL_WIDTH), *canvas.line(0))


def _ticks_line(axis: _Axis) -> Line:
    """Round durations under the axis, as many as there is room for."""
    cells = [" "] * axis.columns
    low, high = (edge_ns(axis.bin_at(column)) for column in (0, axis.columns))
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    free: list[tuple[int, int]] = []
    for steps in _STEPS:
        for ns in sorted(step * 10**exponent for step in steps for exponent in exponents):
            if not low <= ns < high:
                continue
            text = "╵" + _round_text(ns)
            at = axis.column_of(ns)
            end = at + len(text)
            if end <= axis.columns and all(end < a or at > b for a, b in free):
                cells[at:end] = text
                free.append((at, end))
    return (Span(" " * LABEL_WIDTH + "".join(cells), "dim"),)


def _round_text(ns: float) -> str:
    """`50µs`, `1.5ms`: without digits that a round number does not need."""
    text = format_duration(ns)
    number = text.rstrip("nsµmh")
    unit = text[len(number) :]
    return (number.rstrip("0").rstrip(".") if "." in number else number) + unit
