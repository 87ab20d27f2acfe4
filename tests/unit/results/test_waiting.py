"""What is told of a run that has nothing to do at present, or never will again."""

from __future__ import annotations

import pytest

from cortex_tui.protocol.messages import (
    Paused,
    Phase,
    PhaseChanged,
    RunFinished,
    RunMeasured,
    Stopping,
    Waiting,
)
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_view import run_view
from cortex_tui.results.view import RunView
from tests.unit.session.messages import SECOND_NS, planned, profile, samples


@pytest.fixture
def fold() -> RunFold:
    return RunFold(planned(profile()))


def seen(fold: RunFold) -> RunView:
    return run_view(fold, {})


def test_a_run_waits_from_the_end_of_its_warm_up_until_it_measures(fold: RunFold) -> None:
    fold.enter(PhaseChanged(0, "warmup", 0))
    assert not seen(fold).waiting
    fold.wait(Waiting(0, SECOND_NS))
    assert seen(fold).waiting
    fold.enter(PhaseChanged(0, "measure", 2 * SECOND_NS))
    assert not seen(fold).waiting


def test_a_phase_that_begins_in_a_pause_has_made_no_progress(fold: RunFold) -> None:
    fold.enter(PhaseChanged(0, "warmup", 0))
    fold.pause(Paused(0, True, SECOND_NS))
    fold.enter(PhaseChanged(0, "measure", 2 * SECOND_NS))
    assert seen(fold).paused
    assert seen(fold).progress == 0.0
    fold.pause(Paused(0, False, 9 * SECOND_NS))
    fold.add(samples(0, [1_000], at_ns=9 * SECOND_NS + SECOND_NS))
    assert seen(fold).measured_ns == SECOND_NS


@pytest.mark.parametrize("phase", [None, "setup"])
def test_a_stop_of_what_has_not_begun_is_its_outcome(fold: RunFold, phase: Phase | None) -> None:
    if phase is not None:
        fold.enter(PhaseChanged(0, phase, 0))
    assert seen(fold).outcome is None
    fold.note_stopping(Stopping(0, SECOND_NS))
    assert seen(fold).outcome == "stopped"


def test_a_stop_of_what_is_under_way_is_its_outcome_when_that_is_over(fold: RunFold) -> None:
    fold.enter(PhaseChanged(0, "warmup", 0))
    fold.note_stopping(Stopping(0, SECOND_NS))
    assert seen(fold).outcome is None
    fold.wait(Waiting(0, SECOND_NS))
    assert seen(fold).outcome == "stopped"


def test_a_run_that_has_measured_has_an_outcome_until_it_has_ended(fold: RunFold) -> None:
    fold.enter(PhaseChanged(0, "measure", 0))
    last = RunFinished(run=0, state="finished", at_ns=SECOND_NS)
    fold.note_measured(RunMeasured(last))
    assert (seen(fold).state, seen(fold).outcome) == ("running", "finished")
    fold.finish(last)
    assert seen(fold).outcome is None


def test_a_pause_of_what_has_ended_changes_nothing(fold: RunFold) -> None:
    fold.finish(RunFinished(run=0, state="failed", at_ns=SECOND_NS))
    fold.pause(Paused(0, True, SECOND_NS))
    assert not seen(fold).paused
