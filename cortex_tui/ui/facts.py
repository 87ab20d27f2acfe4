"""What the detail pane says about a row, line by line. Pure: no widget, no clock."""

from __future__ import annotations

from functools import lru_cache

from cortex_tui.profiles.model import ClosedLoad, Length, OpenLoad, Problem, Profile, Suite
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.session.view import RunView, SessionView, TargetView, Verdict
from cortex_tui.stats.targets import COUNTS, parse_target
from cortex_tui.ui.rows import VERDICTS, phase_text, stalled_ns
from cortex_tui.ui.text import Line, Span, Tone, fit, visible, width_of, wrap

_LABEL = 10


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


class _Page:
    """Lines of one width, in the making."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Line] = []

    def add(self, text: str, tone: Tone = "plain", indent: str = "") -> None:
        self.lines += [(Span(line, tone),) for line in wrap(visible(text), self.width, indent)]

    def fact(self, label: str, text: str, tone: Tone = "plain") -> None:
        """`label` in a column of its own, the text wrapped beside it."""
        for line in wrap(visible(text), max(8, self.width - _LABEL)):
            self.lines.append((Span(label.ljust(_LABEL), "dim"), Span(line, tone)))
            label = ""

    def block(self, text: str, tone: Tone = "plain") -> None:
        """Text of several lines."""
        for line in text.rstrip("\n").split("\n"):
            self.add(line, tone, indent="  ")

    def pairs(self, cells: list[Line]) -> None:
        """Cells side by side, as many as fit."""
        each = 24
        across = max(1, (self.width + 1) // each)
        for at in range(0, len(cells), across):
            line: list[Span] = []
            for cell in cells[at : at + across]:
                used = sum(width_of(span.text) for span in cell)
                line += [*cell, Span(" " * max(0, each - used))]
            self.lines.append(tuple(line))


def _length(length: Length) -> str:
    bounds = [format_duration(length.duration_ns)] if length.duration_ns else []
    if length.iterations:
        bounds.append(f"{format_count(length.iterations)} operations")
    return " or ".join(bounds) or "none"


def _load(profile: Profile) -> str:
    load = profile.load
    if isinstance(load, OpenLoad):
        return (
            f"open: {format_count(load.rate_per_s)}/s, {load.arrivals} arrivals, "
            f"at most {format_count(load.max_in_flight)} in flight"
        )
    assert isinstance(load, ClosedLoad)
    workers = "1 worker" if load.workers == 1 else f"{format_count(load.workers)} workers"
    return f"{workers}, closed: cannot see queueing"


def _definition(page: _Page, profile: Profile, *, targets: bool) -> None:
    page.fact("workload", profile.workload)
    if profile.params:
        page.fact("params", ", ".join(f"{key}={value}" for key, value in profile.params.items()))
    page.fact("load", _load(profile))
    page.fact("length", f"{_length(profile.stop)}, warm-up {_length(profile.warmup)}")
    if targets:
        for target in profile.targets or ("none",):
            page.fact("target", target)
    page.fact("database", profile.database)
    if profile.source:
        page.fact("from", profile.source)


def _percentile(run: RunView, name: str) -> Line:
    value = run.percentiles_ns.get(name)
    missing = run.samples_missing.get(name)
    if value is None and missing:
        return (Span(fit(name, 7), "dim"), Span(f"needs {format_count(missing)} more", "dim"))
    return (Span(fit(name, 7), "dim"), Span(format_duration(value)))


def _results(page: _Page, run: RunView) -> None:
    names = ("p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99")
    page.add(f"{run.profile.headline} time", "head")
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
    page.fact(
        "done",
        f"{run.operations:,} operations, {rate}, in {format_duration(run.measured_ns)}",
    )


def _conditions(page: _Page, run: RunView, silent_ns: int) -> None:
    if run.in_flight:
        stalled = stalled_ns(run, silent_ns) is not None
        text = f"{format_count(run.in_flight)}, the oldest for {format_duration(run.oldest_ns)}"
        page.fact("in flight", text, "warn" if stalled else "plain")
    if run.lateness_p50_ns is not None:
        page.fact("lateness", f"p50 {format_duration(run.lateness_p50_ns)}")
        if run.service_p50_ns is not None and run.profile.headline == "response":
            page.fact("service", f"p50 {format_duration(run.service_p50_ns)}")
    if run.neighbours:
        page.fact("beside", ", ".join(run.neighbours))


def profile_facts(
    profile: Profile, run: RunView | None, width: int, *, silent_ns: int = 0
) -> list[Line]:
    """All there is to say of a profile and its newest run, what matters most first."""
    page = _Page(width)
    if run is None:
        if profile.summary:
            page.add(profile.summary)
        _definition(page, profile, targets=True)
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
    _definition(page, profile, targets=not run.targets)
    return page.lines


def suite_facts(suite: Suite, problems: tuple[Problem, ...], width: int) -> list[Line]:
    """A suite: what it is, where it comes from, and what is wrong with it."""
    page = _Page(width)
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
    page = _Page(width)
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
    page = _Page(width)
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
