"""Targets say what they mean: read exactly, refused in words, and never met without data."""

from __future__ import annotations

import subprocess
import sys
from array import array
from collections.abc import Iterable

import pytest

from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.targets import Evaluation, Measured, evaluate, parse_target, verdict


def of(values: Iterable[int] = ()) -> Histogram:
    histogram = Histogram()
    histogram.fold(array("q", values))
    return histogram


def check(text: str, measured: Measured, *, live: bool = False, open_load: bool = False) -> object:
    return evaluate(parse_target(text), measured, "response" if open_load else "service", live=live)


THOUSAND = Measured(of(range(1, 1_001)), of(), measured_ns=2_000_000_000)


@pytest.mark.parametrize(
    ("text", "statistic", "operator", "limit", "subject"),
    [
        ("p95 < 50ms", "p95", "<", 50_000_000, None),
        ("p99.95<=1.5s", "p99.95", "<=", 1_500_000_000, None),
        (" service.mean  <  20us ", "mean", "<", 20_000, "service"),
        ("response . p99 < 1m", "p99", "<", 60_000_000_000, "response"),
        ("lateness.max < 5ms", "max", "<", 5_000_000, "lateness"),
        ("failure.median > 1ns", "median", ">", 1, "failure"),
        ("throughput >= 1.5k/s", "throughput", ">=", 1_500, None),
        ("error_rate < 1%", "error_rate", "<", 0.01, None),
        ("error_rate <= 0.01", "error_rate", "<=", 0.01, None),
        ("errors == 0", "errors", "==", 0, None),
        ("unstarted <= 1_000", "unstarted", "<=", 1_000, None),
        ("scaling(conversations) <= 1.1", "scaling", "<=", 1.1, None),
    ],
)
def test_a_target_is_read(
    text: str, statistic: str, operator: str, limit: float, subject: str | None
) -> None:
    target = parse_target(text)
    assert (target.statistic, target.operator, target.limit) == (statistic, operator, limit)
    assert (target.subject, target.text) == (subject, text.strip())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fast please", r'expected a target such as "p95 < 50ms".*, got \'fast please\''),
        ("p95 != 5ms", "expected a target such as"),
        ("p95 < 50", r"expected a duration such as .*, got '50' for p95"),
        ("p95 < 50/s", r"expected a duration .* for p95"),
        ("p0 < 1ms", "above p0 and below p100, got 'p0'"),
        ("p100 < 1ms", "above p0 and below p100, got 'p100'"),
        ("meam < 1ms", r"unknown statistic 'meam', did you mean 'mean'\?: expected a percentile"),
        ("servce.p95 < 1ms", r"before the dot, got 'servce', did you mean 'service'\?"),
        ("service.errors == 0", "errors is of the whole run: expected no 'service'"),
        ("throughput > 500", r'expected a rate such as "500/s", got \'500\''),
        ("errors == 0%", "expected a plain count for errors, got '0%'"),
        ("errors == 0.5", "expected a plain count for errors"),
        ("error_rate < 1ms", r'expected a share such as "1%" or 0.01 for error_rate'),
        ("error_rate < 250%", "expected a share"),
        ("scaling(conversations) <= 1ms", r"exponent over a parameter, such as .*, got 'scaling"),
        ("scaling <= 1.1", "expected an exponent over a parameter"),
        ("scaling(two words) <= 1.1", "expected an exponent over a parameter"),
        ("service.scaling(rows) <= 1.1", "expected a target such as"),
    ],
)
def test_what_is_no_target_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "value", "met"),
    [
        ("p50 <= 500ns", 500, True),
        ("p99 < 990ns", 990, False),
        ("p99 == 990ns", 990, True),
        ("p1 >= 11ns", 10, False),
        ("min == 1ns", 1, True),
        ("max < 1us", 1_000, False),
        ("mean < 501ns", 500.5, True),
        ("median > 499ns", 500, True),
        ("iqr == 500ns", 500, True),
        ("stddev < 289ns", pytest.approx(288.82, abs=0.01), True),
        ("throughput >= 500/s", 500, True),
        ("throughput > 500/s", 500, False),
        ("errors == 0", 0, True),
        ("error_rate < 1%", 0, True),
        ("unfinished == 0", 0, True),
    ],
)
def test_a_target_is_held_against_what_was_measured(text: str, value: float, met: bool) -> None:
    assert check(text, THOUSAND) == Evaluation(value, met)


@pytest.mark.parametrize(
    ("text", "measured", "note"),
    [
        ("p99.9 < 1s", THOUSAND, "needs 9,000 more operations"),
        ("p99 < 1s", Measured(of(range(999)), of(), 1), "needs 1 more operation"),
        ("median < 1s", Measured(of(range(19)), of(), 1), "needs 1 more operation"),
        ("iqr < 1s", Measured(of(range(20)), of(), 1), "needs 20 more operations"),
        ("stddev < 1s", Measured(of([5]), of(), 1), "needs 1 more operation"),
        ("max < 1s", Measured(of(), of(), 1), "needs 1 more operation"),
        ("errors == 0", Measured(of(), of(), 0), "needs 1 more operation"),
        ("errors == 0", Measured(of(), of(), 1, unfinished=1), "needs 1 more operation"),
        ("unstarted < 9", Measured(of(), of(), 1, unstarted=1), "needs 1 more operation"),
        ("error_rate == 0", Measured(of(), of(), 0), "needs 1 more operation"),
        ("throughput < 1/s", Measured(of(), of(), 1, unfinished=1), "needs 1 more operation"),
        ("throughput < 1/s", Measured(of(), of(), 0), "nothing was measured"),
        ("failure.p50 < 1s", THOUSAND, "needs 20 more failed operations"),
        ("lateness.p50 < 1s", THOUSAND, "a closed load has no lateness"),
    ],
)
def test_a_target_without_data_fails_with_the_reason_but_stays_open_while_the_run_goes_on(
    text: str, measured: Measured, note: str
) -> None:
    assert check(text, measured) == Evaluation(None, False, note)
    assert check(text, measured, live=True) == Evaluation(None, True, note)


def test_a_target_is_missed_live_as_soon_as_it_is_missed() -> None:
    assert check("errors == 0", THOUSAND._replace(errors=1), live=True) == Evaluation(1, False)
    assert check("p99 < 1ns", THOUSAND, live=True) == Evaluation(990, False)


def test_a_target_speaks_of_its_subject() -> None:
    measured = THOUSAND._replace(
        response=of([7_000] * 1_000), lateness=of([3] * 1_000), failure=of([40] * 20), errors=20
    )
    assert check("mean < 1us", measured) == Evaluation(500.5, True)
    assert check("mean < 1us", measured, open_load=True) == Evaluation(7_000, False)
    assert check("service.mean < 1us", measured, open_load=True) == Evaluation(500.5, True)
    assert check("lateness.max == 3ns", measured) == Evaluation(3, True)
    assert check("failure.p50 == 40ns", measured) == Evaluation(40, True)
    assert check("error_rate < 2%", measured) == Evaluation(20 / 1_020, True)


def test_a_batched_run_is_held_to_what_its_operations_took() -> None:
    measured = THOUSAND._replace(batch=100, errors=1_000)
    assert check("mean < 6ns", measured) == Evaluation(5.005, True)
    assert check("throughput == 50_000/s", measured) == Evaluation(50_000, True)
    assert check("error_rate < 1%", measured) == Evaluation(1_000 / 101_000, True)


def test_response_of_a_closed_load_is_service() -> None:
    assert check("response.max == 1us", THOUSAND) == Evaluation(1_000, True)


def test_a_percentile_from_which_too_many_are_missing_says_so() -> None:
    measured = THOUSAND._replace(errors=6, unfinished=4, unstarted=2)
    assert check("p99 < 1us", measured) == Evaluation(
        990, True, "flattered: 12 are missing from it"
    )
    assert check("p90 < 1us", measured) == Evaluation(900, True)


def test_the_verdict_is_that_of_the_worst() -> None:
    met, missed = Evaluation(1, True), Evaluation(1, False)
    assert verdict([]) == "none"
    assert verdict([met, met]) == "met"
    assert verdict([met, met], live=True) == "pending"
    assert verdict([met, missed]) == verdict([met, missed], live=True) == "missed"


def test_a_target_that_stands_open_leaves_the_verdict_open() -> None:
    assert verdict([Evaluation(1, True), Evaluation(None, True, "needs others")]) == "pending"


def test_checking_targets_needs_no_numpy() -> None:
    code = (
        "import sys, cortex_tui.stats.targets as t; t.parse_target('p95 < 1ms');"
        "sys.exit(int('numpy' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
