"""Where in time and latency one side has more operations than the other: a heat map of A minus B.

Each cell compares shares, log2((B + 1) / (A + 1) * n_A / n_B): n are all operations in the picture,
so a side that measured more of them has no more of it anywhere. A cell tells only where each side
is expected to have FEWEST operations, the least at which a chi-squared test is trusted (Cochran,
"Some methods for strengthening the common chi-squared tests", Biometrics 10, 1954), and where its
counts lie further apart than chance would have them in CHANCE standard errors. A letter says what
the colour says.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cortex_tui.analysis.over_time import OverTime
from cortex_tui.results.latency_rows import bounds_of_times, latency_rows
from cortex_tui.text import one_line
from cortex_tui.tui.render.heatmap import row_labels
from cortex_tui.tui.render.text import Line, Span, SpanTone, fit, fit_middle
from cortex_tui.tui.render.time_axis import (
    LABEL_WIDTH,
    LEAST_CELLS,
    axis_for,
    axis_line,
    clock_text,
    joined,
)
from cortex_tui.tui.render.upright import words

FEWEST = 5.0
CHANCE = 2.0
MORE, MUCH = math.log2(1.25), math.log2(4)
"""From which ratio a side has more in a cell, or much more."""
_BELOW = 3
"""Lines below the map: the axis and two of words."""
_LEAST_ROWS = 3
_NAME_MOST = 14

Counts = NDArray[np.int64]
Kinds = NDArray[np.int8]

NOTHING, UNSURE, ALIKE = 0, 1, 2
MUCH_A, MORE_A, MORE_B, MUCH_B = 3, 4, 5, 6
_DRAWN: dict[int, tuple[str, SpanTone]] = {
    NOTHING: (" ", "plain"),
    UNSURE: ("·", "dim"),
    ALIKE: ("=", "alike"),
    MUCH_A: ("A", "much-in-a"),
    MORE_A: ("a", "more-in-a"),
    MORE_B: ("b", "more-in-b"),
    MUCH_B: ("B", "much-in-b"),
}


def kinds_of(a: Counts, b: Counts) -> Kinds:
    """What each cell tells, of counts of both sides in the same cells."""
    total_a, total_b = int(a.sum()), int(b.sum())
    both = (a + b).astype(np.float64)
    found = np.where(both > 0, UNSURE, NOTHING).astype(np.int8)
    if not total_a or not total_b:
        return found
    share_a = total_a / (total_a + total_b)
    enough = both * min(share_a, 1 - share_a) >= FEWEST
    apart = (b * share_a - a * (1 - share_a)) / np.sqrt(
        np.maximum(both, 1) * share_a * (1 - share_a)
    )
    ratio = np.log2((b + 1) / (a + 1) * (total_a / total_b))
    certain = enough & (np.abs(apart) >= CHANCE)
    found[enough] = ALIKE
    found[certain & (ratio >= MORE)] = MORE_B
    found[certain & (ratio >= MUCH)] = MUCH_B
    found[certain & (ratio <= -MORE)] = MORE_A
    found[certain & (ratio <= -MUCH)] = MUCH_A
    return found


def difference_map(
    a: OverTime, b: OverTime, sides: tuple[str, str], width: int, height: int
) -> list[Line]:
    """`height` lines: x the time since measure began, as long as both sides measured; y latency,
    logarithmic."""
    cells, rows = width - LABEL_WIDTH, height - _BELOW
    if cells < LEAST_CELLS or rows < _LEAST_ROWS:
        return words("there is no room for the picture here", width)
    until_ns = min(a.last_ns, b.last_ns)
    axis = axis_for(until_ns, _column_ns(a, b, rows), cells)
    number = -(-until_ns // axis.column_ns)
    columns = a.columns(axis.column_ns, number), b.columns(axis.column_ns, number)
    bounds = bounds_of_times([*columns[0], *columns[1]])
    if bounds is None:
        return words("nothing was measured", width)
    latencies = latency_rows(*bounds, rows)
    counts = [np.array([latencies.counts_of(each) for each in side]).T for side in columns]
    kinds = np.repeat(kinds_of(*counts), axis.wide, axis=1)[::-1, : axis.cells].tolist()
    labels = row_labels(latencies, rows)
    lines: list[Line] = []
    for label, kinds_of_line in zip(labels, kinds, strict=True):
        texts, tones = zip(*(_DRAWN[kind] for kind in kinds_of_line), strict=True)
        lines.append((Span(label, "dim"), *joined(texts, tones)))
    lines.append((Span(" " * (LABEL_WIDTH - 1) + "└", "dim"), *axis_line(axis)))
    return [*lines, *_legend(sides, until_ns, width)]


def _column_ns(a: OverTime, b: OverTime, rows: int) -> int:
    """The least that a column may be long: such that its cells can tell, if its operations were
    spread evenly over half of them, but not more than lets the picture have some columns."""
    slice_ns = math.lcm(a.slice_ns, b.slice_ns)
    slices = max(1, min(a.last_ns, b.last_ns) // slice_ns)
    fewest = min(sum(each.total for each in side.times.values()) for side in (a, b))
    wanted = math.ceil(2 * FEWEST * rows * slices / max(1, fewest))
    return slice_ns * max(1, min(wanted, slices // LEAST_CELLS))


def _legend(sides: tuple[str, str], until_ns: int, width: int) -> list[Line]:
    a, b = (fit_middle(one_line(each), min(len(each), _NAME_MOST)) for each in sides)
    pieces = (
        ((MUCH_A, MORE_A), f" more in {a}"),
        ((ALIKE,), " as many"),
        ((MORE_B, MUCH_B), f" more in {b}"),
        ((UNSURE,), " too few"),
    )
    line = [Span(" ")]
    for kinds, text in pieces:
        line += [*(Span(*_DRAWN[kind]) for kind in kinds), Span(f"{text}   ", "dim")]
    how = f" shares of the first {clock_text(until_ns)} of each round; capitals: 4 times as many"
    return [tuple(line), (Span(fit(how, width), "dim"),)]
