"""The colours and characters of a heat map's levels.

Colours: viridis by Nathaniel Smith and Stéfan van der Walt (matplotlib, 2015, CC0), which rises
evenly in lightness, so that colour-blind people see the same order. Eight of its 256 colours, at
equal steps of CIE L*: from 36 to 91 on dark, where darker ones would not differ from the
background, and from 76 down to 18 on light. With 256 colours they are eight different ones, too.
"""

from __future__ import annotations

ON_DARK = (
    *("#3a538b", "#2e6f8e", "#23888e", "#1fa187"),
    *("#3aba76", "#70cf57", "#b8de29", "#fde725"),
)
"""From the fewest to the most."""
ON_LIGHT = (
    *("#7cd250", "#3dbc74", "#1fa287", "#24878e"),
    *("#2f6c8e", "#3c4f8a", "#472f7d", "#470e61"),
)
SHADES = ".:-=+*#"
"""In place of colours; nothing is a blank."""

_BRIGHT_FROM = 4
"""Of the levels on dark, counted from 1, the first on which black text is read better."""


def text_on(level: int, *, dark: bool) -> str:
    """The colour of a sign on a level; 0 is the background."""
    bright = level >= _BRIGHT_FROM if dark else 0 <= level <= len(ON_LIGHT) - _BRIGHT_FROM
    return "#000000" if bright else "#ffffff"
