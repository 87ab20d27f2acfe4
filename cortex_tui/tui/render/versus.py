"""How a run compares with the baseline: a few cells in its row, and a line in its details."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cortex_tui.tables import Tone
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Span, fit

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import BaselineVerdict
    from cortex_tui.analysis.verdict import Judgement, Word

_TIMES_FROM = 2.0
"""From this ratio on, it is easier to read than a percentage."""
_WIDE = 15
"""From this number of cells on, the verdict is a word."""


class _Mark(NamedTuple):
    glyph: str
    word: str
    tone: Tone


MARKS: dict[Word, _Mark] = {
    "slower": _Mark("▲", "slower", "bad"),
    "faster": _Mark("▼", "faster", "good"),
    "same": _Mark("=", "same", "plain"),
    "more": _Mark("▲", "more errors", "bad"),
    "fewer": _Mark("▼", "fewer errors", "good"),
    "cannot tell": _Mark("?", "cannot tell", "warn"),
}


def short_change(judgement: Judgement | None) -> str:
    """Of the ratio of two times, such as `+8.4%` or `x2.3`; "" where it is not known."""
    if judgement is None or judgement.ratio is None:
        return ""
    ratio = judgement.ratio
    if ratio >= 1_000:
        return "x1k+"
    if ratio >= _TIMES_FROM:
        return f"x{ratio:.3g}" if ratio < 100 else f"x{ratio:.0f}"
    percent = 100 * (ratio - 1)
    text = f"{percent:+.1f}" if abs(percent) < 9.95 else f"{percent:+.0f}"
    return f"{'0.0' if float(text) == 0 else text}%"


def versus_cell(verdict: BaselineVerdict | None, width: int) -> Span:
    """`▲ slower +8.4%`, in few cells `▲+8.4%`. What is not final yet has `…` behind it."""
    if verdict is None:
        return Span(" " * width)
    glyph, word, tone = MARKS[verdict.word]
    change = "" if verdict.errors is not None else short_change(verdict.judgement)
    text = f"{glyph} {word} {change}" if width >= _WIDE else f"{glyph}{change}"
    return Span(fit(text.rstrip() + ("" if verdict.final else "…"), width), tone)


def _with_range(judgement: Judgement) -> str:
    """Such as `p95 +8.4% (+6.1 to +10.9 %)`, or `p95 x3.2 (x2.9 to x3.5)`."""
    text = f"{judgement.statistic} {short_change(judgement)}"
    low, high = judgement.low, judgement.high
    if low is None or high is None:
        return text
    if high >= _TIMES_FROM:
        return f"{text} (x{low:.3g} to x{high:.3g})"
    return f"{text} ({100 * (low - 1):+.1f} to {100 * (high - 1):+.1f} %)"


def add_versus(builder: LineBuilder, name: str, verdict: BaselineVerdict | None) -> None:
    """Adds what the verdict is, of which statistic, and why none is known."""
    if verdict is None:
        return
    glyph, word, tone = MARKS[verdict.word]
    text = f"{glyph} {word}"
    judgement = verdict.judgement
    if judgement is not None and judgement.ratio is not None and verdict.errors is None:
        text += f", {_with_range(judgement)}"
    if not verdict.final:
        text += ", so far"
    builder.fact("compared", f"with {name}: {text}", tone)
    others = [_with_range(each) for each in verdict.others if each.ratio is not None]
    if others:
        builder.fact("", ", ".join(others))
    if verdict.reason:
        builder.fact("", verdict.reason)
