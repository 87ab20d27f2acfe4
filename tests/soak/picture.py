"""The samples of a soak over its time, as a picture: SVG that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.soak.flatness import MB, binned

WIDTH = 960
_LEFT, _RIGHT, _TOP, _PANEL, _GAP = 64, 170, 56, 170, 44
_INK, _FAINT = "#222222", "#bbbbbb"
_COLOURS = ("#1f5fa8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a8b", "#555555")
_MARKS = {
    "runner killed": "#c0392b",
    "workbench killed": "#c0392b",
    "terminal closed": "#c0392b",
    "disk full": "#8e44ad",
    "clock stepped": "#b9770e",
    "runner suspended": "#1f5fa8",
    "workbench suspended": "#1f5fa8",
    "terminal not read": "#1e8449",
    "terminal resized": "#999999",
}
"""The faults that are marked, and their colours."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over the same time."""

    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    """Seconds and values by what they are of."""
    dots: bool = False
    """Whether the values are apart from each other, and not a line."""


def picture(
    heading: str, panels: Sequence[Panel], faults: Sequence[tuple[float, str]], length_s: float
) -> str:
    """The whole document. `faults` are seconds and kinds."""
    height = _TOP + len(panels) * (_PANEL + _GAP) + 40
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" fill="{_INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="15" font-weight="bold">{escape(heading)}</text>',
    ]
    for number, panel in enumerate(panels):
        top = _TOP + number * (_PANEL + _GAP)
        parts += _panel(panel, top, faults, length_s)
    parts += [*_times(_TOP + len(panels) * (_PANEL + _GAP) - _GAP, length_s), *_legend(height)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(at_s: float, length_s: float) -> float:
    return _LEFT + at_s / length_s * (WIDTH - _LEFT - _RIGHT)


def _panel(
    panel: Panel, top: int, faults: Sequence[tuple[float, str]], length_s: float
) -> Iterator[str]:
    lines = {name: list(line) if panel.dots else binned(line) for name, line in panel.lines.items()}
    most = max((value for line in lines.values() for _, value in line), default=1.0) * 1.1 or 1.0
    bottom = top + _PANEL
    yield f'<text x="{_LEFT}" y="{top - 8}">{escape(panel.title)}</text>'
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = bottom - share * _PANEL
        yield (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" '
            f'stroke="{_FAINT}" stroke-width="0.4"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{share * most:.3g} {panel.unit}</text>"
        )
    for at_s, kind in faults:
        if kind in _MARKS:
            x = _x(at_s, length_s)
            yield (
                f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{_MARKS[kind]}" '
                f'stroke-width="0.5" stroke-opacity="0.7"><title>{escape(kind)}, '
                f"{at_s:.0f} s</title></line>"
            )
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [
            f"{_x(at_s, length_s):.1f},{bottom - value / most * _PANEL:.1f}" for at_s, value in line
        ]
        if panel.dots:
            places = (point.split(",") for point in points)
            yield from (f'<circle cx="{x}" cy="{y}" r="1.5" fill="{colour}"/>' for x, y in places)
        else:
            yield (
                f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
                'stroke-width="1.4"/>'
            )
        y = top + 12 + 16 * number
        yield f'<text x="{WIDTH - _RIGHT + 8}" y="{y}" fill="{colour}">{escape(name)}</text>'


def _times(bottom: int, length_s: float) -> Iterator[str]:
    for share in (0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1):
        yield (
            f'<text x="{_x(share * length_s, length_s):.1f}" y="{bottom + 16}" '
            f'text-anchor="middle">{share * length_s / 60:.3g} min</text>'
        )


def _legend(height: int) -> Iterator[str]:
    x = float(_LEFT)
    words = {
        "killed or closed": "#c0392b",
        "disk full": "#8e44ad",
        "clock stepped": "#b9770e",
        "process suspended": "#1f5fa8",
        "terminal not read": "#1e8449",
        "terminal resized": "#999999",
    }
    for text, colour in words.items():
        yield (
            f'<line x1="{x:.0f}" y1="{height - 20}" x2="{x:.0f}" y2="{height - 8}" '
            f'stroke="{colour}" stroke-width="2"/><text x="{x + 6:.0f}" y="{height - 10}">'
            f"{text}</text>"
        )
        x += 24 + 7 * len(text)


def in_mb(series: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(at_s, value / MB) for at_s, value in series]
