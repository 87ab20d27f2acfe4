"""What a run that is too short for blocks decides, and how much longer one would have to be."""

from __future__ import annotations

import math
import statistics
from array import array
from collections.abc import Iterable

import pytest

from cortex_tui.stats.beta import t_critical
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.judging import ERROR, LEAST_DEFF
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.spread import Spread
from cortex_tui.stats.targets import TargetResult, parse_target, parse_targets
from cortex_tui.stats.verdicts import evaluate

MS = 1_000_000
T = {1: 6.314, 2: 2.920, 8: 1.860, 9: 1.833}
"""The one-sided 5 % value of Student's t by degrees of freedom, as in any table."""


def of(values: Iterable[int] = ()) -> Histogram:
    histogram = Histogram()
    histogram.fold(array("q", values))
    return histogram


def run(slow: int, fast: int) -> Measured:
    """Operations of 1 s, and others of 1 ms, in 10 s."""
    return Measured(of([1_000 * MS] * slow + [MS] * fast), of(), 10_000 * MS)


def judge(
    text: str, measured: Measured, *, live: bool = False, varied: Spread | None = None
) -> TargetResult:
    return evaluate(parse_target(text), measured, "service", live=live, varied=lambda: varied)


@pytest.mark.parametrize(
    ("count", "degrees"),
    # As if of one block each, and of ten at most.
    [(2, 1), (3, 2), (9, 8), (10, 9), (11, 9), (100, 9)],
)
@pytest.mark.parametrize(("subject", "batch"), [("service", 1), ("service", 10), ("failure", 10)])
def test_a_mean_without_blocks_errs_like_one_of_fewer_independent_values(
    count: int, degrees: int, subject: str, batch: int
) -> None:
    values = [10 * MS + at * MS for at in range(count)]
    served, failed = (values, []) if subject == "service" else ([], values)
    measured = Measured(of(served), of(failed), 1_000 * MS, batch=batch)
    each = batch if subject == "service" else 1
    mean = statistics.fmean(values) / each
    error = statistics.stdev(values) / math.sqrt(count / LEAST_DEFF) / each
    for share, verdict in ((0.99, "undecided"), (1.01, "met")):
        limit_ns = round(mean + share * T[degrees] * error)
        assert judge(f"{subject}.mean < {limit_ns}ns", measured).verdict == verdict


@pytest.mark.parametrize(("count", "drained"), [(0, 0), (3, 0), (5, 2), (40, 0)])
def test_a_throughput_without_blocks_errs_like_arrivals_at_random(count: int, drained: int) -> None:
    # One more than there were: where nothing arrived, something may have been about to.
    measured = Measured(of([MS] * count), of(), 1_000 * MS, errors=1, drained=drained)
    per_s = count - drained
    error = math.sqrt(per_s + 1)
    for share, verdict in ((1 - 1e-10, "undecided"), (1 + 1e-10, "met")):
        limit = per_s + share * t_critical(2 * ERROR, 9) * error
        assert judge(f"throughput < {limit}/s", measured).verdict == verdict


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("deff", [1.0, 40.0])
@pytest.mark.parametrize(
    ("text", "slow", "fast"),
    [("p95 < 50ms", 35, 965), ("p95 < 50ms", 65, 935), ("p5 > 50ms", 965, 35)],
)
def test_a_run_that_is_as_much_longer_as_is_said_is_just_decided(
    text: str, slow: int, fast: int, deff: float, live: bool
) -> None:
    varied = Spread(0.01, 30, deff)
    found = judge(text, run(slow, fast), live=live, varied=varied)
    assert found.more_ns is not None
    factor = 1 + found.more_ns / (10_000 * MS)
    for share, is_decided in ((0.95, False), (1.05, True)):
        longer = run(round(slow * factor * share), round(fast * factor * share))
        again = judge(text, longer, live=live, varied=varied)
        assert (again.met is not None) is is_decided


def test_a_single_operation_that_is_lacking_is_one() -> None:
    # 59 are the least: 0.95 to that power is below 5 %.
    note = judge("p95 < 50ms", run(0, 58)).note
    assert note.startswith("needs about 1 more operation: run ")


def test_operations_that_are_all_as_slow_as_wanted_are_plain_however_they_depend() -> None:
    dependent = Spread(0.01, 30, 200.0)
    assert judge("p5 > 50ms", run(59, 0), varied=dependent).verdict == "met"
    assert judge("p5 > 50ms", run(58, 0), varied=dependent).verdict == "undecided"


def test_what_is_compared_as_it_stands_can_be_a_warning() -> None:
    (warning,) = parse_targets((), ("max < 50ms",))
    assert evaluate(warning, run(1, 0), "service").warns
    assert not judge("max < 50ms", run(1, 0)).warns


def test_values_of_batches_count_as_all_their_operations() -> None:
    # Beyond p90 lie a tenth: 11 of 111 are fewer, 12 of 112 are more.
    for failed, flattered in ((11, False), (12, True)):
        measured = Measured(of([MS] * 10), of(), 1_000 * MS, batch=10, errors=failed)
        assert measured.flattered(0.9) is flattered
