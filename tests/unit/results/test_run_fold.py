"""What is known of a run from its messages alone."""

from __future__ import annotations

from typing import Any

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import LevelChanged, Pulse, RunFinished, Samples, StateChanged
from cortex_tui.results.interval import counted
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.trend import TREND_INTERVALS
from tests.unit.results.folds import TENTH_NS, measuring
from tests.unit.session.messages import SECOND_NS, at_stage, planned, profile, samples


def test_shows_what_the_messages_added_up_to() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000] * 60, at_ns=TENTH_NS))
    fold.add(samples(1, [2_000] * 40, at_ns=2 * TENTH_NS, in_flight=1, oldest_ns=77))
    view = result_of(fold, {})
    assert view.operations == 100
    assert view.percentiles_ns["p50"] == 1_000
    assert view.max_ns == 2_000
    assert view.throughput_per_s == 500.0
    assert (view.in_flight, view.oldest_ns) == (1, 77)
    assert view.progress == 0.02


def test_messages_that_are_counted_together_lead_to_the_same_as_one_by_one() -> None:
    fields: list[dict[str, Any]] = [
        {"response": [2, 3, 4]},
        {"response": [90] * 300, "lateness": [1, 2]},
        {"failures": [7, 8]},
        {"phase": "warmup"},
    ]
    batch = [samples(at, [at + 1] * 20, **each) for at, each in enumerate(fields)]
    folds = [measuring(load=OpenLoad(100.0)) for _ in range(2)]
    for message in batch:
        folds[0].add(message)
    for each, times in counted([*batch, Pulse(1)]):
        assert isinstance(each, Pulse) == (times is None)
        if isinstance(each, Samples):
            folds[1].add(each, times)
    one_by_one, together = (result_of(fold, {}) for fold in folds)
    assert one_by_one == together
    assert together.operations == 60


def test_a_percentile_with_too_few_samples_beyond_it_says_how_many_are_missing() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000] * 150))
    view = result_of(fold, {})
    assert view.percentiles_ns["p90"] == 1_000
    assert view.percentiles_ns["p95"] is None
    assert view.samples_missing["p95"] == 50


def test_warm_up_is_progress_but_no_result() -> None:
    fold = RunFold(planned(profile(warmup=Length(iterations=100))))
    fold.change(at_stage(0, "warmup", 0))
    fold.add(samples(0, [1_000] * 25, phase="warmup"))
    view = result_of(fold, {})
    assert view.progress == 0.25
    assert view.operations == 0
    assert view.max_ns is None


def test_response_is_the_headline_of_an_open_load() -> None:
    fold = measuring(load=OpenLoad(rate_per_s=100.0))
    fold.add(samples(0, [1_000] * 50, response=[2_000] * 50, lateness=[1_000] * 50))
    view = result_of(fold, {})
    assert view.percentiles_ns["p50"] == 2_000
    assert view.service_p50_ns == 1_000
    assert any("operations started late" in warning for warning in view.warnings)


def test_percentiles_are_flagged_when_more_is_missing_than_lies_beyond_them() -> None:
    fold = measuring(load=ClosedLoad(3))
    fold.add(samples(0, [1_000] * 1_000, failures=[9_000] * 30, errors={"KeyError": 30}))
    view = result_of(fold, {})
    assert view.error_count == 30
    (warning,) = view.warnings
    assert warning.startswith("p99, p99.9, p99.99 may be too low: 30 operations")


def test_an_interval_without_operations_is_a_gap_in_the_trend() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000]))
    fold.add(samples(3, [1_500]))
    fold.add(samples(3, [2_000]))
    assert result_of(fold, {}).trend_ns == (1_000, None, None, 2_000)
    fold.add(samples(1, [1_200]))  # late
    assert result_of(fold, {}).trend_ns == (1_000, 1_200, None, 2_000)


def test_the_trend_is_of_the_last_intervals() -> None:
    fold = measuring()
    for interval in range(200):
        fold.add(samples(interval, [1_000 + interval]))
    trend = result_of(fold, {}).trend_ns
    assert len(trend) == TREND_INTERVALS
    assert trend[-1] == 1_199


def test_targets_stand_open_until_they_are_missed_or_the_run_has_ended() -> None:
    fold = measuring(targets=("p95 < 2us", "errors == 0"))
    assert result_of(fold, {}).verdict == "pending"
    fold.add(samples(0, [5_000] * 50))
    assert result_of(fold, {}).verdict == "missed"


def test_a_target_without_enough_data_is_undecided_in_the_end() -> None:
    fold = measuring(targets=("p99 < 2s",))
    fold.add(samples(0, [5_000] * 50, at_ns=SECOND_NS))
    view = result_of(fold, {})
    assert view.verdict == "pending"
    # What was measured so far is not the length of the run, which may be meant to be longer.
    assert view.targets[0].note.startswith("needs about ")
    assert view.targets[0].note.endswith(" in all")
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    view = result_of(fold, {})
    assert view.verdict == "undecided"
    assert view.targets[0].note == "needs about 249 more operations: run 6.00s instead of 1.00s"


def test_a_run_without_one_success_has_failed() -> None:
    fold = measuring()
    fold.add(samples(0, failures=[1_000] * 3, errors={"OSError": 3}))
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    assert result_of(fold, {}).state == "failed"
    assert result_of(fold, {}).reason == "measure: none of 3 operations succeeded (OSError)"


def test_a_run_in_which_nothing_ended_has_failed_and_meets_no_target() -> None:
    fold = measuring(targets=("errors == 0",))
    fold.finish(
        RunFinished(
            run=0,
            state="finished",
            at_ns=0,
            measured_ns=SECOND_NS,
            unfinished_ns=(5 * SECOND_NS, SECOND_NS),
            unfinished_more=1_000,
        )
    )
    view = result_of(fold, {})
    assert (view.state, view.verdict) == ("failed", "missed")
    assert view.reason == "measure: no operation ended (unfinished: 1,002, the oldest after 5.00s)"
    assert view.targets[0].note == "no operation succeeded: 1,002 never ended"


def test_a_run_that_was_stopped_before_anything_ended_has_not_failed() -> None:
    fold = measuring()
    fold.finish(RunFinished(run=0, state="stopped", at_ns=0, unfinished_ns=(SECOND_NS,)))
    assert result_of(fold, {}).state == "stopped"


@pytest.mark.parametrize("state", ["stopped", "finished"])
def test_a_few_operations_decide_nothing_of_throughput(state: Any) -> None:
    fold = measuring(targets=("throughput >= 1_000/s",))
    fold.add(samples(0, [1_000] * 6))
    ended = RunFinished(run=0, state=state, at_ns=TENTH_NS, measured_ns=TENTH_NS // 10)
    fold.finish(ended)
    view = result_of(fold, {})
    assert (view.state, view.verdict) == (state, "undecided")
    assert view.targets[0].more_ns is not None


def test_what_was_measured_outlives_the_runner() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000] * 50, at_ns=TENTH_NS, in_flight=4, oldest_ns=5))
    fold.die("the runner was killed by SIGSEGV")
    view = result_of(fold, {})
    assert (view.state, view.reason) == ("failed", "the runner was killed by SIGSEGV")
    assert view.operations == 50
    assert view.in_flight == 0


def test_throughput_is_what_succeeded_within_the_window_over_the_window() -> None:
    fold = measuring(load=OpenLoad(rate_per_s=100.0))
    fold.add(samples(0, [1_000] * 200, response=[1_000] * 200, lateness=[1] * 200))
    late = [3 * SECOND_NS] * 50
    fold.add(samples(20, late, response=late, lateness=[1] * 50, drained=50))
    fold.finish(
        RunFinished(
            run=0, state="finished", at_ns=0, measured_ns=2 * SECOND_NS, drain_ns=3 * SECOND_NS
        )
    )
    view = result_of(fold, {})
    assert (view.operations, view.drained, view.throughput_per_s) == (250, 50, 100.0)
    assert view.max_ns == 3 * SECOND_NS
    assert view.warnings == ()


def test_operations_that_failed_in_a_batch_are_none_that_succeeded() -> None:
    fold = measuring(batch=100, targets=("error_rate < 10%",))
    fold.add(
        samples(
            0,
            [5_000] * 10,
            failures=[50] * 10,
            errors={"OSError": 10},
            failed_in_batches=10,
        )
    )
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    view = result_of(fold, {})
    assert (view.state, view.operations, view.error_count) == ("finished", 990, 10)
    assert (view.throughput_per_s, view.verdict) == (990.0, "met")


def of_load(in_flight: list[int], **fields: Any) -> tuple[str, ...]:
    """The warnings of an open load with that number of operations in flight after each interval."""
    fold = measuring(load=OpenLoad(rate_per_s=100.0))
    for index, count in enumerate(in_flight):
        times = [1_000] * 10
        fold.add(
            samples(index, times, response=times, lateness=[1] * 10, in_flight=count, **fields)
        )
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    return result_of(fold, {}).warnings


def test_a_backlog_that_grew_is_reported() -> None:
    (warning,) = of_load([10 * index for index in range(12)])
    assert warning == "it could not keep up: operations in flight grew from 15 to 95"


def ended(lateness_ms: int, drained: int, **fields: Any) -> tuple[str, ...]:
    """Warnings of a run at 100/s for a second whose operations took 1 ms, some of them after it."""
    fold = measuring(load=OpenLoad(rate_per_s=100.0))
    in_time = 100 - drained
    for index, count in ((0, in_time), (12, drained)):
        service = [fields.get("service_ns", 1_000_000)] * count
        late = [lateness_ms * 1_000_000] * count
        lost = drained if index else 0
        fold.add(samples(index, service, response=service, lateness=late, drained=lost))
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    return tuple(w for w in result_of(fold, {}).warnings if "late" not in w)


def test_arrivals_that_waited_to_be_started_are_a_backlog() -> None:
    """A loop that computes starts them late, so that few are ever in flight."""
    assert ended(400, 40) == (
        "it could not keep up: throughput was 60/s, and 100/s were due; 40 of 100 operations "
        "that were due had not ended when measure did",
    )


def test_operations_that_ended_in_a_pause_were_not_left_at_the_end() -> None:
    fold = measuring(load=OpenLoad(rate_per_s=100.0))
    each, late = [1_000_000], [400_000_000]
    fold.add(samples(0, each * 60, response=each * 60, lateness=late * 60))
    fold.add(samples(0, each * 40, response=each * 40, lateness=late * 40, drained=40))
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    view = result_of(fold, {})
    assert view.throughput_per_s == 60.0
    assert not [text for text in view.warnings if "keep up" in text]


@pytest.mark.parametrize(
    ("lateness_ms", "drained", "fields"),
    [
        (0, 40, {}),  # one slow moment at the end
        (90, 40, {}),
        (400, 9, {}),
        (400, 11, {"service_ns": 10_000_000}),  # most of them as always
        (400, 40, {"service_ns": 400_000_000}),
    ],
)
def test_operations_that_are_left_as_usual_are_no_backlog(
    lateness_ms: int, drained: int, fields: dict[str, Any]
) -> None:
    assert ended(lateness_ms, drained, **fields) == ()


def computing(late_ms: list[int], drained: int, rate_per_s: float = 100.0) -> tuple[str, ...]:
    """Warnings of a run whose arrivals start that late in each interval of a tenth of a second,
    and of which few are ever in flight; `drained` of them end after it."""
    fold = measuring(load=OpenLoad(rate_per_s=rate_per_s))
    fold.change_level(LevelChanged(run=0, level=rate_per_s, at_ns=0))
    count = int(rate_per_s / 10)
    for index, late in enumerate(late_ms):
        each = [1_000_000] * count
        fold.add(samples(index, each, response=each, lateness=[late * 1_000_000] * count))
    rest = [1_000_000] * drained
    late_ns = [late_ms[-1] * 1_000_000] * drained
    fold.add(samples(len(late_ms), rest, response=rest, lateness=late_ns, drained=drained))
    measured_ns = len(late_ms) * TENTH_NS
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=measured_ns))
    return tuple(w for w in result_of(fold, {}).warnings if "started late" not in w)


def test_operations_that_compute_ever_longer_do_not_keep_up_although_most_were_in_time() -> None:
    """Half of all start at once, so that the median of all tells nothing."""
    late_ms = [0] * 22 + [150 * each for each in range(1, 19)]
    (warning,) = computing(late_ms, drained=30)
    assert warning == (
        "it could not keep up: throughput was 100/s, and 108/s were due; arrivals that waited to "
        "be started grew from 0 to 180"
    )


@pytest.mark.parametrize(
    ("late_ms", "drained", "rate_per_s"),
    [
        ([0] * 22 + [150 * each for each in range(1, 19)], 5, 100.0),  # it has caught up
        ([0] * 36 + [400, 800, 1200, 1600], 30, 100.0),  # one slow moment at the end
        ([1_000] * 40, 30, 50.0),  # as late at the beginning
        ([1] * 20 + [3] * 20, 10_000, 10_000.0),  # what scheduling takes
    ],
)
def test_operations_that_start_late_for_other_reasons_are_no_backlog(
    late_ms: list[int], drained: int, rate_per_s: float
) -> None:
    assert not [w for w in computing(late_ms, drained, rate_per_s) if "grew" in w]


def warnings_of(service_us: list[int], **fields: Any) -> tuple[str, ...]:
    """Warnings of a run whose operations take so long in each interval."""
    fold = measuring(**fields)
    for index, each in enumerate(service_us):
        fold.add(samples(index, [each * 1_000] * 40))
    measured_ns = len(service_us) * TENTH_NS
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=measured_ns))
    return result_of(fold, {}).warnings


def test_operations_that_take_ever_longer_are_reported() -> None:
    grew = [100 + 10 * each for each in range(30)]
    (warning,) = warnings_of(grew)
    assert warning.startswith(
        "operations took ever longer: the service p50 grew from 145µs in the first third of the "
        "run to 345µs in the last"
    )
    stages = (Stage(1.0, 2 * SECOND_NS, ramp=False), Stage(9.0, 2 * SECOND_NS, ramp=False))
    assert warnings_of(grew, load=StagedLoad(of="workers", stages=stages)) == ()
    assert (
        warnings_of(grew[::-1])
        == warnings_of([100, 110] * 15)
        == warnings_of([100] * 20 + [200] * 10)
        == ()
    )


def test_arrivals_that_were_not_started_are_reported() -> None:
    _flattered, warning = of_load([5] * 12, unstarted=2)
    assert warning == (
        "it could not keep up: throughput was 120/s, and 144/s were due; 24 arrivals were not "
        "started (max_in_flight was reached)"
    )


@pytest.mark.parametrize("in_flight", [[70] * 12, [3, 60, 2, 1] * 3, [0] * 12])
def test_operations_that_take_long_are_no_backlog(in_flight: list[int]) -> None:
    assert of_load(in_flight) == ()


def test_neighbours_that_end_earlier_are_reported() -> None:
    fold = measuring()
    fold.add(samples(0, at_ns=TENTH_NS, neighbours=2))
    fold.add(samples(1, at_ns=2 * TENTH_NS, neighbours=2))
    fold.add(samples(2, at_ns=3 * TENTH_NS, neighbours=1))
    assert result_of(fold, {}).warnings == ("neighbours changed while it was measured: 2 → 1",)


def test_neighbours_in_a_pause_of_the_run_are_no_matter() -> None:
    fold = measuring()
    fold.add(samples(0, at_ns=TENTH_NS, neighbours=2))
    fold.change(StateChanged(0, fold.life.pause(), TENTH_NS))
    fold.add(samples(0, at_ns=2 * TENTH_NS, neighbours=0))
    fold.change(StateChanged(0, fold.life.resume(), 3 * TENTH_NS))
    fold.add(samples(1, at_ns=4 * TENTH_NS, neighbours=2))
    assert result_of(fold, {}).warnings == ()


def test_neighbours_that_end_when_the_time_is_up_are_no_matter() -> None:
    fold = measuring()
    fold.add(samples(0, at_ns=TENTH_NS, neighbours=2))
    fold.add(samples(100, at_ns=10 * SECOND_NS, neighbours=0))
    assert result_of(fold, {}).warnings == ()


def test_control_characters_of_a_workload_become_visible() -> None:
    fold = measuring()
    text = "boom \x1b[31mred"
    fold.add(samples(0, failures=[1], errors={"E\x07": 1}, tracebacks={"E\x07": f"line\n{text}"}))
    fold.finish(RunFinished(run=0, state="failed", reason=text, at_ns=0))
    view = result_of(fold, {})
    assert view.reason == "boom ␛[31mred"
    assert view.errors == {"E␇": 1}
    assert view.traceback == "line\nboom ␛[31mred"


def test_what_timing_adds_is_reported_where_it_is_much_of_an_operation() -> None:
    def timing_warnings(clock_cost_ns: float, **fields: Any) -> list[str]:
        fold = RunFold(planned(profile(**fields)), clock_cost_ns)
        fold.change(at_stage(0, "measure", 0))
        fold.add(samples(0, [1_000] * 100))
        return [text for text in result_of(fold, {}).warnings if text.startswith("timing adds")]

    assert timing_warnings(9) == []
    assert timing_warnings(50) == [
        "timing adds 50ns to each operation, 5% of the service p50 1.00µs; "
        'batch = "auto" would time many as one'
    ]
    (warning,) = timing_warnings(50, load=OpenLoad(rate_per_s=100.0))
    assert warning.endswith("1.00µs")
