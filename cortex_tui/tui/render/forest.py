"""The table of a comparison: a line for each profile, with its difference on one shared axis."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.verdict import Judgement, tolerance_of
from cortex_tui.quantities import format_noun
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.log_axis import RatioAxis, axis_of
from cortex_tui.tui.render.marks import Legend
from cortex_tui.tui.render.text import Line, Span, fit, fit_middle, fit_right, width_of
from cortex_tui.tui.render.versus import MARKS, short_change

STATISTICS = ("p50", "p95", "p99")
ZERO, TOLERANCE = "│", "┊"
LEFT, BAR, RIGHT, DOT, ONLY_DOT, MEAN = "├", "─", "┤", "●", "○", "◆"
BEYOND = ("◂", "▸")
_NAME_LEAST, _NAME_MOST = 12, 48
_SHORT, _WITH_BAND = 6, 11
_BY = 5
_AXIS_LEAST = 15
_VERDICT, _VERDICT_WIDE = 18, 32


class Columns(NamedTuple):
    """How many cells each part of a line has; one is blank before each but the first."""

    name: int
    statistics: tuple[str, ...]
    """Those that have a column."""
    numbers: int
    """Of each of them."""
    by: int
    """Of the statistic that decides, with the blank; none where it is the same for all."""
    axis: int
    verdict: int


def columns_for(width: int, longest: int, widest: int, deciding: Collection[str]) -> Columns:
    """The parts that fill `width` cells; `longest` is that of the names, `widest` of verdicts,
    `deciding` are the statistics that decide."""
    statistics: tuple[str, ...] = STATISTICS
    name = max(_NAME_LEAST, min(longest, _NAME_MOST))
    by = max(_BY, *map(len, deciding)) + 1 if len(deciding) > 1 else 0
    numbers, verdict = _WITH_BAND, min(widest, _VERDICT_WIDE)

    def axis() -> int:
        parts = name + 1 + len(statistics) * (numbers + 1) + by + 1 + verdict
        return width - 2 - parts

    if axis() < _AXIS_LEAST + 10:
        verdict = min(verdict, _VERDICT)
    if axis() < _AXIS_LEAST + 6:
        numbers = _SHORT
    if axis() < _AXIS_LEAST:
        name = max(_NAME_LEAST, name - (_AXIS_LEAST - axis()))
    if axis() < _AXIS_LEAST:
        statistics = tuple(each for each in STATISTICS if each in deciding)
    return Columns(name, statistics, numbers, by, max(axis(), 3), verdict)


class Forest(NamedTuple):
    """A comparison, laid out for a width."""

    comparison: Comparison
    rows: tuple[ProfileComparison, ...]
    columns: Columns
    axis: RatioAxis


def forest_of(comparison: Comparison, width: int) -> Forest:
    """The worst first."""
    rows = comparison.worst_first
    longest = max((width_of(one_line(each.profile)) for each in rows), default=0)
    verdicts = [verdict_text(each, _VERDICT_WIDE)[0] for each in rows]
    widest = max(map(width_of, ["verdict at p99.9", *verdicts]))
    columns = columns_for(width, longest, widest, {each.primary for each in rows})
    firsts = [each.statistics[each.primary] for each in rows]
    logs = [math.log(each.ratio) for each in firsts if each.ratio]
    logs += [math.log1p(tolerance_of(each.statistic)) for each in firsts]
    ends = [
        math.log(value) for each in firsts for value in (each.low, each.high) if value and value > 0
    ]
    return Forest(comparison, rows, columns, axis_of(logs, ends, columns.axis))


def titles(forest: Forest) -> Line:
    """The line above the rows."""
    columns = forest.columns
    parts = [fit(" profile", columns.name + 1)]
    parts += [fit_right(name, columns.numbers) for name in columns.statistics]
    if columns.by:
        parts.append("by".ljust(columns.by - 1))
    parts.append(fit(forest.axis.title, columns.axis))
    at = f" at {forest.rows[0].primary}" if forest.rows and not columns.by else ""
    parts.append(fit(f"verdict{at}", columns.verdict))
    return (Span(" ".join(parts)),)


def row(forest: Forest, each: ProfileComparison) -> Line:
    """A profile; the cell of the cursor is left to the widget."""
    columns = forest.columns
    primary = each.statistics[each.primary]
    spans = [Span(fit_middle(one_line(each.profile), columns.name))]
    for name in columns.statistics:
        text = number_text(each.statistics.get(name), columns.numbers)
        tone: Tone = "plain" if name == each.primary else "dim"
        spans.append(Span(" " + fit_right(text, columns.numbers), tone))
    spans.append(Span(f" {fit(each.primary, columns.by - 1)} " if columns.by else " ", "dim"))
    spans += whisker(forest.axis, primary, columns.axis)
    text, verdict_tone = verdict_text(each, columns.verdict)
    spans.append(Span(" " + fit(text, columns.verdict), verdict_tone))
    return tuple(spans)


def whole_row(forest: Forest) -> Line:
    """The geometric mean of all profiles; nothing for a single one."""
    comparison, columns = forest.comparison, forest.columns
    if comparison.ratio is None or len(forest.rows) < 2:
        return ()
    whole = Judgement(
        statistic="",
        a=None,
        b=None,
        ratio=comparison.ratio,
        low=comparison.low,
        high=comparison.high,
        verdict="same",
    )
    room = columns.name + len(columns.statistics) * (columns.numbers + 1) + columns.by
    text = f"geometric mean {number_text(whole, room)}"
    return (
        Span(f" {fit(text, room)} ", "dim"),
        *whisker(forest.axis, whole, columns.axis, MEAN),
    )


def number_text(judgement: Judgement | None, width: int) -> str:
    """The difference, with half its interval where there is room: `+8.4 ±2.1%`."""
    change = short_change(judgement)
    if judgement is None or not change:
        return "–"
    low, high = judgement.low, judgement.high
    if low is None or high is None or not change.endswith("%"):
        return change
    half = 50 * (high - low)
    text = f"{change.removesuffix('%')} ±{half:.1f}%" if half < 99.5 else f"{change} ±"
    return text if width_of(text) <= width and half < 99.5 else change


def verdict_text(each: ProfileComparison, width: int) -> tuple[str, Tone]:
    """The word with its glyph; of `cannot tell`, what would tell."""
    judgement = each.statistics[each.primary]
    word = each.verdict
    errors = each.statistics["errors"].verdict
    if errors == "more" and word != "slower":
        word = "more"
    glyph, text, tone = MARKS[word]
    text = f"{glyph} {text}"
    if word == "slower" and errors == "more":
        text += ", more errors"
    if word == "cannot tell" and judgement.more_rounds is not None:
        rounds = f"~{format_noun(judgement.more_rounds, 'more round')}"
        both = f"{text}, {rounds}"
        text = both if width_of(both) <= width else f"{glyph} {rounds}"
    return text, tone


def whisker(axis: RatioAxis, judgement: Judgement, width: int, dot: str = DOT) -> list[Span]:
    """The interval of a difference as a line with a dot; 0 and the tolerance behind it."""
    cells = [" "] * width
    tones: list[Tone] = ["dim"] * width
    last = axis.width - 1
    if judgement.statistic:
        tolerance = math.log1p(tolerance_of(judgement.statistic))
        for log in (-tolerance, tolerance):
            if 0 <= axis.cell(log) <= last:
                cells[axis.cell(log)] = TOLERANCE
    cells[axis.cell(0.0)] = ZERO
    if judgement.ratio:
        tone = MARKS[judgement.verdict].tone
        low, high = judgement.low, judgement.high
        known = low is not None and high is not None
        if low is not None and high is not None:
            start = axis.cell(math.log(max(low, 1e-9)))
            end = axis.cell(math.log(max(high, 1e-9)))
            for at in range(max(start, 0), min(end, last) + 1):
                cells[at], tones[at] = BAR, tone
            for at, mark, beyond in ((start, LEFT, BEYOND[0]), (end, RIGHT, BEYOND[1])):
                inside = min(max(at, 0), last)
                cells[inside], tones[inside] = (mark if inside == at else beyond), tone
        at = min(max(axis.cell(math.log(judgement.ratio)), 0), last)
        cells[at], tones[at] = (dot if known else ONLY_DOT), tone
    return [Span(cell, tone) for cell, tone in zip(cells, tones, strict=True)]


def counts(comparison: Comparison) -> list[Span]:
    """How many profiles have which verdict: `▲ 2 slower  ▼ 1 faster  = 14 same`."""
    spans: list[Span] = []
    failing = [each for each in comparison.profiles if each.statistics["errors"].verdict == "more"]
    found: Sequence[tuple[str, int, Tone]] = (
        ("▲ {} slower", len(comparison.having("slower")), "bad"),
        ("▲ {} with more errors", len(failing), "bad"),
        ("▼ {} faster", len(comparison.having("faster")), "good"),
        ("= {} same", len(comparison.having("same")), "plain"),
        ("? {} cannot tell", len(comparison.having("cannot tell")), "warn"),
    )
    for text, count, tone in found:
        if count:
            spans.append(Span(("  " if spans else "") + text.format(count), tone))
    return spans


def forest_legend() -> Legend:
    """The marks of the table and its pictures."""
    return {
        "Verdict": {
            MARKS["slower"].glyph: "slower, or more operations fail",
            MARKS["faster"].glyph: "faster, or fewer fail",
            MARKS["same"].glyph: "the difference is shown to be smaller than the tolerance",
            MARKS["cannot tell"].glyph: "neither is shown; ~7 more rounds would tell",
        },
        "On the axis": {
            f"{LEFT}{BAR}{DOT}{BAR}{RIGHT}": "the difference, and its 95 % confidence interval",
            ONLY_DOT: "a difference of which the interval is not known",
            MEAN: "the geometric mean of all profiles",
            ZERO: "no difference",
            TOLERANCE: "the tolerance: up to there a difference does not matter",
            " ".join(BEYOND): "the interval ends beyond the axis",
        },
    }
