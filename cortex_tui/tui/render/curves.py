"""Which curves a run has, and those of several runs next to each other: what is to be plotted."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.quantities import format_duration
from cortex_tui.results.curve_limits import CurveLimit, limits_of, sure_nines
from cortex_tui.results.run_result import CurvePoint, RunResult
from cortex_tui.text import one_line
from cortex_tui.tui.render.error_bars import error_bars
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.marks import BAND, BASELINE, GAP, SERVICE, VERDICTS
from cortex_tui.tui.render.percentile_plot import Key, Limit, Plot, Trace
from cortex_tui.tui.render.text import Line, Series, Span, fit_middle

LETTERS = "ABCDEFGHIJKL"
"""Those of the curves of several runs; more are not drawn at once."""
_NAME_MOST = 24
TONES: tuple[Series, ...] = (
    "series-1", "series-2", "series-3", "series-4", "series-5", "series-6",
)  # fmt: skip


def plot_of(
    run: RunResult, baseline: RunResult | None = None, name: str = "", *, linear: bool
) -> Plot:
    """The curves of one run: of response with that of service below it and the waiting between
    them, how well they are known, what is expected, and the baseline's, of that name, behind all.
    """
    if not run.shape.curve:
        return Plot(linear=linear)
    traces, keys = [], []
    headline = _headline(run)
    if baseline is not None and baseline.shape.curve:
        traces.append(_headline(baseline)._replace(tone="dim", letter=BASELINE))
        keys.append(Key(f"{BASELINE} {fit_middle(one_line(name), min(len(name), _NAME_MOST))}"))
    if run.shape.service_curve:
        times = run.times.get("service")
        max_ns = times.max_ns if times is not None else None
        service = _trace(run, run.shape.service_curve, max_ns)
        service = service._replace(tone="series-1", letter=SERVICE)
        traces.append(service)
        keys += [Key(f"{SERVICE} service", "series-1"), Key(f"{GAP} waiting")]
    band = error_bars(run)
    if band:
        keys.append(Key(f"{BAND} 95 %"))
    return Plot(
        traces=(*traces, headline),
        gap=bool(run.shape.service_curve),
        bands=(band,),
        limits=tuple(map(_line, limits_of(run))),
        keys=tuple(keys),
        linear=linear,
    )


def lettered(runs: Sequence[RunResult]) -> list[tuple[str, Series, RunResult]]:
    """The runs that are drawn next to each other, as many as there are letters, each with its
    letter and tone."""
    with_curves = [run for run in runs if run.shape.curve]
    return [
        (letter, TONES[number % len(TONES)], run)
        for number, (letter, run) in enumerate(zip(LETTERS, with_curves, strict=False))
    ]


def curve_names(runs: Sequence[RunResult], width: int) -> list[Line]:
    """Which letter is the curve of which run, with its median and its p99."""
    if not runs:
        return []
    builder, found = LineBuilder(width), lettered(runs)
    for letter, tone, run in found:
        values = ((name, run.percentiles_ns.get(name)) for name in ("p50", "p99"))
        numbers = "  ".join(f"{name} {format_duration(ns)}".rjust(10) for name, ns in values)
        room = max(8, width - len(numbers) - 4)
        name = fit_middle(one_line(run.profile.full_name), room)
        builder.row((Span(f"{letter} ", tone), Span(name), Span(f"  {numbers}", "dim")))
    if len(runs) > len(found):
        builder.add(f"{len(runs) - len(found)} more have no curve here", "dim")
    builder.add("")
    return builder.lines


def plot_of_several(runs: Sequence[RunResult], *, linear: bool) -> Plot:
    """The headline's curve of each run."""
    traces = tuple(
        _headline(run)._replace(tone=tone, letter=letter) for letter, tone, run in lettered(runs)
    )
    return Plot(traces=traces, linear=linear)


def _headline(run: RunResult) -> Trace:
    return _trace(run, run.shape.curve, run.max_ns)


def _trace(run: RunResult, points: Sequence[CurvePoint], max_ns: int | None) -> Trace:
    # Service and response time have as many values.
    return Trace(points, sure_nines(run.shape.bins.total), max_ns)


def _line(limit: CurveLimit) -> Limit:
    """What is drawn of a target."""
    _, _, tone, _ = VERDICTS[limit.result.verdict]
    return Limit(limit.text, limit.limit_ns, limit.nines, "warn" if limit.result.warns else tone)
