"""How far a phase is, and what is said where neither a time nor a number ends it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cortex_tui.profiles.model import Length, Precision
from cortex_tui.results.progress import progress_note, progress_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.targets import TargetResult
from tests.unit.session.messages import SECOND_NS, at_stage, planned, profile, samples

TENTH_NS = SECOND_NS // 10


def run(intervals: int, *, width_ns: int = 0, phase: str = "measure", **fields: Any) -> RunFold:
    """One that has done 100 operations in each interval, within a width of times."""
    noise = random.Random(1)
    fold = RunFold(planned(profile(**fields)))
    fold.change(at_stage(0, "warmup" if phase == "warmup" else "measure", 0))
    for index in range(intervals):
        values = [10_000 + noise.randint(0, width_ns) for _ in range(100)]
        at_ns = (index + 1) * TENTH_NS
        fold.add(samples(index, values, at_ns=at_ns, phase=phase))
    return fold


@pytest.mark.parametrize(
    ("stop", "share"),
    [
        (Length(duration_ns=4 * SECOND_NS), 0.25),
        (Length(iterations=2_000), 0.5),
        (Length(duration_ns=4 * SECOND_NS, iterations=2_000), 0.5),
        (Length(duration_ns=2 * SECOND_NS, iterations=100_000), 0.5),
        (Length(duration_ns=SECOND_NS // 2), 1.0),
    ],
)
def test_a_phase_is_as_far_as_the_bound_that_comes_first(stop: Length, share: float) -> None:
    assert progress_of(run(10, stop=stop)) == pytest.approx(share)


def test_a_warm_up_has_its_own_length() -> None:
    fold = run(10, phase="warmup", warmup=Length(duration_ns=2 * SECOND_NS))
    assert progress_of(fold) == pytest.approx(0.5)


def test_nothing_is_known_of_a_phase_without_a_bound_or_before_the_first() -> None:
    assert progress_of(run(10, stop=Length())) is None
    assert progress_of(RunFold(planned(profile()))) is None


PRECISE = Precision(
    statistic="p50", half_width=0.02, at_least_ns=20 * SECOND_NS, at_most_ns=100 * SECOND_NS
)


def test_a_precise_run_is_no_further_than_the_time_that_it_takes_at_least() -> None:
    """All operations take as long as each other: the width was reached with the first."""
    fold = run(50, stop=Length(duration_ns=PRECISE.at_most_ns), precision=PRECISE)
    assert progress_of(fold) == pytest.approx(5 / 20)
    assert progress_note(fold, []).startswith("p50 ±")
    assert progress_note(fold, []).endswith(", wanted 2 %")


def test_a_precise_run_is_no_further_than_its_width_has_become() -> None:
    wanted = Precision("p50", half_width=1e-4, at_least_ns=0, at_most_ns=100 * SECOND_NS)
    stop = Length(duration_ns=wanted.at_most_ns)
    fold = run(50, width_ns=100_000, stop=stop, precision=wanted)
    assert progress_of(fold) == pytest.approx(5 / 100)


def test_the_width_is_not_known_with_few_intervals() -> None:
    fold = run(1, stop=Length(duration_ns=PRECISE.at_most_ns), precision=PRECISE)
    assert progress_note(fold, []) == "p50 not known yet, wanted 2 %"


def test_a_warm_up_that_ends_by_itself_counts_its_intervals() -> None:
    assert progress_note(run(1, phase="warmup", auto_warmup=True), []) == "settling: 1 interval"
    assert progress_note(run(3, phase="warmup", auto_warmup=True), []) == "settling: 3 intervals"


def test_a_phase_that_a_time_ends_needs_no_note() -> None:
    assert progress_note(run(3), []) == ""
    assert progress_note(run(3, phase="warmup", precision=PRECISE), []) == ""


@pytest.mark.parametrize(
    ("targets", "note"),
    [
        ([], ""),
        ([TargetResult("p50 < 1ms", verdict="met")], ""),
        ([TargetResult("p50 < 1ms", warn=True)], ""),
        ([TargetResult("p50 < 1ms")], "1 target undecided, too close to the limit"),
        (
            [TargetResult("p50 < 1ms", more_ns=3 * SECOND_NS), TargetResult("p90 < 1ms")],
            "2 targets undecided, too close to the limit",
        ),
        (
            [
                TargetResult("p50 < 1ms", more_ns=3 * SECOND_NS),
                TargetResult("p90 < 1ms", more_ns=7 * SECOND_NS),
                TargetResult("p99 < 1ms", verdict="missed"),
            ],
            "2 targets undecided, about 7.00s more",
        ),
    ],
)
def test_a_run_until_its_targets_are_decided_says_what_they_need(
    targets: list[TargetResult], note: str
) -> None:
    fold = run(3, until_decided=Length(duration_ns=60 * SECOND_NS))
    assert progress_note(fold, targets) == note
