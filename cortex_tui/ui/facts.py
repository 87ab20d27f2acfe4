"""What the detail pane says about a row, line by line. Pure: no widget, no clock."""

from __future__ import annotations

from functools import lru_cache

from cortex_tui.profiles.model import (
    Problem,
    Profile,
    Suite,
)
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.session.view import RunView, SessionView, TargetView, Verdict
from cortex_tui.stats.targets import COUNTS, parse_target
from cortex_tui.ui.definition import define, level_text, load_text
from cortex_tui.ui.rows import VERDICTS, phase_text, stalled_ns
from cortex_tui.ui.sheet import Sheet
from cortex_tui.ui.text import Line, Span, fit, visible


@lru_cache(maxsize=1024)
def _statistic(target: str) -> str:
    return parse_target(target).statistic


def value_text(view: TargetView) -> str:
    """A target's value with the unit of its statistic, and what is to be said of it."""
    if view.value is None:
        return visible(view.note) or "–"
    statistic = _statistic(view.target)
    if statistic == "throughput":
        text = f"{format_count(view.value)}/s"
    elif statistic in COUNTS:
        text = format_count(view.value)
    elif statistic == "error_rate":
        text = f"{view.value:.3%}"
    else:
        text = format_duration(view.value)
    return f"{text} ({visible(view.note)})" if view.note else text


def _percentile(run: RunView, name: str) -> Line:
    value = run.percentiles_ns.get(name)
    missing = run.samples_missing.get(name)
    if value is None and missing:
        return (Span(fit(name, 7), "dim"), Span(f"needs {format_count(missing)} more", "dim"))
    return (Span(fit(name, 7), "dim"), Span(format_duration(value)))


def _results(page: Sheet, run: RunView) -> None:
    names = ("p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99")
    each = f" of batches of {format_count(run.batch)}" if run.batch > 1 else ""
    page.add(f"{run.profile.headline} time{each}", "head")
    cells = [_percentile(run, name) for name in names]
    cells.append((Span(fit("max", 7), "dim"), Span(format_duration(run.max_ns))))
    page.pairs(cells)
    for target in run.targets:
        undecided = target.value is None and run.state in ("planned", "running")
        verdict: Verdict = "pending" if undecided else "met" if target.met else "missed"
        mark, _, tone = VERDICTS[verdict]
        page.add(f"{mark} {target.target}  {value_text(target)}", tone, indent="  ")
    if run.errors:
        counts = sorted(run.errors.items(), key=lambda item: -item[1])
        text = ", ".join(f"{name} {format_count(count)}" for name, count in counts)
        page.fact("errors", text, "bad")
    lost = {
        "unfinished": run.unfinished,
        "unstarted": run.unstarted,
        "overflow": run.overflow,
    }
    if any(lost.values()):
        text = ", ".join(f"{format_count(count)} {name}" for name, count in lost.items() if count)
        page.fact("lost", text, "bad")
    rate = "–" if run.throughput_per_s is None else f"{format_count(run.throughput_per_s)}/s"
    if run.batch > 1:
        page.fact("mean", f"{format_duration(run.mean_ns)} of one operation")
    page.fact(
        "done",
        f"{run.operations:,} operations, {rate}, in {format_duration(run.measured_ns)}",
    )


def _conditions(page: Sheet, run: RunView, silent_ns: int) -> None:
    if run.progress_note:
        page.fact("goes on", run.progress_note)
    if run.level is not None:
        level = level_text(run.profile.load, run.level)
        if level != load_text(run.profile.load):
            page.fact("now", level)
    if run.in_flight:
        stalled = stalled_ns(run, silent_ns) is not None
        text = f"{format_count(run.in_flight)}, the oldest for {format_duration(run.oldest_ns)}"
        page.fact("in flight", text, "warn" if stalled else "plain")
    if run.lateness_p50_ns is not None:
        page.fact("lateness", f"p50 {format_duration(run.lateness_p50_ns)}")
        if run.service_p50_ns is not None and run.profile.headline == "response":
            page.fact("service", f"p50 {format_duration(run.service_p50_ns)}")
    for mark in run.marks:
        page.fact("mark", f"{format_duration(mark.offset_ns)}: {mark.text}")
    if run.slowest:
        page.fact("slowest", run.slowest)
    if run.neighbours:
        page.fact("beside", ", ".join(run.neighbours))


def profile_facts(
    profile: Profile, run: RunView | None, width: int, *, silent_ns: int = 0
) -> list[Line]:
    """All there is to say of a profile and its newest run, what matters most first."""
    page = Sheet(width)
    if run is None:
        if profile.summary:
            page.add(profile.summary)
        define(page, profile, targets=True)
        return page.lines
    if run.reason:
        page.add(run.reason, "bad" if run.state == "failed" else "warn", indent="  ")
    for warning in run.warnings:
        page.add(f"! {warning}", "warn", indent="  ")
    if run.operations or run.errors or run.state != "failed":
        _results(page, run)
    _conditions(page, run, silent_ns)
    if run.traceback:
        page.add("first traceback", "head")
        page.block(run.traceback)
    page.add("definition", "head")
    if profile.summary:
        page.add(profile.summary)
    define(page, profile, targets=not run.targets)
    return page.lines


def suite_facts(suite: Suite, problems: tuple[Problem, ...], width: int) -> list[Line]:
    """A suite: what it is, where it comes from, and what is wrong with it."""
    page = Sheet(width)
    if suite.description:
        page.add(suite.description)
    page.fact("from", suite.source + (" (shipped)" if suite.shipped else ""))
    if suite.replaces:
        page.fact("replaces", suite.replaces)
    page.fact("profiles", ", ".join(profile.name for profile in suite.profiles) or "none")
    for problem in problems:
        if problem.suite == suite.name:
            page.add(f"! {problem}", "warn", indent="  ")
    return page.lines


def log_lines(view: SessionView | None, width: int) -> list[Line]:
    """The newest lines that the session's workloads printed."""
    page = Sheet(width)
    if view is None or not (view.log or view.log_dropped):
        page.add("Nothing was printed.", "dim")
        return page.lines
    if view.log_dropped:
        page.add(f"{view.log_dropped:,} earlier lines are gone", "dim")
    for text in view.log:
        page.add(text, indent="  ")
    return page.lines


def problem_lines(
    problems: tuple[Problem, ...], view: SessionView | None, width: int
) -> list[Line]:
    """Everything that is wrong now: with the session, with the store, with suites."""
    page = Sheet(width)
    if view is not None and view.died:
        page.fact("session", view.died, "bad")
    if view is not None and view.store_error:
        page.fact("store", view.store_error, "bad")
    for problem in problems:
        page.add(problem.where, "head", indent="  ")
        page.add("  " + problem.message, indent="  ")
    if not page.lines:
        page.add("Nothing is wrong.", "good")
    return page.lines


def title(profile: Profile, run: RunView | None, current: bool) -> Line:
    """The line above the details."""
    name = Span(visible(profile.full_name), "head")
    if run is None:
        return (name, Span("  not run yet", "dim"))
    phase = phase_text(run, wide=True, current=current)
    verdict, tone = VERDICTS[run.verdict][1:]
    return (name, Span("  " + phase.text, phase.tone), Span("  " + verdict, tone))
