"""One HTML file with verdicts, numbers and percentile curves; it loads nothing from elsewhere.

It has no script. Its policy (a `meta` element) forbids the browser to run or to load any, should a
name in it ever be more than text.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence

from cortex_tui.formats.cases import Case, cases_of, worst_first
from cortex_tui.formats.pooled import Pooled, pooled
from cortex_tui.formats.port import Format, Recording
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.report.comparison import change_text, headline, interval_text, value_text
from cortex_tui.text import encodable, one_line

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; --a: #1f77b4; --b: #d9730d; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right }
th { color: var(--dim); font-weight: 500 }
th.l, td.l { text-align: left; overflow-wrap: break-word }
b { font-weight: inherit; white-space: nowrap }
td { font-variant-numeric: tabular-nums }
.failed, .error { color: #c62828; font-weight: 600 } .passed { color: #2e7d32 }
.warned, .undecided { color: #b26a00; font-weight: 600 }
.wide { overflow-x: auto }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; vertical-align: top }
figcaption { font-weight: 500; max-width: 34rem; overflow-wrap: anywhere }
svg text { font: 11px system-ui, sans-serif; fill: currentColor }
.grid { stroke: var(--line) } .curve { fill: none; stroke-width: 2 }
.dim { color: var(--dim) }
"""
_WIDTH, _HEIGHT = 540, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 10, 26
_COLOURS = ("var(--a)", "var(--b)", "#2e7d32", "#8e44ad", "#b71c1c", "#00838f")
_MAX_CHARTS = 200
_POINTS = 120


def _text(text: str) -> str:
    """Text that stays text, also where it is written from right to left."""
    return f"<bdi>{html.escape(one_line(str(encodable(text))))}</bdi>"


def _write(recording: Recording) -> bytes:
    profiles = list(pooled(recording))
    record = recording.result.record
    title = recording.result.snapshot or record.id
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(one_line(str(encodable(title))))}</title>",
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>Latency of {_text(title)}</h1>",
        f'<p class="dim">{_text(_about(recording))}</p>',
        *(f"<p><strong>{_text(headline(each))}</strong></p>" for each in recording.compared),
        "<h2>Verdicts</h2>",
        *_verdicts(worst_first(cases_of(recording))),
        *_comparisons(recording),
        "<h2>Numbers</h2>",
        *_numbers(profiles),
        "<h2>Percentile curves</h2>",
        '<p class="dim">How long the slowest operations took: the further to the right, the rarer '
        "they are. Times are on a logarithmic axis.</p>",
        *_charts(profiles),
        *_warnings(profiles),
        "</body></html>",
    ]
    return ("\n".join(parts) + "\n").encode()


def _about(recording: Recording) -> str:
    record, environment = recording.result.record, recording.result.record.environment
    known = [
        str(environment[key])
        for key in ("system", "machine", "cpu")
        if isinstance(environment.get(key), str)
    ]
    if isinstance(environment.get("python"), str):
        known.append(f"Python {environment['python']}")
    if isinstance(environment.get("git_commit"), str):
        known.append(f"commit {environment['git_commit'][:10]}")
    return ", ".join([f"session {record.id} of {record.started_at}", *known])


def _table(titles: Sequence[str], rows: Iterator[Sequence[str]], left: int) -> Iterator[str]:
    """Cells are HTML; the first `left` columns begin at the left edge."""
    side = [' class="l"' if at < left else "" for at in range(len(titles))]
    yield '<div class="wide"><table><tr>'
    yield "".join(f"<th{c}>{title}</th>" for c, title in zip(side, titles, strict=True)) + "</tr>"
    for row in rows:
        cells = (f"<td{c}>{cell}</td>" for c, cell in zip(side, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></div>"


def _verdicts(cases: Sequence[Case]) -> Iterator[str]:
    rows = (
        (
            f'<b class="{case.outcome}">{html.escape(case.word)}</b>',
            _text(case.suite),
            f"<b>{_text(case.name)}</b>" if len(case.name) < 40 else _text(case.name),
            _text(case.text),
        )
        for case in cases
    )
    yield from _table(("verdict", "profile", "expected", "measured"), rows, 4)


def _comparisons(recording: Recording) -> Iterator[str]:
    for compared in recording.compared:
        yield f"<h2>{_text(compared.b.name)} against {_text(compared.a.name)}</h2>"
        besides = [str(each) for each in compared.differences]
        if besides:
            items = "".join(f"<li>{_text(each)}</li>" for each in besides)
            yield f"<p>What differs besides the times:</p><ul>{items}</ul>"
        rows = (
            (
                _text(profile.profile),
                statistic,
                value_text(statistic, each.a),
                value_text(statistic, each.b),
                change_text(each),
                interval_text(each),
                each.verdict,
            )
            for profile in compared.comparison.profiles
            for statistic, each in profile.statistics.items()
        )
        sides = _text(compared.a.name), _text(compared.b.name)
        titles = ("profile", "", *sides, "difference", "95 % interval", "verdict")
        yield from _table(titles, rows, 2)


def _numbers(profiles: Sequence[Pooled]) -> Iterator[str]:
    names = ("p50", "p90", "p95", "p99", "p99.9")
    titles = ("profile", "load", "operations", "ops/s", *names, "max", "errors")
    yield from _table(titles, (_number_row(each, names) for each in profiles), 2)


def _number_row(each: Pooled, names: Sequence[str]) -> list[str]:
    known = each.percentiles()
    rounds = f", {len(each.rounds)} rounds" if len(each.rounds) > 1 else ""
    return [
        _text(each.name) + each.about,
        _text(f"{each.rounds[0].profile.load.text}{rounds}"),
        format_count(each.operations),
        format_count(each.throughput_per_s),
        *(format_duration(known.get(name)) for name in names),
        format_duration(each.headline.max_ns),
        f"{each.errors:,}",
    ]


def _charts(profiles: Sequence[Pooled]) -> Iterator[str]:
    """One for each profile, its variants on the same axes."""
    families: dict[str, list[Pooled]] = {}
    for each in profiles:
        families.setdefault(each.rounds[0].profile.full_name, []).append(each)
    for name, members in list(families.items())[:_MAX_CHARTS]:
        curves = [
            (each.rounds[0].variant, curve) for each in members
            if len(curve := each.headline.curve(_POINTS)) > 1
        ]  # fmt: skip
        if curves:
            yield f"<figure><figcaption>{_text(name)}</figcaption>{_chart(curves)}</figure>"
    if len(families) > _MAX_CHARTS:
        yield f"<p>{len(families) - _MAX_CHARTS} more profiles have no curve here.</p>"


def _chart(curves: Sequence[tuple[str, Sequence[tuple[float, int]]]]) -> str:
    """Each curve is pairs of nines and ns."""
    last = max(curve[-1][0] for _, curve in curves)
    values = [max(1, ns) for _, curve in curves for _, ns in curve]
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = (low, high) if high - low > 0.1 else (low - 0.1, high + 0.1)

    def x(nines: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * nines / last

    def y(ns: int) -> float:
        share = (math.log10(max(1, ns)) - low) / (high - low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share

    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    parts = [f'<svg role="img" {size}>']
    parts += [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(ns):.1f}" '
        f'y2="{y(ns):.1f}"/><text x="{_LEFT - 6}" y="{y(ns) + 4:.1f}" text-anchor="end">'
        f"{format_duration(ns)}</text>"
        for ns in _steps(10**low, 10**high)
    ]
    for nines, label in ((0, "0"), (0.30103, "p50"), (1, "p90"), (2, "p99"), (3, "p99.9"),
                         (4, "p99.99"), (5, "p99.999")):  # fmt: skip
        if nines <= last:
            parts.append(
                f'<line class="grid" x1="{x(nines):.1f}" x2="{x(nines):.1f}" y1="{_TOP}" '
                f'y2="{_HEIGHT - _BOTTOM}"/><text x="{x(nines):.1f}" y="{_HEIGHT - 8}" '
                f'text-anchor="middle">{label}</text>'
            )
    for at, (name, curve) in enumerate(curves):
        points = " ".join(f"{x(nines):.1f},{y(ns):.1f}" for nines, ns in curve)
        colour = _COLOURS[at % len(_COLOURS)]
        parts.append(f'<polyline class="curve" stroke="{colour}" points="{points}"/>')
        if name:
            label = html.escape(one_line(str(encodable(name)))[:40])
            parts.append(
                f'<text x="{_LEFT + 8}" y="{_TOP + 14 * (at + 1)}" style="fill:{colour}">'
                f"{label}</text>"
            )
    return "".join([*parts, "</svg>"])


def _steps(low_ns: float, high_ns: float) -> list[int]:
    """1, 2, 5, 10 … ns between two times; only powers of ten where those are many."""
    powers = range(math.floor(math.log10(low_ns)), math.ceil(math.log10(high_ns)) + 1)
    digits = (1, 2, 5) if len(powers) <= 3 else (1,)
    found = [round(digit * 10.0**power) for power in powers for digit in digits]
    return [ns for ns in found if low_ns <= ns <= high_ns and ns]


def _warnings(profiles: Sequence[Pooled]) -> Iterator[str]:
    found = [
        (each.name, warning) for each in profiles for run in each.rounds for warning in run.warnings
    ]
    if found:
        yield "<h2>Warnings</h2><ul>"
        for name, warning in dict.fromkeys(found):
            yield f"<li>{_text(name)}: {_text(warning)}</li>"
        yield "</ul>"


FORMAT = Format(
    "html",
    ".html",
    "one page with verdicts, numbers and curves; it loads nothing from elsewhere",
    "intervals and log",
    write=_write,
)
