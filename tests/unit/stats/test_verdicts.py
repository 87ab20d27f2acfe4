"""Targets are met or missed where what was measured shows it, and undecided otherwise."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import partial

import pytest

from cortex_tui.quantities import format_duration
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.spread import Spread
from cortex_tui.stats.targets import TargetResult, parse_target, parse_targets
from cortex_tui.stats.verdicts import evaluate, is_estimated, least_operations, share_of

MS = 1_000_000


def of(values: Iterable[int] = ()) -> Histogram:
    histogram = Histogram()
    histogram.fold(array("q", values))
    return histogram


def run(slow: int, fast: int, **fields: int) -> Measured:
    """Operations of 1 s, and others of 1 ms, in 10 s."""
    values = [1_000 * MS] * slow + [MS] * fast
    return Measured(of(values), of(), 10_000 * MS, **fields)  # type: ignore[arg-type]


def judge(
    text: str, measured: Measured, *, live: bool = False, varied: Spread | None = None
) -> TargetResult:
    return evaluate(parse_target(text), measured, "service", live=live, varied=lambda: varied)


def test_a_few_operations_far_below_the_limit_meet_a_percentile() -> None:
    measured = Measured(of([88 * MS] * 66), of(), measured_ns=5_000 * MS)
    found = judge("p95 < 500ms", measured)
    assert (found.verdict, found.met, found.value) == ("met", True, None)
    assert found.note == "0 of 66 operations are over it"


INDEPENDENT = Spread(0.01, 30, 1.0)
"""Thirteen of its operations count as one all the same, unless none or all are over a limit."""


@pytest.mark.parametrize(
    ("slow", "verdict"),
    [(0, "met"), (360, "met"), (370, "undecided"), (630, "undecided"), (640, "missed")],
)
def test_a_percentile_is_judged_by_the_share_beyond_its_limit(slow: int, verdict: str) -> None:
    for target, measured in (
        ("p95 < 50ms", run(slow, 10_000 - slow)),
        ("p95 <= 50ms", run(slow, 10_000 - slow)),
        ("response.p95 < 50ms", run(slow, 10_000 - slow)),
    ):
        assert judge(target, measured, varied=INDEPENDENT).verdict == verdict
    opposite = {"met": "missed", "missed": "met"}.get(verdict, verdict)
    assert judge("p95 > 50ms", run(slow, 10_000 - slow), varied=INDEPENDENT).verdict == opposite


@pytest.mark.parametrize("lost", ["errors", "unfinished", "unstarted"])
def test_operations_without_a_time_are_over_any_limit(lost: str) -> None:
    assert judge("p95 < 50ms", run(0, 9_360, **{lost: 640}), varied=INDEPENDENT).verdict == "missed"
    # And they are against a target that wants operations to be slow.
    assert judge("p5 > 50ms", run(9_360, 0, **{lost: 640}), varied=INDEPENDENT).verdict == "missed"
    assert judge("p95 < 50ms", run(360, 9_640, **{lost: 0}), varied=INDEPENDENT).verdict == "met"


def test_the_bucket_of_the_limit_is_against_the_target() -> None:
    # From 8,192 ns on, buckets are wider than 1 ns: 10,000 to 10,007 ns are one.
    measured = Measured(of([10_001] * 100), of(), measured_ns=MS)
    assert judge("p50 < 10004ns", measured).verdict == "missed"
    assert judge("p50 > 10000ns", measured).verdict == "missed"
    assert judge("p50 < 10008ns", measured).verdict == "met"
    assert judge("p50 > 9999ns", measured).verdict == "met"
    # Below, each value has its own.
    exact = Measured(of([500] * 100), of(), measured_ns=MS)
    assert judge("p50 < 500ns", exact).verdict == "missed"
    assert judge("p50 <= 500ns", exact).verdict == "met"
    assert judge("p50 >= 500ns", exact).verdict == "met"
    assert judge("p50 > 500ns", exact).verdict == "missed"


@pytest.mark.parametrize(
    ("text", "against", "verdict"),
    [
        # Of a true 5 %, not even the first is over in more than 5 % of the runs.
        ("p95 < 50ms", 3, "missed"),
        ("p5 > 1h", 3, "missed"),
        # Of a true half, a burst makes five slow ones in a row all too easily.
        ("p50 < 50ms", 6, "undecided"),
        ("p50 < 50ms", 60, "missed"),
        ("p50 > 1h", 6, "undecided"),
    ],
)
def test_a_few_operations_that_are_all_against_a_target(
    text: str, against: int, verdict: str
) -> None:
    assert judge(text, run(against, 0)).verdict == verdict


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_what_never_varies_is_compared_as_it_stands(
    operator: str, below: bool, equal: bool, above: bool
) -> None:
    for varied in (None, Spread(0.0, 30)):
        alike = Measured(of([50] * 100), of(), measured_ns=MS)
        for limit, met in ((51, below), (50, equal), (49, above)):
            assert judge(f"mean {operator} {limit}ns", alike, varied=varied).met is met
    steady = Measured(of([50] * 100), of(), measured_ns=1_000 * MS)
    for limit, met in ((101, below), (100, equal), (99, above)):
        found = judge(f"throughput {operator} {limit}/s", steady, varied=Spread(0.0, 30))
        assert found.met is met


def test_what_is_slow_together_decides_less() -> None:
    measured = run(200, 9_800)
    assert judge("p95 < 50ms", measured, varied=INDEPENDENT).verdict == "met"
    found = judge("p95 < 50ms", measured, varied=Spread(0.01, 30, 200.0))
    assert found.verdict == "undecided"
    assert found.more_ns is not None
    assert found.note.startswith("needs about ")


def test_what_lies_on_its_limit_is_too_close_to_be_decided() -> None:
    found = judge("p95 < 50ms", run(50, 950), varied=INDEPENDENT)
    assert (found.verdict, found.more_ns) == ("undecided", None)
    assert found.note == "too close to the limit to be decided"


def test_how_much_longer_a_run_would_have_to_be() -> None:
    found = judge("p99.9 < 50ms", run(0, 1_000))
    assert found.note == "needs about 1,996 more operations: run 30.0s instead of 10.0s"
    assert found.more_ns == pytest.approx(19_950 * MS, rel=0.01)
    # What was measured of a run that is not over is not the length that it was given.
    live = judge("p99.9 < 50ms", run(0, 1_000), live=True)
    assert live.note == "needs about 2,204 more operations, 33.0s in all"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("throughput >= 95/s", "met"),
        ("throughput >= 99/s", "undecided"),
        ("throughput > 101/s", "undecided"),
        ("throughput >= 105/s", "missed"),
        ("throughput < 105/s", "met"),
        ("throughput == 100/s", "met"),
    ],
)
def test_throughput_is_judged_by_how_it_varied(text: str, verdict: str) -> None:
    found = judge(text, run(0, 1_000), varied=Spread(2.0, 30))
    assert (found.verdict, found.value) == (verdict, 100)
    if verdict == "undecided":
        assert found.note.startswith("needs about ")


def test_a_mean_is_judged_by_how_it_varied() -> None:
    measured = run(0, 1_000)
    assert judge("mean < 1.1ms", measured, varied=Spread(0.05 * MS, 30)).verdict == "met"
    assert judge("mean < 1.1ms", measured, varied=Spread(0.1 * MS, 30)).verdict == "undecided"
    assert judge("mean < 0.9ms", measured, varied=Spread(0.05 * MS, 30)).verdict == "missed"


def test_a_run_that_is_too_short_for_blocks_decides_what_is_far_from_its_limit() -> None:
    measured = Measured(of([MS, 2 * MS] * 50), of(), measured_ns=150 * MS)
    assert judge("mean < 3ms", measured).verdict == "met"
    assert judge("mean < 1.6ms", measured).verdict == "undecided"
    assert judge("throughput >= 400/s", measured).verdict == "met"
    assert judge("throughput >= 650/s", measured).verdict == "undecided"
    assert judge("mean < 3ms", Measured(of([MS]), of(), MS)).verdict == "undecided"


def test_a_share_of_errors_is_judged_and_their_number_is_exact() -> None:
    measured = run(0, 990, errors=1)
    assert judge("error_rate < 5%", measured, varied=INDEPENDENT).verdict == "met"
    assert judge("error_rate < 0.2%", measured, varied=INDEPENDENT).verdict == "undecided"
    assert judge("error_rate < 0.1%", run(0, 900, errors=99)).verdict == "missed"
    assert judge("error_rate <= 0", measured).verdict == "missed"
    assert judge("error_rate <= 0", run(0, 5)).verdict == "met"
    assert judge("errors < 2", measured).verdict == "met"
    assert judge("errors == 0", measured).verdict == "missed"


def test_a_live_run_needs_evidence_that_holds_at_any_look() -> None:
    measured = run(360, 9_640)
    assert judge("p95 < 50ms", measured, varied=INDEPENDENT).verdict == "met"
    live = judge("p95 < 50ms", measured, varied=INDEPENDENT, live=True)
    assert live.verdict == "pending"
    assert live.more_ns is not None
    assert judge("p95 < 50ms", run(200, 9_800), varied=INDEPENDENT, live=True).verdict == "met"
    assert judge("p95 < 50ms", run(1_000, 9_000), varied=INDEPENDENT, live=True).verdict == "missed"


def test_what_no_operation_succeeded_for_is_missed_and_nothing_measured_is_undecided() -> None:
    failed = Measured(of(), of([MS] * 5), measured_ns=MS, errors=5, unfinished=1_000)
    for text in ("p95 < 50ms", "mean < 50ms"):
        found = judge(text, failed)
        assert (found.verdict, found.note) == (
            "missed",
            "no operation succeeded: 5 failed, 1,000 never ended",
        )
        live = judge(text, failed, live=True)
        assert (live.verdict, live.note.startswith("needs ")) == ("pending", True)
    assert judge("p95 < 50ms", Measured(of(), of(), 0)).verdict == "undecided"


def test_that_no_operation_ended_is_missed_and_says_so() -> None:
    stuck = Measured(of(), of(), measured_ns=MS, unfinished=3)
    for text in ("p99 < 50ms", "errors == 0"):
        found = judge(text, stuck)
        assert (found.verdict, found.note) == ("missed", "no operation succeeded: 3 never ended")


def test_a_target_on_failures_waits_for_more_of_them() -> None:
    failed = Measured(of(), of([MS] * 5), measured_ns=MS, errors=5)
    found = judge("failure.p99 < 50ms", failed)
    assert (found.verdict, found.note.startswith("needs ")) == ("undecided", True)
    assert judge("lateness.p99 < 50ms", failed).note == "a closed load has no lateness"
    stuck = Measured(of(), of(), measured_ns=MS, unfinished=3)
    found = judge("failure.max < 50ms", stuck)
    assert (found.verdict, found.note) == ("undecided", "needs 1 more failed operation")


def test_a_target_that_lacks_operations_is_undecided_where_others_failed() -> None:
    found = judge("stddev < 1s", Measured(of([5]), of([5]), 1, errors=1, unfinished=1))
    assert (found.verdict, found.note) == ("undecided", "needs 1 more operation")


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("p95 < 1s", 59),
        ("median < 1s", 5),
        ("p5 >= 1s", 59),
        ("p99 >= 1s", 1),
        ("p99 == 1s", 1_000),
        ("iqr < 1s", 40),
        ("error_rate < 1%", 299),
        ("errors == 0", 1),
        ("mean < 1s", 1),
        ("failure.p99 < 1s", 1),
        ("scaling(n) < 1", 1),
    ],
)
def test_the_least_operations_that_can_meet_a_target(text: str, least: int) -> None:
    assert least_operations(parse_target(text)) == least


def test_a_share_is_of_all_operations_that_it_could_be_of() -> None:
    hour_ns = 3_600_000 * MS
    measured = Measured(
        of([MS] * 90 + [60 * MS] * 5 + [2 * hour_ns] * 3),
        of([70 * MS] * 4 + [MS] * 6),
        measured_ns=10_000 * MS,
        errors=10,
        unfinished=2,
        unstarted=1,
    )
    below, above = parse_target("p95 < 50ms"), parse_target("p5 > 50ms")
    assert share_of(below, measured, "service") == (5 + 3 + 13, 98 + 13, 0.05)
    assert share_of(above, measured, "service") == (5 + 3, 98 + 13, 0.95)
    # Those that failed have a time of their own, and nothing else is missing from theirs.
    assert share_of(below, measured, "failure") == (4, 10, 0.05)
    rate = parse_target("error_rate < 1%")
    assert share_of(rate, measured, "service") == (10, 98 + 10, 0.01)
    assert share_of(parse_target("mean < 1ms"), measured, "service") is None


@pytest.mark.parametrize(
    ("text", "estimated"),
    [
        ("error_rate < 1%", True),
        ("error_rate <= 0", False),
        ("error_rate < 1", False),
        ("error_rate == 1%", False),
        ("p99 < 1ms", True),
        ("p99 == 1ms", False),
        ("mean < 1ms", True),
        ("throughput > 1/s", True),
        ("max < 1ms", False),
        ("iqr < 1ms", False),
        ("scaling(rows) < 1", False),
    ],
)
def test_what_more_operations_would_decide(text: str, estimated: bool) -> None:
    assert is_estimated(parse_target(text)) is estimated


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("error_rate < 1%", 299),
        ("error_rate > 1%", 1),
        ("error_rate <= 0", 1),
        ("error_rate < 1", 1),
        ("throughput < 0.5/s", 1),
        ("mean < 1ms", 1),
        ("iqr < 1ms", 40),
    ],
)
def test_how_many_operations_a_target_takes_at_least(text: str, least: int) -> None:
    assert least_operations(parse_target(text)) == least


def test_somebody_who_looks_again_and_again_needs_more_evidence() -> None:
    # 2.5 standard errors: beyond the 1.7 of one look, and not beyond the 3.35 of any.
    measured = Measured(of([100] * 50 + [120] * 50), of(), measured_ns=1_000 * MS)
    target, varied = parse_target("mean < 135ns"), Spread(10.0, 30)
    once = evaluate(target, measured, "service", varied=lambda: varied)
    assert once.verdict == "met"
    again = evaluate(target, measured, "service", varied=lambda: varied, any_look=True)
    assert again.verdict == "undecided"
    assert again.more_ns is not None
    assert again.more_ns == pytest.approx(((3.35 / 2.5) ** 2 - 1) * 1e9, rel=0.02)
    assert again.note.startswith(f"needs about {format_duration(again.more_ns)} more: run 1.")


@pytest.mark.parametrize("slow", [0, 500, 5_000])
def test_a_result_is_that_of_its_target(slow: int) -> None:
    (warning,) = parse_targets((), ("p95 < 50ms",))
    found = evaluate(warning, run(slow, 10_000 - slow), "service", varied=lambda: INDEPENDENT)
    assert (found.target, found.warn) == ("p95 < 50ms", True)
    assert judge("p95 < 50ms", run(slow, 10_000 - slow), varied=INDEPENDENT).warn is False


def test_a_mean_of_failures_is_of_single_operations() -> None:
    # A batch of ten is timed as one, a failure by itself.
    measured = Measured(of([1_000] * 50), of([90, 110] * 50), measured_ns=MS, batch=10)
    near = judge("failure.mean < 110ns", measured)
    assert (near.value, near.verdict) == (100, "met")
    assert judge("failure.mean < 103ns", measured).verdict == "undecided"


LOWERED = (
    "may be too low: {} of 10,000 operations failed within batches, and may have taken no time"
)


@pytest.mark.parametrize(
    ("text", "failed", "verdict", "noted"),
    [
        # Batches of ten take 250 to 260 us, so that 25.5 us are the mean of an operation; if the
        # half that failed took no time, it is 51 us of those that succeeded.
        ("mean < 40us", 0, "met", False),
        ("mean < 40us", 5_000, "undecided", True),
        ("mean <= 52us", 5_000, "met", True),
        ("mean < 20us", 5_000, "missed", True),
        ("mean > 20us", 5_000, "met", True),
        # A hundredth may matter, fewer do only next to the limit.
        ("mean < 40us", 100, "met", True),
        ("mean < 40us", 90, "met", False),
        ("mean < 25.72us", 0, "met", False),
        ("mean < 25.72us", 90, "undecided", True),
        ("max < 300us", 5_000, "undecided", True),
        ("max < 300us", 90, "met", False),
        ("failure.mean < 40us", 5_000, "met", False),
        ("throughput > 1/s", 5_000, "met", False),
    ],
)
def test_failing_fast_within_batches_does_not_meet_a_target(
    text: str, failed: int, verdict: str, noted: bool
) -> None:
    measured = Measured(
        of([250_000, 260_000] * 500),
        of([10_000] * failed),
        measured_ns=300 * MS,
        errors=failed,
        batch=10,
        failed_in_batches=failed,
    )
    found = judge(text, measured, varied=Spread(1.0, 30, 1.0))
    assert (found.verdict, found.more_ns) == (verdict, None)
    assert found.note == (LOWERED.format(f"{failed:,}") if noted else "")
    if verdict == "undecided":
        assert judge(text, measured, live=True, varied=Spread(1.0, 30, 1.0)).verdict == "pending"


def test_a_plain_verdict_does_not_ask_how_the_statistic_varied() -> None:
    asked: list[str] = []

    def varied(text: str) -> Spread:
        asked.append(text)
        return INDEPENDENT

    for slow, text in ((0, "p95 < 50ms"), (400, "p95 < 60ms"), (0, "errors == 0")):
        evaluate(parse_target(text), run(slow, 9_600), "service", varied=partial(varied, text))
    assert asked == ["p95 < 60ms"]
