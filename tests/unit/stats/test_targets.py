"""Targets say what they mean: read exactly, refused in words, and never met without data."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Literal

import msgspec
import pytest

from cortex_tui.stats import statistics
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.statistics import COUNT, Reading, Statistic
from cortex_tui.stats.targets import (
    Target,
    TargetResult,
    TargetVerdict,
    parse_target,
    parse_targets,
)
from cortex_tui.stats.verdicts import evaluate, verdict
from tests.fresh_python import loaded


def of(values: Iterable[int] = ()) -> Histogram:
    histogram = Histogram()
    histogram.fold(array("q", values))
    return histogram


def check(
    text: str, measured: Measured, *, live: bool = False, open_load: bool = False
) -> tuple[float | None, str, str]:
    """Value, verdict and note of a target."""
    headline: Literal["service", "response"] = "response" if open_load else "service"
    found = evaluate(parse_target(text), measured, headline, live=live)
    assert found.target == text
    return found.value, found.verdict, found.note


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
        ("error_rate < 2.5 %", "error_rate", "<", 0.025, None),
        ("error_rate <= 100%", "error_rate", "<=", 1, None),
        ("error_rate <= 1", "error_rate", "<=", 1, None),
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
    ("text", "reason"),
    [
        ("fast please", r'expected a target such as "p95 < 50ms".*, got \'fast please\''),
        ("p95 != 5ms", "expected a target such as"),
        ("p95 < 50", r"expected a duration such as .*, got '50' for p95"),
        ("p95 < 50/s", r"expected a duration .* for p95"),
        ("p0 < 1ms", "above p0 and below p100, got 'p0'"),
        ("p100 < 1ms", "above p0 and below p100, got 'p100'"),
        ("p99.9999999 < 1ms", "expected 6 digits behind the point at most, got 'p99.9999999'"),
        (
            "meam < 1ms",
            r"unknown statistic 'meam' \(did you mean \"mean\"\?\): expected a percentile",
        ),
        ("Errors == 0", r"unknown statistic 'Errors' \(did you mean \"errors\"\?\)"),
        ("rate == 0", r"unknown statistic 'rate' \(did you mean \"error_rate\"\?\)"),
        ("error == 0", r"unknown statistic 'error' \(did you mean \"errors\"\?\)"),
        ("servce.p95 < 1ms", r"before the dot, got 'servce' \(did you mean \"service\"\?\)"),
        ("service.errors == 0", "errors is of the whole run: expected no 'service'"),
        ("throughput > 500", r'expected a rate such as "500/s", got \'500\''),
        (
            "errors == 0%",
            "expected a plain count, got '0%' for errors; a share is the statistic error_rate",
        ),
        ("errors == 0.5", "got '0.5' for errors; a share is the statistic error_rate"),
        ("unstarted == 1%", "expected a plain count, got '1%' for unstarted$"),
        ("error_rate < 1ms", r'expected a share such as "1%" or 0.01, got .* for error_rate'),
        ("error_rate < 250%", "expected a share"),
        ("error_rate < 101%", "expected a share"),
        ("error_rate < 1.01", "expected a share"),
        ("scaling(conversations) <= 1ms", r"exponent over a parameter, such as .*, got 'scaling"),
        ("scaling <= 1.1", "expected an exponent over a parameter"),
        ("scaling(two words) <= 1.1", "expected an exponent over a parameter"),
        ("service.scaling(rows) <= 1.1", "expected a target such as"),
    ],
)
def test_what_is_no_target_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "value", "met"),
    [
        ("p50 <= 650ns", 500, True),
        ("p99 < 900ns", 990, False),
        ("p99 == 990ns", 990, True),
        ("p1 >= 100ns", 10, False),
        ("min == 1ns", 1, True),
        ("max < 1us", 1_000, False),
        ("mean < 600ns", 500.5, True),
        ("median > 350ns", 500, True),
        ("iqr == 500ns", 500, True),
        ("stddev < 289ns", pytest.approx(288.82, abs=0.01), True),
        ("throughput >= 450/s", 500, True),
        ("throughput > 550/s", 500, False),
        ("errors == 0", 0, True),
        ("error_rate < 1%", 0, True),
        ("unfinished == 0", 0, True),
    ],
)
def test_a_target_is_judged_by_what_was_measured(text: str, value: float, met: bool) -> None:
    assert check(text, THOUSAND) == (value, "met" if met else "missed", "")


@pytest.mark.parametrize(
    ("text", "measured", "note"),
    [
        (
            "median == 1s",
            Measured(of(range(19)), of(), 10),
            "needs 1 more operation: run 11ns instead of 10ns",
        ),
        (
            "iqr < 1s",
            Measured(of(range(20)), of(), 10),
            "needs 20 more operations: run 20ns instead of 10ns",
        ),
        ("stddev < 1s", Measured(of([5]), of(), 1), "needs 1 more operation"),
        ("max < 1s", Measured(of(), of(), 1), "needs 1 more operation"),
        ("errors == 0", Measured(of(), of(), 0), "needs 1 more operation"),
        ("unstarted < 9", Measured(of(), of(), 1, unstarted=1), "needs 1 more operation"),
        ("error_rate == 0", Measured(of(), of(), 0), "needs 1 more operation"),
        ("throughput < 1/s", Measured(of(), of(), 0), "nothing was measured"),
        ("failure.p50 < 1s", THOUSAND, "needs 20 more failed operations"),
        ("failure.max < 1s", THOUSAND, "needs 1 more failed operation"),
    ],
)
def test_a_target_that_lacks_operations_is_undecided_but_pending_while_the_run_is_live(
    text: str, measured: Measured, note: str
) -> None:
    assert check(text, measured) == (None, "undecided", note)
    assert check(text, measured, live=True) == (None, "pending", note)


NO_LATENESS = "a closed load has no lateness"
NONE = "no operation succeeded: "
ONE_FAILED = Measured(of(), of([9]), 1, errors=1)
THREE_STUCK = Measured(of(), of(), 1, unfinished=3)


@pytest.mark.parametrize(
    ("text", "measured", "note", "live"),
    [
        ("lateness.p50 < 1s", THOUSAND, NO_LATENESS, NO_LATENESS),
        ("p50 < 1s", ONE_FAILED, f"{NONE}1 failed", "needs 20 more operations"),
        ("max < 1s", THREE_STUCK, f"{NONE}3 never ended", "needs 1 more operation"),
        ("errors == 0", THREE_STUCK, f"{NONE}3 never ended", "needs 1 more operation"),
        ("throughput < 1/s", THREE_STUCK, f"{NONE}3 never ended", "needs 1 more operation"),
    ],
)
def test_a_target_that_no_number_of_operations_would_meet_is_missed(
    text: str, measured: Measured, note: str, live: str
) -> None:
    assert check(text, measured) == (None, "missed", note)
    assert check(text, measured, live=True) == (None, "pending", live)


def test_times_of_nothing_lie_no_time_apart() -> None:
    assert check("iqr < 1ns", Measured(of([0] * 40), of(), 1)) == (0, "met", "")


def test_a_target_is_missed_live_as_soon_as_it_is_missed() -> None:
    assert check("errors == 0", THOUSAND._replace(errors=1), live=True) == (1, "missed", "")
    assert check("p99 < 1ns", THOUSAND, live=True) == (990, "missed", "")


def test_a_target_speaks_of_its_subject() -> None:
    measured = THOUSAND._replace(
        response=of([7_000] * 1_000), lateness=of([3] * 1_000), failure=of([40] * 20), errors=20
    )
    assert check("mean < 1us", measured) == (500.5, "met", "")
    assert check("mean < 1us", measured, open_load=True) == (7_000, "missed", "")
    assert check("service.mean < 1us", measured, open_load=True) == (500.5, "met", "")
    assert check("lateness.max == 3ns", measured) == (3, "met", "")
    assert check("failure.p50 == 40ns", measured) == (40, "met", "")
    assert check("error_rate < 10%", measured) == (20 / 1_020, "met", "")


def test_a_batched_run_is_held_to_what_its_operations_took() -> None:
    measured = THOUSAND._replace(batch=100, errors=1_000)
    assert check("mean < 6ns", measured) == (5.005, "met", "")
    assert check("throughput == 50_000/s", measured) == (50_000, "met", "")
    assert check("error_rate < 2%", measured) == (1_000 / 101_000, "met", "")


def test_response_of_a_closed_load_is_service() -> None:
    assert check("response.max == 1us", THOUSAND) == (1_000, "met", "")


def test_a_percentile_from_which_too_many_are_missing_says_so() -> None:
    measured = THOUSAND._replace(errors=600, unfinished=400, unstarted=200)
    note = "may be too low: 1,200 operations are missing from it"
    assert check("p99 < 500ns", measured) == (990, "missed", note)
    assert check("p99 > 100ns", measured) == (990, "met", note)
    # Below the limit, the value alone would not show why that is missed.
    why = (
        "of those that succeeded: 1,201 of 2,200 failed, never ended, never started or are over it"
    )
    assert check("p99 < 1us", measured) == (990, "missed", why)
    # Of the operations that failed none is missing.
    failed = measured._replace(failure=of([40] * 600))
    assert check("failure.p50 == 40ns", failed) == (40, "met", "")
    assert check("p30 < 1us", measured) == (300, "met", "")


def result(verdict: TargetVerdict) -> TargetResult:
    return TargetResult("errors == 0", 1, verdict)


def test_the_verdict_of_a_run_is_that_of_its_worst_target() -> None:
    met, undecided, missed = result("met"), result("undecided"), result("missed")
    assert verdict([]) == "none"
    assert verdict([met, met]) == "met"
    assert verdict([met, undecided]) == "undecided"
    assert verdict([met, result("pending"), undecided]) == "pending"
    assert verdict([met, met], live=True) == "pending"
    assert verdict([met, missed, undecided]) == verdict([met, missed], live=True) == "missed"


@pytest.mark.parametrize("standing", ["missed", "undecided", "pending", "met"])
def test_a_target_that_only_warns_has_no_part_in_the_verdict(standing: TargetVerdict) -> None:
    warning = TargetResult("p95 < 1ms", 1, standing, warn=True)
    assert verdict([warning]) == "none"
    assert verdict([result("met"), warning]) == "met"
    assert warning.warns is (standing == "missed")


@pytest.mark.parametrize(
    ("verdict", "met"), [("met", True), ("missed", False), ("undecided", None)]
)
def test_met_is_only_said_of_what_is_decided(verdict: TargetVerdict, met: bool | None) -> None:
    assert result(verdict).met is met


def test_a_word_that_is_like_none_has_no_suggestion() -> None:
    with pytest.raises(ValueError, match="unknown statistic") as refused:
        parse_target("xyzzy < 1ms")
    known = ", ".join(statistics.STATISTICS)
    assert str(refused.value) == (
        "unknown statistic 'xyzzy': "
        f"expected a percentile such as p99, {known} or scaling(PARAMETER)"
    )


def test_targets_that_fail_a_run_come_first_then_those_that_only_warn() -> None:
    found = parse_targets(["p95 < 5ms", "mean < 1ms"], ["p99 < 9ms"])
    assert [(each.text, each.warn) for each in found] == [
        *(("p95 < 5ms", False), ("mean < 1ms", False), ("p99 < 9ms", True))
    ]


@pytest.mark.parametrize("text", ["p95 == 420054200h", "p95 <= 9007199254740993ns", "errors <= 3"])
def test_a_limit_is_the_number_that_is_stored(text: str) -> None:
    target = parse_target(text)
    assert isinstance(target.limit, float)
    assert msgspec.json.decode(msgspec.json.encode(target), type=Target) == target


def test_a_number_that_no_float_holds_is_none() -> None:
    assert statistics.is_number("9" * 300)
    assert not statistics.is_number("9" * 400)


def test_a_statistic_is_added_by_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Statistic("lost", COUNT, of_run=lambda run: Reading(float(run.missing)))
    monkeypatch.setitem(statistics.STATISTICS, "lost", lost)
    text = "lost <= 7"
    parse_target.cache_clear()
    assert check(text, THOUSAND._replace(errors=3, unstarted=4)) == (7, "met", "")
    assert TargetResult(text, 7.0, "met").value_text == "7"
    parse_target.cache_clear()


def test_checking_targets_needs_no_numpy() -> None:
    code = "import cortex_tui.stats.targets as t; t.parse_target('p95 < 1ms')"
    assert not loaded(code, ("numpy",))
