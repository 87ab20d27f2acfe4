"""Whether a run continues, decided from its messages alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Precision, Profile
from cortex_tui.profiles.variants import going_on
from cortex_tui.protocol.commands import EndPhase
from cortex_tui.protocol.lifecycle import Phase
from cortex_tui.protocol.messages import RunFinished
from cortex_tui.results.differences import profile_changes
from cortex_tui.results.progress import progress_note
from cortex_tui.results.result_of import result_of, targets_of
from cortex_tui.results.run_fold import UNSETTLED, RunFold
from cortex_tui.session.decisions import decisions, replayed
from cortex_tui.stats.moments import Moments
from cortex_tui.store.records import RunRecord
from tests.unit.session.messages import SECOND_NS, at_stage, planned, profile, samples

TENTH_NS = SECOND_NS // 10


def entered(phase: Phase, **fields: Any) -> RunFold:
    fold = RunFold(planned(profile(**fields)))
    fold.change(at_stage(0, phase, 0))
    return fold


def fill(fold: RunFold, phase: Any, count: int, *, spread: int = 100, level: int = 0) -> None:
    """That number of intervals more of 100 operations each, around 1 µs (and `level`)."""
    noise = random.Random(len(fold.intervals))
    first = max((slot for slot, _ in fold.intervals), default=-1) + 1
    for index in range(first, first + count):
        values = [1_000 + level + noise.randrange(spread) for _ in range(100)]
        fold.add(samples(index, values, phase=phase, at_ns=(index + 1) * TENTH_NS))


# --- warm-up ----------------------------------------------------------------------------------


def warming_up(**fields: Any) -> RunFold:
    fields = {"auto_warmup": True, "warmup": Length(duration_ns=30 * SECOND_NS)} | fields
    return entered("warmup", **fields)


def settle(fold: RunFold, intervals: int = 41) -> None:
    for index in range(intervals):
        fold.add(samples(index, [1_000] * 50, phase="warmup", at_ns=(index + 1) * TENTH_NS))


def test_warm_up_ends_when_its_times_have_settled() -> None:
    fold = warming_up()
    settle(fold, 19)
    assert decisions([fold]) == []
    settle(fold)
    assert decisions([fold]) == [EndPhase(0, "warmup")]


def test_warm_up_goes_on_while_times_fall() -> None:
    fold = warming_up()
    for index in range(40):
        falling = [5_000 - 100 * index] * 50
        fold.add(samples(index, falling, phase="warmup", at_ns=(index + 1) * TENTH_NS))
    assert decisions([fold]) == []
    view = result_of(fold, {})
    assert view.progress_note == "settling: 40 intervals"
    assert view.progress == pytest.approx(4 / 30)


def test_the_pieces_of_an_interval_count_as_one() -> None:
    fold = warming_up()
    for index in range(19):
        for _ in range(3):
            fold.add(samples(index, [1_000] * 50, phase="warmup"))
    assert result_of(fold, {}).progress_note == "settling: 19 intervals"
    assert decisions([fold]) == []


def test_an_open_load_settles_by_its_response() -> None:
    fold = warming_up(load=OpenLoad(rate_per_s=500.0))
    for index in range(30):
        response = [9_000 - 200 * index] * 50
        fold.add(samples(index, [1_000] * 50, phase="warmup", response=response))
    assert decisions([fold]) == []


def test_a_warm_up_of_fixed_length_is_left_alone() -> None:
    fold = warming_up(auto_warmup=False)
    settle(fold, 100)
    assert decisions([fold]) == []
    assert result_of(fold, {}).progress_note == ""


def test_nothing_is_decided_of_a_paused_run() -> None:
    fold = warming_up()
    settle(fold)
    fold.change(at_stage(0, "warmup", 3 * SECOND_NS, paused=True))
    assert decisions([fold]) == []
    fold.change(at_stage(0, "warmup", 4 * SECOND_NS))
    assert decisions([fold]) == [EndPhase(0, "warmup")]


def test_a_warm_up_that_never_settled_is_reported() -> None:
    fold = warming_up()
    settle(fold, 10)
    fold.change(at_stage(0, "measure", SECOND_NS))
    assert UNSETTLED in result_of(fold, {}).warnings
    settled = warming_up()
    settle(settled)
    settled.change(at_stage(0, "measure", 2 * SECOND_NS))
    assert UNSETTLED not in result_of(settled, {}).warnings


def test_a_stored_run_is_warmed_up_as_long_again() -> None:
    auto = profile(auto_warmup=True, warmup=Length(duration_ns=30 * SECOND_NS))
    record = RunRecord(run=0, profile=auto, warmup_ns=3 * SECOND_NS, warmup_iterations=77)
    again = replayed(auto, record)
    assert (again.auto_warmup, again.warmup) == (False, Length(duration_ns=3 * SECOND_NS))
    assert again.stop == auto.stop


@pytest.mark.parametrize(
    ("each", "warmup_ns"),
    [(profile(warmup=Length(iterations=5)), SECOND_NS), (profile(auto_warmup=True), 0)],
)
def test_a_warm_up_whose_length_was_given_or_not_reached_stays(
    each: Profile, warmup_ns: int
) -> None:
    assert replayed(each, RunRecord(run=0, profile=each, warmup_ns=warmup_ns)) == each


def test_a_stored_run_is_batched_alike_again_and_measures_the_same() -> None:
    """Calibrated anew, batches differ by chance, and their times cannot be compared."""
    found = profile(batch=0)
    record = RunRecord(run=0, profile=found, batch=37, service=Moments(count=5))
    again = replayed(found, record)
    assert again.batch_found == 37
    assert again.definition == found.definition
    assert profile_changes(found, again) == ()
    assert replayed(found, RunRecord(run=0, profile=found)) == found


# --- precision --------------------------------------------------------------------------------


def measuring(half_width: float, at_least_s: int = 1, at_most_s: int = 60) -> RunFold:
    wanted = Precision("p90", half_width, at_least_s * SECOND_NS, at_most_s * SECOND_NS)
    return entered("measure", precision=wanted, stop=Length(duration_ns=at_most_s * SECOND_NS))


def test_measure_ends_when_the_percentile_is_known() -> None:
    fold = measuring(0.02)
    fill(fold, "measure", 60)
    # It is narrow, but so early it may be so by chance.
    assert result_of(fold, {}).progress_note.startswith("p90 ± ")
    assert decisions([fold]) == []
    fill(fold, "measure", 60)
    assert decisions([fold]) == [EndPhase(0, "measure")]


def test_measure_goes_on_until_the_least_time_is_over() -> None:
    fold = measuring(0.02, at_least_s=15)
    fill(fold, "measure", 140)
    assert decisions([fold]) == []
    fill(fold, "measure", 15)
    assert decisions([fold]) == [EndPhase(0, "measure")]


def test_measure_goes_on_while_the_percentile_is_not_known() -> None:
    fold = measuring(0.0001)
    fill(fold, "measure", 40, spread=2_000)
    assert decisions([fold]) == []
    view = result_of(fold, {})
    assert view.progress_note.startswith("p90 ± ")
    assert view.progress_note.endswith(" %, wanted 0.01 %")
    assert view.progress == pytest.approx(4 / 60)


def test_before_anything_is_known_it_is_said_so() -> None:
    fold = measuring(0.02)
    fill(fold, "measure", 2)
    assert result_of(fold, {}).progress_note == "p90 not known yet, wanted 2 %"


def test_progress_is_towards_what_comes_first() -> None:
    fold = measuring(0.02, at_least_s=10)
    fill(fold, "measure", 50)
    assert result_of(fold, {}).progress == pytest.approx(0.5)


def test_a_bound_reached_without_the_precision_is_reported_with_what_was_reached() -> None:
    fold = measuring(0.001, at_most_s=3)
    fill(fold, "measure", 30, spread=2_000)
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=3 * SECOND_NS))
    (warning,) = result_of(fold, {}).warnings
    assert warning.startswith("p90 should be known within ± 0.1 %, but after 3.00s it is ± ")


def test_a_bound_reached_without_enough_operations_is_reported() -> None:
    fold = measuring(0.1, at_most_s=1)
    fold.add(samples(0, [1_000] * 90, at_ns=SECOND_NS))
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    assert result_of(fold, {}).warnings == (
        "p90 should be known within ± 10 %, but after 1.00s 10 more operations are needed",
    )


@pytest.mark.parametrize("measured_s", [3, 2])
def test_a_precision_that_was_reached_or_stopped_by_hand_is_no_warning(measured_s: int) -> None:
    fold = measuring(0.5 if measured_s == 3 else 1e-9, at_most_s=3)
    fill(fold, "measure", 30)
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=measured_s * SECOND_NS))
    assert result_of(fold, {}).warnings == ()


def test_a_run_that_has_ended_is_no_matter() -> None:
    fold = measuring(0.5)
    fill(fold, "measure", 40)
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=4 * SECOND_NS))
    assert decisions([fold]) == []


# --- until targets are decided ----------------------------------------------------------------


def going(*targets: str, own: Length | None = None, **fields: Any) -> RunFold:
    own = own or Length(SECOND_NS)
    made = profile(targets=targets, stop=own, **fields)
    fold = RunFold(planned(going_on(made, 60 * SECOND_NS)))
    fold.change(at_stage(0, "measure", 0))
    return fold


def test_a_run_goes_on_until_its_targets_are_decided() -> None:
    # Of 1,000 to 1,099 ns, 5 % are 1,095 ns and more.
    fold = going("p95 < 1094ns", "errors == 0")
    fill(fold, "measure", 20)
    assert decisions([fold]) == []
    assert progress_note(fold, targets_of(fold, {})).startswith("1 target undecided, about ")
    fold = going("p95 < 1200ns", "errors == 0")
    fill(fold, "measure", 9)
    assert decisions([fold]) == []  # its own length has not passed
    fill(fold, "measure", 2)
    assert decisions([fold]) == [EndPhase(0, "measure")]
    assert progress_note(fold, targets_of(fold, {})) == ""


def test_a_number_of_operations_is_a_least_length_too() -> None:
    fold = going("p95 < 1200ns", own=Length(iterations=1_500))
    fill(fold, "measure", 14)
    assert decisions([fold]) == []
    fill(fold, "measure", 1)
    assert decisions([fold]) == [EndPhase(0, "measure")]


def test_the_verdict_that_ended_a_run_stays() -> None:
    fold = going("p95 < 1200ns")
    fill(fold, "measure", 11)
    assert decisions([fold]) == [EndPhase(0, "measure")]
    fill(fold, "measure", 1, level=1_000)
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    view = result_of(fold, {})
    assert view.verdict == "met"
    # By itself that would not be sure enough for a run that was looked at until it was decided.
    fold.decided = {}
    assert result_of(fold, {}).verdict == "undecided"


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": ("errors == 0", "max < 5s", "p95 == 5ms")},
        {"targets": ("p95 < 1s",), "load": StagedLoad("rate", (Stage(10.0, SECOND_NS),))},
        {"targets": (), "warn_targets": ("p95 < 1s",)},
    ],
)
def test_what_more_operations_would_not_decide_stays_as_long_as_it_was(
    fields: dict[str, Any],
) -> None:
    made = profile(**fields)
    assert going_on(made, 60 * SECOND_NS) is made


def test_a_longer_run_is_not_made_shorter_and_a_precise_one_stays_precise() -> None:
    long = profile(targets=("p95 < 1s",), stop=Length(90 * SECOND_NS))
    assert going_on(long, SECOND_NS).stop == Length(90 * SECOND_NS)
    wanted = Precision("p50", 0.02, 2 * SECOND_NS, 30 * SECOND_NS)
    precise = going_on(profile(targets=("p95 < 1s",), precision=wanted), 60 * SECOND_NS)
    assert (precise.until_decided, precise.precision) == (Length(2 * SECOND_NS), wanted)
