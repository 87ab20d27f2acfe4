"""Text as it goes to the screen: literal, and of an exact width in cells.

Names, errors and log lines come from outside. They are never read as markup, and `text.one_line`
shows a control character in them, so that no terminal obeys it.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from cortex_tui.tables import Tone

Series = Literal["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"]
"""The tones of several curves in one picture; what they are is also told by a letter on each."""
Share = Literal["much-in-a", "more-in-a", "alike", "more-in-b", "much-in-b"]
"""The tones of cells that have colours of their own behind them: which of two sides has more
there, which the letter in the cell says, too."""
SpanTone = Tone | Series | Share


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    tone: SpanTone = "plain"


Line = tuple[Span, ...]

# What the screen is mostly made of; each is one cell wide. Measuring such text with a pattern takes
# a fraction of asking for the width of each of its characters.
_SINGLE = re.compile(r"[ -~–…·µ✓✗→─-▿⠀-⣿]*")


def width_of(text: str) -> int:
    """The cells that a text takes."""
    return len(text) if _SINGLE.fullmatch(text) else cell_len(text)


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: padded on the right, or cut with `…` at the end."""
    if width <= 0:
        return ""
    if _SINGLE.fullmatch(text):
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def fit_within(text: str, width: int) -> str:
    """At most `width` cells, cut with `…` at the end."""
    return text if width_of(text) <= width else fit(text, width)


def fit_right(text: str, width: int) -> str:
    """Exactly `width` cells: padded on the left, or cut with `…` at the end."""
    missing = width - width_of(text)
    return " " * missing + text if missing >= 0 else fit(text, width)


def fit_middle(text: str, width: int) -> str:
    """Exactly `width` cells, cut in the middle.

    Names of benchmarks differ at both ends: `conversation-read`, `conversation-write`.
    """
    if width_of(text) <= width or width < 5:
        return fit(text, width)
    tail = (width - 1) // 2
    end = text[-tail:]
    while width_of(end) > tail:
        end = end[1:]
    return set_cell_size(text, width - 1 - width_of(end)) + "…" + end


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any; later ones indented."""
    lines: list[str] = []
    rest = text.rstrip()
    while width_of(rest) > width > len(indent) + 1:
        head = chop_cells(rest[:width], width)[0]
        at = len(head)
        if rest[at] != " " and (space := head.rfind(" ", len(indent) + 1)) > 0:
            at = space
        lines.append(rest[:at])
        rest = indent + rest[at:].lstrip(" ")
    lines.append(rest)
    return lines
