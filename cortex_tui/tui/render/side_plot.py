"""All sides of a comparison for one profile: their curves over each other, or a line for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cortex_tui.analysis.close_up import SideCurve, SideShape
from cortex_tui.analysis.shift import FEWEST_ROUNDS
from cortex_tui.quantities import format_duration
from cortex_tui.results.run_result import CurvePoint
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.error_bars import ErrorBar
from cortex_tui.tui.render.marks import BAND, GAP
from cortex_tui.tui.render.percentile_plot import Key, Plot, Trace, percentile_plot
from cortex_tui.tui.render.text import Line, Span, SpanTone, fit, fit_middle

_NAME_MOST = 24
_MARKS = {"p50": "│", "p95": "◆", "p99": "▲"}
_BLOCKS = "▁▂▃▄▅▆▇█"


def curves_plot(
    a: SideCurve, b: SideCurve, sides: tuple[str, str], width: int, height: int
) -> list[Line]:
    """Both percentile curves, the gap between them shaded, and the bands of their own errors."""
    names = [fit_middle(name, min(len(name), _NAME_MOST)) for name in map(one_line, sides)]
    keys = [Key(f"A {names[0]}", "series-1"), Key(f"B {names[1]}", "plain"), Key(f"{GAP} gap")]
    bands = tuple(_bars(each) for each in (a, b))
    if any(bands):
        keys.append(Key(f"{BAND} 95 % of each side alone"))
    if few := [name for name, each in (("A", a), ("B", b)) if each.few_rounds]:
        of = "" if len(few) > 1 else f" of {few[0]}"
        keys.append(Key(f"no band{of}: it needs {FEWEST_ROUNDS} rounds or more"))
    plot = Plot(
        traces=(_trace(a, "A", "series-1"), _trace(b, "B", "plain")),
        gap=True,
        bands=bands,
        keys=tuple(keys),
    )
    return percentile_plot(plot, width, height)


def _trace(curve: SideCurve, letter: str, tone: SpanTone) -> Trace:
    points = [CurvePoint(nines, value) for nines, value in curve.points]
    return Trace(points, curve.sure, curve.max_ns, tone, letter)


def _bars(curve: SideCurve) -> tuple[ErrorBar, ...]:
    return tuple(
        ErrorBar(each.nines, round(each.low_ns), round(each.high_ns)) for each in curve.bars
    )


def sides_plot(
    shapes: Mapping[str, SideShape | None], current: Sequence[str], width: int
) -> list[Line]:
    """A line for each side, on one logarithmic axis: blocks that are as high as much of it lies
    there, and marks at percentiles. Those that are compared now stand out."""
    known = [each for each in shapes.values() if each is not None]
    name_width = min(_NAME_MOST, max((len(one_line(name)) for name in shapes), default=0))
    columns = width - name_width - 2
    if not known or columns < 10:
        return [(Span("nothing was measured" if not known else "there is no room here", "dim"),)]
    values = [value for each in known for value in _values(each)]
    low, high = math.log(max(min(values), 1)), math.log(max(*values, 2))
    if high - low < math.log(1.5):
        middle = (high + low) / 2
        low, high = middle - math.log(1.5) / 2, middle + math.log(1.5) / 2

    def cell(value_ns: float) -> int:
        return round((math.log(max(value_ns, 1)) - low) / (high - low) * (columns - 1))

    lines: list[Line] = []
    for name, shape in shapes.items():
        tone: Tone = "head" if name in current else "plain"
        label = fit_middle(one_line(name), name_width)
        if shape is None:
            lines.append((Span(label, tone), Span("  was not measured here", "dim")))
            continue
        blocks, marks = [" "] * columns, [" "] * columns
        for depth, box in enumerate(shape.boxes):
            height = max(0, len(_BLOCKS) - 1 - 2 * depth)
            for at in range(cell(box.low_ns), cell(box.high_ns) + 1):
                if blocks[at] == " ":
                    blocks[at] = _BLOCKS[height]
        for percentile, value in reversed(shape.percentiles.items()):
            marks[cell(value)] = _MARKS[percentile]
        lines.append((Span(label, tone), Span("  " + "".join(blocks))))
        lines.append((Span(" " * (name_width + 2)), Span("".join(marks), tone)))
    left, right = format_duration(math.exp(low)), format_duration(math.exp(high))
    axis = f"{left}{right:>{columns - len(left)}}"
    lines.append((Span(" " * (name_width + 2) + axis, "dim"),))
    marks_text = "  ".join(f"{mark} {name}" for name, mark in _MARKS.items())
    text = f"{marks_text}  █ the middle half, ▆ 3/4, ▄ 7/8, ▂ 15/16, ▁ beyond"
    lines.append((Span(fit(text, width), "dim"),))
    return lines


def _values(shape: SideShape) -> list[int]:
    ends = [value for box in shape.boxes for value in (box.low_ns, box.high_ns)]
    return [shape.median_ns, *ends, *shape.percentiles.values()]
