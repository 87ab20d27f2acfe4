"""What the detail pane says about a row, line by line. Pure: no widget, no clock."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.profiles.model import Problem, Profile, Suite
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.text import one_line
from cortex_tui.tui.render.definition import add_definition
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.marks import VERDICTS
from cortex_tui.tui.render.results import add_results, add_rounds, add_stages, add_warnings
from cortex_tui.tui.render.rows import phase_text, stalled_ns
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.render.versus import add_versus
from cortex_tui.tui.state.versus import Versus

_MARKS = 20
"""How many marks are shown, the newest."""


def _level_now(run: RunResult) -> str:
    """The level of its load, where that is another than its profile's."""
    if run.level is None:
        return ""
    load = run.profile.load
    levels = load.levels()
    as_planned = not levels.vary and levels.at(0) == run.level
    return "" if as_planned else load.level_text(run.level)


def _conditions(builder: LineBuilder, run: RunResult, silent_ns: int) -> None:
    if run.progress_note:
        builder.fact("progress", run.progress_note)
    if now := _level_now(run):
        builder.fact("load now", now)
    if run.in_flight:
        stalled = stalled_ns(run, silent_ns) is not None
        text = f"{format_count(run.in_flight)}, the oldest for {format_duration(run.oldest_ns)}"
        builder.fact("in flight", text, "warn" if stalled else "plain")
    if run.lateness_p50_ns is not None:
        builder.fact("lateness", f"p50 {format_duration(run.lateness_p50_ns)}")
        if run.service_p50_ns is not None and run.profile.headline == "response":
            builder.fact("service", f"p50 {format_duration(run.service_p50_ns)}")
    for at, mark in enumerate(run.marks[-_MARKS:]):
        builder.fact("" if at else "marks", f"{format_duration(mark.offset_ns)}: {mark.text}")
    if run.warmup_ns:
        builder.fact("warm-up", f"took {format_duration(run.warmup_ns)}")
    if run.slowest:
        builder.fact("slowest", run.slowest)
    if run.neighbours:
        builder.fact("with", ", ".join(run.neighbours))


def profile_facts(
    profile: Profile,
    run: RunResult | None,
    width: int,
    *,
    earlier: Sequence[RunResult] = (),
    silent_ns: int = 0,
    versus: Versus | None = None,
    unsure: str = "",
) -> list[Line]:
    """All there is to say of a profile and its newest run, what matters most first.

    `earlier` are its runs in the earlier rounds of the same session; `unsure` is why it is not
    known how sure its percentiles are.
    """
    builder = LineBuilder(width)
    if run is None:
        if profile.summary:
            builder.add(profile.summary)
        add_definition(builder, profile, targets=True)
        return builder.lines
    if run.reason:
        builder.add(run.reason, "bad" if run.state == "failed" else "warn", indent="  ")
    if versus is not None:
        add_versus(builder, versus.name, versus.verdicts.get(profile.full_name))
    if run.operations or run.errors or run.state != "failed":
        add_results(builder, run, unsure)
        add_stages(builder, run)
    else:
        add_warnings(builder, run)
    _conditions(builder, run, silent_ns)
    add_rounds(builder, earlier, run)
    if run.traceback:
        builder.add("first traceback", "head")
        builder.block(run.traceback)
    builder.add("definition", "head")
    if profile.summary:
        builder.add(profile.summary)
    add_definition(builder, profile, targets=not run.targets)
    return builder.lines


def suite_facts(suite: Suite, problems: tuple[Problem, ...], width: int) -> list[Line]:
    """A suite: what it is, where it comes from, and what is wrong with it."""
    builder = LineBuilder(width)
    if suite.description:
        builder.add(suite.description)
    builder.fact("from", suite.source + (" (shipped)" if suite.shipped else ""))
    if suite.replaces:
        builder.fact("replaces", suite.replaces)
    builder.fact("profiles", ", ".join(profile.name for profile in suite.profiles) or "none")
    for problem in problems:
        if problem.suite == suite.name:
            builder.add(f"! {problem}", "warn", indent="  ")
    return builder.lines


def title(
    profile: Profile,
    run: RunResult | None,
    current: bool,
    rounds: int = 1,
    *,
    edited: bool = False,
) -> Line:
    """The line above the details; `edited` is a profile that is another than in its file."""
    spans = [Span(one_line(profile.full_name), "head")]
    if edited:
        spans.append(Span("  edited, not saved", "warn"))
    if run is None:
        return (*spans, Span("  not run yet", "dim"))
    phase = phase_text(run, wide=True, current=current)
    spans.append(Span("  " + phase.text, phase.tone))
    if run.variant:
        spans.append(Span(f"  {one_line(run.variant)}"))
    if rounds > 1:
        spans.append(Span(f"  round {run.round}/{rounds}"))
    if current and (now := _level_now(run)):
        spans.append(Span(f"  now {now}"))
    _, verdict, tone, _ = VERDICTS[run.verdict]
    spans.append(Span("  " + verdict, tone))
    if run.setting:
        spans.append(Span((", " if verdict else "") + run.setting, "warn"))
    return tuple(spans)
