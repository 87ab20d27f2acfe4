"""What a run has measured: percentiles with their error bars, targets, losses, earlier rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cortex_tui.quantities import (
    format_bounds,
    format_count,
    format_duration,
    format_range,
    is_wide,
)
from cortex_tui.results.rounds import apart, rounds_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.stage_table import STAGE_COLUMNS, stage_rows
from cortex_tui.tables import GAP, Cell, Column
from cortex_tui.text import one_line
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.marks import UNSURE, VERDICTS
from cortex_tui.tui.render.text import Line, Span, fit

PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99")

_CLOSED = "closed: cannot see queueing"

_ROUNDS = 12
"""How many rounds have their numbers shown; how far apart they are is said of all."""
_OF_ROUNDS = ("p50", "p90", "p99", "p99.9")


def _percentile(run: RunResult, name: str) -> Line:
    value = run.percentiles_ns.get(name)
    missing = run.samples_missing.get(name)
    if value is None and missing:
        return (Span(fit(name, 7), "dim"), Span(f"needs {format_count(missing)} more", "dim"))
    cell = (Span(fit(name, 7), "dim"), Span(format_duration(value)))
    interval = run.confidence_ns.get(name)
    if value is None or interval is None:
        return cell
    if is_wide(*interval):
        return (*cell, Span(f" {UNSURE}", "warn"))
    return (*cell, Span(" " + format_bounds(*interval, value), "dim"))


def _heading(builder: LineBuilder, run: RunResult) -> None:
    text = f"{run.profile.headline} time"
    if run.batch > 1:
        text += f", percentiles of batches of {format_count(run.batch)}"
    heading = (Span(text, "head"),)
    if run.profile.load.has_schedule:
        builder.row(heading)
    elif len(text) + len(_CLOSED) + 2 <= builder.width:
        builder.row((*heading, Span(f"  {_CLOSED}", "dim")))
    else:
        builder.row(heading)
        builder.row((Span(_CLOSED, "dim"),))


def _percentiles(builder: LineBuilder, run: RunResult) -> None:
    _heading(builder, run)
    cells = [_percentile(run, name) for name in PERCENTILES]
    cells.append((Span(fit("max", 7), "dim"), Span(format_duration(run.max_ns))))
    builder.pairs(cells)
    wide = [
        f"{name} {format_range(*interval)}"
        for name in PERCENTILES
        if (interval := run.confidence_ns.get(name)) and is_wide(*interval)
    ]
    if wide:
        builder.fact(UNSURE, f"{', '.join(wide)}: measure longer for narrower ranges", "warn")


def _targets(builder: LineBuilder, run: RunResult) -> None:
    for target in run.targets:
        mark, _, tone, _ = VERDICTS[target.verdict]
        if target.warns:
            mark, tone = "!", "warn"
        builder.add(f"{mark} {target.target}  {one_line(target.value_text)}", tone, indent="  ")


def _losses(builder: LineBuilder, run: RunResult) -> None:
    if run.errors:
        counts = sorted(run.errors.items(), key=lambda item: -item[1])
        text = ", ".join(f"{name} {format_count(count)}" for name, count in counts)
        builder.fact("errors", text, "bad")
        for name, _ in counts:
            if message := run.error_messages.get(name):
                builder.fact("", f"{name}: {message}")
    lost = {
        "unfinished": run.unfinished,
        "unstarted": run.unstarted,
        "overflow": run.overflow,
    }
    if any(lost.values()):
        text = ", ".join(f"{format_count(count)} {name}" for name, count in lost.items() if count)
        builder.fact("lost", text, "bad")


def _rate(run: RunResult) -> str:
    rate = run.throughput_per_s
    return "–" if rate is None else f"{format_count(rate)}/s"


def add_warnings(builder: LineBuilder, run: RunResult) -> None:
    for warning in run.warnings:
        builder.add(f"! {warning}", "warn", indent="  ")


def add_results(builder: LineBuilder, run: RunResult, unsure: str = "") -> None:
    """Adds what was measured so far, or in the end, and what to know before believing it; `unsure`
    is why it is not known how sure the percentiles are."""
    _percentiles(builder, run)
    if unsure:
        builder.fact("how sure", unsure, "warn")
    _targets(builder, run)
    add_warnings(builder, run)
    _losses(builder, run)
    if run.batch > 1:
        builder.fact("mean", f"{format_duration(run.mean_ns)} per operation")
    builder.fact(
        "done",
        f"{run.operations:,} operations, {_rate(run)}, in {format_duration(run.measured_ns)}",
    )


def add_stages(builder: LineBuilder, run: RunResult) -> None:
    """Adds what was measured in each stage of a load with several."""
    if run.stages:
        builder.row((Span("stages", "head"),))
        builder.table(STAGE_COLUMNS, stage_rows(run), " ")


def _of_round(percentile: str) -> Callable[[RunResult], Cell]:
    return lambda run: Cell(format_duration(run.percentiles_ns.get(percentile)))


def add_rounds(builder: LineBuilder, earlier: Sequence[RunResult], run: RunResult) -> None:
    """Adds the numbers of each round side by side, so that drift between them is seen."""
    if not earlier:
        return
    runs = [*earlier, run]
    builder.row((Span("rounds", "head"),))
    names = [name for name in _OF_ROUNDS if any(r.percentiles_ns.get(name) for r in runs)]
    variants: list[Column[RunResult]] = []
    if any(one.variant for one in runs):
        variants.append(Column("variant", lambda one: Cell(one.variant), left=True))
    columns: list[Column[RunResult]] = [
        Column("", lambda one: Cell(str(one.round), "dim")),
        *variants,
        *(Column(name, _of_round(name)) for name in names),
        Column("rate", lambda one: Cell(_rate(one))),
    ]
    if len(runs) > _ROUNDS:
        builder.row((Span(f"{len(runs) - _ROUNDS} earlier rounds", "dim"),))
    builder.table(columns, runs[-_ROUNDS:], GAP)
    # The round under way has not seen what the others have.
    known = [r for r in runs if r.state != "running"]
    for (_, variant), rounds in rounds_of(known).items():
        medians = [value for r in rounds if (value := r.percentiles_ns.get("p50")) is not None]
        if len(medians) > 1:
            span = format_range(min(medians), max(medians))
            text = f"{variant} {span}, {apart(medians) or 0.0:.1%} apart"
            builder.fact("medians", text.lstrip())
