"""What the detail pane says about a row, line by line. Pure: no widget, no clock."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.profiles.model import Problem, Profile, Suite
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.text import one_line
from cortex_tui.tui.render.definition import define
from cortex_tui.tui.render.results import tell_results, tell_rounds, tell_warnings
from cortex_tui.tui.render.rows import VERDICTS, phase_text, stalled_ns
from cortex_tui.tui.render.sheet import Sheet
from cortex_tui.tui.render.text import Line, Span

_MARKS = 20
"""Of so many marks, the newest, a line is made."""


def _level_now(run: RunResult) -> str:
    """The level of its load, where that is another than its profile's."""
    if run.level is None:
        return ""
    now = run.profile.load.level_text(run.level)
    return now if now != run.profile.load.text else ""


def _conditions(page: Sheet, run: RunResult, silent_ns: int) -> None:
    if run.progress_note:
        page.fact("progress", run.progress_note)
    if now := _level_now(run):
        page.fact("load now", now)
    if run.in_flight:
        stalled = stalled_ns(run, silent_ns) is not None
        text = f"{format_count(run.in_flight)}, the oldest for {format_duration(run.oldest_ns)}"
        page.fact("in flight", text, "warn" if stalled else "plain")
    if run.lateness_p50_ns is not None:
        page.fact("lateness", f"p50 {format_duration(run.lateness_p50_ns)}")
        if run.service_p50_ns is not None and run.profile.headline == "response":
            page.fact("service", f"p50 {format_duration(run.service_p50_ns)}")
    for at, mark in enumerate(run.marks[-_MARKS:]):
        page.fact("" if at else "marks", f"{format_duration(mark.offset_ns)}: {mark.text}")
    if run.warmup_ns:
        page.fact("warm-up", f"took {format_duration(run.warmup_ns)}")
    if run.slowest:
        page.fact("slowest", run.slowest)
    if run.neighbours:
        page.fact("with", ", ".join(run.neighbours))


def profile_facts(
    profile: Profile,
    run: RunResult | None,
    width: int,
    *,
    earlier: Sequence[RunResult] = (),
    silent_ns: int = 0,
) -> list[Line]:
    """All there is to say of a profile and its newest run, what matters most first.

    `earlier` are its runs in the earlier rounds of the same session.
    """
    page = Sheet(width)
    if run is None:
        if profile.summary:
            page.add(profile.summary)
        define(page, profile, targets=True)
        return page.lines
    if run.reason:
        page.add(run.reason, "bad" if run.state == "failed" else "warn", indent="  ")
    if run.operations or run.errors or run.state != "failed":
        tell_results(page, run)
    else:
        tell_warnings(page, run)
    _conditions(page, run, silent_ns)
    tell_rounds(page, earlier, run)
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


def title(profile: Profile, run: RunResult | None, current: bool, rounds: int = 1) -> Line:
    """The line above the details."""
    name = Span(one_line(profile.full_name), "head")
    if run is None:
        return (name, Span("  not run yet", "dim"))
    phase = phase_text(run, wide=True, current=current)
    spans = [name, Span("  " + phase.text, phase.tone)]
    if rounds > 1:
        spans.append(Span(f"  round {run.round}/{rounds}"))
    if current and (now := _level_now(run)):
        spans.append(Span(f"  now {now}"))
    verdict, tone = VERDICTS[run.verdict][1:]
    return (*spans, Span("  " + verdict, tone))
