"""The history of a profile as a picture: SVG without scripts, fonts or anything from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from cortex_tui.analysis.comparability import SHORT_COMMIT
from cortex_tui.analysis.series import History, Point, Step
from cortex_tui.report.history import (
    axis_of,
    commits_text,
    heading,
    newest_text,
    step_text,
    unit_of,
)
from cortex_tui.text import one_line

WIDTH, HEIGHT = 900, 350
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 60, 70
_INK, _FAINT, _SLOWER, _FASTER, _KNOWN = "#222222", "#999999", "#c0392b", "#1e8449", "#7f8c8d"


class _Axes:
    """Where a value and a session are, in pixels. Values are on a logarithmic axis."""

    def __init__(self, history: History) -> None:
        self.low, self.high = axis_of(history)
        self._count = len(history.points)

    def x(self, at: float) -> float:
        share = at / (self._count - 1) if self._count > 1 else 0.5
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (self.high - math.log(value)) / (self.high - self.low)
        return _TOP + share * (HEIGHT - _TOP - _BOTTOM)


def history_svg(history: History) -> str:
    """The whole document, as text; it ends with a line feed."""
    axes = _Axes(history)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{_INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_title(history),
        *_axis(history, axes),
        *_levels(history, axes),
        *(part for row, step in enumerate(history.steps) for part in _step(step, axes, row % 2)),
        *_points(history, axes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(history: History) -> Iterator[str]:
    title = _text(heading(history))
    yield f'<text x="{_LEFT}" y="24" font-size="15" font-weight="bold">{title}</text>'
    if history.newest is not None:
        yield f'<text x="{_LEFT}" y="42">{_text(newest_text(history.newest))}</text>'


def _axis(history: History, axes: _Axes) -> Iterator[str]:
    unit, bottom = unit_of(history.statistic), HEIGHT - _BOTTOM
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = math.exp(axes.low + share * (axes.high - axes.low))
        y = axes.y(value)
        yield (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" '
            f'stroke="{_FAINT}" stroke-width="0.3"/>'
        )
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_text(unit(value))}</text>'
    first, last = history.points[0], history.points[-1]
    yield f'<text x="{_LEFT}" y="{bottom + 54}">{_text(first.started_at[:10])}</text>'
    yield (
        f'<text x="{WIDTH - _RIGHT}" y="{bottom + 54}" text-anchor="end">'
        f"{_text(last.started_at[:10])}</text>"
    )


def _levels(history: History, axes: _Axes) -> Iterator[str]:
    bounds = [0, *(step.at for step in history.steps), len(history.points)]
    for number, level in enumerate(history.levels):
        left, right = axes.x(bounds[number]), axes.x(bounds[number + 1] - 1)
        y = axes.y(level)
        yield (
            f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" '
            f'stroke="{_INK}" stroke-width="1.5"/>'
        )


def _step(step: Step, axes: _Axes, row: int) -> Iterator[str]:
    """`row` is that of its text: neighbours must not lie on one another."""
    x = axes.x(step.at - 0.5)
    colour = _KNOWN if step.note else _SLOWER if step.word == "slower" else _FASTER
    note = f"; acknowledged: {step.note}" if step.note else ""
    yield (
        f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}" stroke="{colour}" '
        f'stroke-dasharray="4 3"><title>{_text(commits_text(step) + note)}</title></line>'
    )
    # Near the right edge the text would not fit behind the line.
    anchor, offset = ("end", -4) if x > WIDTH * 0.8 else ("start", 4)
    y = HEIGHT - _BOTTOM + 18 + 15 * row
    yield (
        f'<text x="{x + offset:.1f}" y="{y}" text-anchor="{anchor}" '
        f'fill="{colour}">{_text(step_text(step))}</text>'
    )


def _points(history: History, axes: _Axes) -> Iterator[str]:
    unit = unit_of(history.statistic)
    off = len(history.points) - (history.newest.count if history.newest else 0)
    for at, point in enumerate(history.points):
        yield (
            f'<circle cx="{axes.x(at):.1f}" cy="{axes.y(point.value):.1f}" r="3" '
            f'fill="{_INK if at < off else _SLOWER}">'
            f"<title>{_text(_description(point, unit(point.value)))}</title></circle>"
        )


def _description(point: Point, value: str) -> str:
    commit = f", commit {point.revision[:SHORT_COMMIT]}" if point.revision else ""
    return f"{value}, session {point.session}, {point.started_at}{commit}"


def _text(text: str) -> str:
    """Such that XML has it: no control characters, and no markup."""
    return escape(one_line(text))
