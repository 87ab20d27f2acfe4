"""What a session comes to as cases that passed or failed: its targets, comparisons and failed runs.

A case is known by its suite and name in every session of the same profiles, so that what shows
test reports can tell which one is new.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple

from cortex_tui.analysis.comparison import ProfileComparison
from cortex_tui.analysis.sessions import Compared
from cortex_tui.analysis.verdict import Judgement
from cortex_tui.formats.port import Recording
from cortex_tui.report.comparison import change_text, interval_text, value_text
from cortex_tui.results.rounds import rounds_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.targets import TargetResult, parse_target

Outcome = Literal["error", "failed", "warned", "undecided", "passed"]
WORST_FIRST: tuple[Outcome, ...] = ("error", "failed", "warned", "undecided", "passed")


class Case(NamedTuple):
    suite: str
    """The profile, with its variant where several are compared."""
    name: str
    outcome: Outcome
    word: str
    """The verdict: `met`, `slower`, `cannot tell` …"""
    text: str
    """What was measured, or why nothing was."""
    measured_ns: int = 0
    weight: float = 0.0
    """By how much it is off, to put the worst first among equals."""
    round: int = 1
    of_failed: bool = False
    """Whether it is a target of a run that failed, which counts as that run."""
    has_expectation: bool = True
    """False for a run without targets: nobody has said what should come of it."""

    @property
    def whole_text(self) -> str:
        return f"{self.word}: {self.text}"


def cases_of(recording: Recording) -> list[Case]:
    """In the order of the session, the rounds of a profile together; comparisons after them."""
    found: dict[tuple[str, str], list[Case]] = {}
    for (profile, variant), rounds in rounds_of(recording.result.runs).items():
        suite = f"{profile}@{variant}" if variant else profile
        for case in (case for run in rounds for case in _of_run(run, suite)):
            found.setdefault((suite, case.name), []).append(case)
    cases = [_together(each) for each in found.values()]
    for compared in recording.compared:
        cases += _of_comparison(compared)
    return cases


def worst_first(cases: Sequence[Case]) -> list[Case]:
    def place(case: Case) -> tuple[int, bool, float]:
        return WORST_FIRST.index(case.outcome), case.of_failed, -case.weight

    return sorted(cases, key=place)


def _together(rounds: Sequence[Case]) -> Case:
    """The worst of the rounds, with in how many of them it was so, and which one it is."""
    worst = worst_first(rounds)[0]
    if len(rounds) == 1:
        return worst
    alike = sum(case.outcome == worst.outcome for case in rounds)
    return worst._replace(
        word=f"{worst.word} in {alike} of {len(rounds)} rounds",
        text=f"{worst.text}, in round {worst.round}",
        measured_ns=sum(case.measured_ns for case in rounds),
    )


def _of_run(run: RunResult, suite: str) -> Iterator[Case]:
    case = partial(Case, suite, measured_ns=run.measured_ns, round=run.round)
    if run.state == "failed":
        yield case("run", "error", "failed", run.reason or "without a reason")
    for target in run.targets:
        outcome: Outcome = "undecided"
        if target.verdict == "missed":
            outcome = "warned" if target.warn else "failed"
        elif target.verdict == "met":
            outcome = "passed"
        text = f"{target.value_text} ({run.operations:,} operations)"
        yield case(
            target.target, outcome, target.verdict, text,
            weight=_nearness(target), of_failed=run.state == "failed",
        )  # fmt: skip
    if not run.targets and run.state != "failed":
        failed = run.error_count
        text = f"{run.operations:,} operations{f', {failed:,} failed' if failed else ''}"
        outcome = "warned" if failed else "passed"
        yield case("run", outcome, "measured", text, has_expectation=False)


def _nearness(result: TargetResult) -> float:
    """How near a value is to its limit, or how far beyond: the greater, the worse."""
    target = parse_target(result.target)
    if result.value is None:
        return 0.0
    above, below = result.value, target.limit
    if target.operator in (">", ">="):
        above, below = below, above
    if below <= 0:
        return math.inf if above > below else 0.0
    return above / below


def _of_comparison(compared: Compared) -> Iterator[Case]:
    against = f"against {compared.a.name}"
    variant = f"@{compared.b.variant}" if compared.b.variant else ""
    for profile in compared.comparison.profiles:
        yield from _of_profile(profile, f"{profile.profile}{variant}", against)
    for left_out in compared.left_out:
        broken = "; ".join(str(each) for each in left_out.differences if each.breaks)
        text = f"not compared: {broken or 'the sessions differ'}"
        yield Case(f"{left_out.profile}{variant}", against, "undecided", "cannot tell", text)
    for name in compared.without_rounds:
        text = "not compared: one side has nothing of it that could be"
        yield Case(f"{name}{variant}", against, "undecided", "cannot tell", text)
    for name in compared.missing:
        text = f"not compared: it is missing in {compared.b.name}"
        yield Case(f"{name}{variant}", against, "undecided", "cannot tell", text)


def _of_profile(profile: ProfileComparison, suite: str, against: str) -> Iterator[Case]:
    """The statistic that decides, and others only where they are worse: those of times warn, since
    they have no part in the verdict."""
    for statistic, judgement in profile.statistics.items():
        decides = statistic == profile.primary
        outcome: Outcome = "passed"
        if judgement.verdict in ("slower", "more"):
            outcome = "failed" if decides or statistic == "errors" else "warned"
        elif judgement.verdict == "cannot tell":
            outcome = "undecided"
        hidden = statistic == "throughput" or profile.verdict == "slower"
        if decides or outcome == "failed" or (outcome == "warned" and not hidden):
            yield Case(
                suite, f"{statistic} {against}", outcome,
                "more errors" if judgement.verdict == "more" else judgement.verdict,
                _text_of(judgement), weight=judgement.ratio or 0.0,
            )  # fmt: skip


def _text_of(judgement: Judgement) -> str:
    a, b = (value_text(judgement.statistic, value) for value in (judgement.a, judgement.b))
    interval = interval_text(judgement)
    parts = (
        f"{a} → {b}, {change_text(judgement)}",
        f"95 % interval {interval}" if interval != "–" else "",
        judgement.reason,
    )
    return "; ".join(part for part in parts if part)
