"""Pictures that Textual has made, so that they look the same wherever they are opened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_TEXT = re.compile(r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)</text>')
_FONTS = "'Fira Code', 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
"""Whichever of them there is; each piece of text has its width in the picture."""

CELL, LINE = 12.2, 24.4
"""Width and height of a cell."""
BASELINE = 18.5
"""How far below the top of its line the y of a text is."""

_BLOCKS: dict[str, tuple[float, float, float, float]] = {
    **{"▁▂▃▄▅▆▇█"[n - 1]: (0.0, 1 - n / 8, 1.0, n / 8) for n in range(1, 9)},
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▌": (0.0, 0.0, 0.5, 1.0),
    "▐": (0.5, 0.0, 0.5, 1.0),
}
"""Characters that fill a part of their cell: left, top, width and height as shares of it."""
_BLANK = {"&#160;", " "}


def self_contained(svg: str) -> str:
    """The picture without fonts of another host, with blocks as rectangles: those of a font whose
    lines are lower than the picture's would leave gaps."""
    svg = _COMMENT.sub("", _FONT_FACE.sub("", svg)).replace("Fira Code, monospace", _FONTS)
    return _TEXT.sub(_with_rectangles, svg)


def _with_rectangles(match: re.Match[str]) -> str:
    """The same text, or rectangles where it has nothing but blocks."""
    kind, x, y, text = match.groups()
    characters = re.findall(r"&[^;]*;|.", text)
    known = all(each in _BLOCKS or each in _BLANK for each in characters)
    if not known or not any(each in _BLOCKS for each in characters):
        return match[0]
    return "".join(
        f'<rect class="{kind}" shape-rendering="crispEdges" '
        f'x="{float(x) + left * CELL:.2f}" y="{float(y) - BASELINE + top * LINE:.2f}" '
        f'width="{width * CELL:.2f}" height="{height * LINE:.2f}"/>'
        for left, top, width, height in _rectangles(characters)
    )


def _rectangles(characters: Sequence[str]) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, width and height in cells; equal blocks that touch are one rectangle."""
    column = 0
    for character, run in groupby(characters):
        count = len(list(run))
        if character in _BLOCKS:
            left, top, width, height = _BLOCKS[character]
            if width == 1:
                yield column, top, count, height
            else:
                yield from ((column + n + left, top, width, height) for n in range(count))
        column += count
