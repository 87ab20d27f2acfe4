"""Text that can be read in light themes and in those of the terminal's own colours."""

from __future__ import annotations

from typing import get_args

import pytest

from cortex_tui.tables import Tone
from cortex_tui.tui.config.model import Config
from cortex_tui.tui.render.text import Series, Share, SpanTone
from cortex_tui.tui.widgets.tones import Highlight
from tests.tui.samples import finished
from tests.tui.stand_in import bench

TONES: tuple[SpanTone, ...] = (*get_args(Tone), *get_args(Series), *get_args(Share))
LEAST_CONTRAST = 3.0
"""Of WCAG 2.1 for large text: a terminal's letters are as large as a person wants."""


def luminance(color: tuple[int, int, int]) -> float:
    parts = [each / 255 for each in color]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """As WCAG 2.1 defines it: from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "atom-one-light"])
@pytest.mark.parametrize("highlight", ["", "cursor", "selected"])
async def test_every_tone_differs_from_what_is_behind_it(theme: str, highlight: Highlight) -> None:
    async with bench(config=Config(theme=theme)) as b:
        await b.show(finished())
        for tone in TONES:
            style = b.main.table.tone_style(tone, highlight)
            assert style.color is not None
            assert style.bgcolor is not None
            found = contrast(style.color.get_truecolor(), style.bgcolor.get_truecolor())
            assert found >= LEAST_CONTRAST, f"{tone}: {found:.2f}"


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_the_cursor_has_one_colour_where_those_are_the_terminals(theme: str) -> None:
    async with bench(config=Config(theme=theme)) as b:
        await b.show(finished())
        style_of = b.main.table.tone_style
        assert {style_of(tone, "cursor") for tone in TONES} == {style_of("plain", "cursor")}
        assert style_of("bad") != style_of("plain")
