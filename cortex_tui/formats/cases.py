"""What a session comes to as cases that passed or failed: its targets, comparisons and failed runs.

A case is known by its suite and name in every session of the same profiles, so that what shows
test reports can tell which one is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from cortex_tui.analysis.comparison import ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.formats.port import Recording
from cortex_tui.formats.runs import name_of
from cortex_tui.report.comparison import change_text, interval_text, value_text
from cortex_tui.results.run_result import RunResult

Outcome = Literal["error", "failed", "warned", "undecided", "passed"]
WORST_FIRST: tuple[Outcome, ...] = ("error", "failed", "warned", "undecided", "passed")


class Case(NamedTuple):
    suite: str
    """The profile, with round and variant where there are several."""
    name: str
    outcome: Outcome
    text: str
    """What was measured, or why nothing was."""
    measured_ns: int = 0
    weight: float = 0.0
    """By how much it is off, to put the worst first among equals."""


def cases_of(recording: Recording) -> list[Case]:
    """In the order of the session; comparisons after the runs."""
    found = [case for run in recording.result.runs for case in _of_run(run)]
    for compared in recording.compared:
        found += _of_comparison(compared)
    return found


def worst_first(cases: list[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (WORST_FIRST.index(case.outcome), -case.weight))


def _of_run(run: RunResult) -> Iterator[Case]:
    suite, seconds = name_of(run), run.measured_ns
    if run.state == "failed":
        yield Case(suite, "run", "error", run.reason or "failed without a reason", seconds)
    for target in run.targets:
        outcome: Outcome = "undecided"
        if target.verdict == "missed":
            outcome = "warned" if target.warn else "failed"
        elif target.verdict == "met":
            outcome = "passed"
        text = f"{target.verdict}: {target.value_text} ({run.operations:,} operations)"
        yield Case(suite, target.target, outcome, text, seconds)
    if not run.targets and run.state != "failed":
        errors = f", {run.error_count:,} failed" if run.error_count else ""
        yield Case(suite, "run", "passed", f"{run.operations:,} operations{errors}", seconds)


def _of_comparison(compared: Compared) -> Iterator[Case]:
    against = f"against {compared.a.name}"
    variant = f"@{compared.b.variant}" if compared.b.variant else ""
    for profile in compared.comparison.profiles:
        yield from _of_profile(profile, f"{profile.profile}{variant}", against)
    for left_out in compared.left_out:
        broken = "; ".join(str(each) for each in left_out.differences if each.breaks)
        text = f"cannot be compared: {broken or 'the sessions differ'}"
        yield Case(f"{left_out.profile}{variant}", against, "undecided", text)


def _of_profile(profile: ProfileComparison, suite: str, against: str) -> Iterator[Case]:
    for statistic in dict.fromkeys((profile.primary, "errors")):
        judgement = profile.statistics[statistic]
        if statistic == "errors" and judgement.verdict != "more":
            continue
        outcome: Outcome = "passed"
        if judgement.verdict in ("slower", "more"):
            outcome = "failed"
        elif judgement.verdict == "cannot tell":
            outcome = "undecided"
        a, b = value_text(statistic, judgement.a), value_text(statistic, judgement.b)
        interval = interval_text(judgement)
        parts = [
            f"{judgement.verdict}: {a} → {b}, {change_text(judgement)}",
            f"95 % interval {interval}" if interval != "–" else "",
            judgement.reason,
        ]
        text = "; ".join(part for part in parts if part)
        yield Case(suite, f"{statistic} {against}", outcome, text, weight=judgement.ratio or 0.0)
