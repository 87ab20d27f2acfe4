"""What is told of a run that has nothing to do at present, or never will again."""

from __future__ import annotations

import pytest

from cortex_tui.protocol import (
    Paused,
    Phase,
    PhaseChanged,
    RunFinished,
    RunMeasured,
    Stopping,
    Waiting,
)
from cortex_tui.session.run_view import run_view
from cortex_tui.session.tally import RunTally
from cortex_tui.session.view import RunView
from tests.unit.session.messages import SECOND_NS, planned, profile, samples


@pytest.fixture
def tally() -> RunTally:
    return RunTally(planned(profile()))


def seen(tally: RunTally) -> RunView:
    return run_view(tally, {})


def test_a_run_waits_from_the_end_of_its_warm_up_until_it_measures(tally: RunTally) -> None:
    tally.enter(PhaseChanged(0, "warmup", 0))
    assert not seen(tally).waiting
    tally.wait(Waiting(0, SECOND_NS))
    assert seen(tally).waiting
    tally.enter(PhaseChanged(0, "measure", 2 * SECOND_NS))
    assert not seen(tally).waiting


def test_a_phase_that_begins_in_a_pause_has_made_no_progress(tally: RunTally) -> None:
    tally.enter(PhaseChanged(0, "warmup", 0))
    tally.pause(Paused(0, True, SECOND_NS))
    tally.enter(PhaseChanged(0, "measure", 2 * SECOND_NS))
    assert seen(tally).paused
    assert seen(tally).progress == 0.0
    tally.pause(Paused(0, False, 9 * SECOND_NS))
    tally.add(samples(0, [1_000], at_ns=9 * SECOND_NS + SECOND_NS))
    assert seen(tally).measured_ns == SECOND_NS


@pytest.mark.parametrize("phase", [None, "setup"])
def test_a_stop_of_what_has_not_begun_is_its_outcome(tally: RunTally, phase: Phase | None) -> None:
    if phase is not None:
        tally.enter(PhaseChanged(0, phase, 0))
    assert seen(tally).outcome is None
    tally.note_stopping(Stopping(0, SECOND_NS))
    assert seen(tally).outcome == "stopped"


def test_a_stop_of_what_is_under_way_is_its_outcome_when_that_is_over(tally: RunTally) -> None:
    tally.enter(PhaseChanged(0, "warmup", 0))
    tally.note_stopping(Stopping(0, SECOND_NS))
    assert seen(tally).outcome is None
    tally.wait(Waiting(0, SECOND_NS))
    assert seen(tally).outcome == "stopped"


def test_a_run_that_has_measured_has_an_outcome_until_it_has_ended(tally: RunTally) -> None:
    tally.enter(PhaseChanged(0, "measure", 0))
    last = RunFinished(run=0, state="finished", at_ns=SECOND_NS)
    tally.note_measured(RunMeasured(last))
    assert (seen(tally).state, seen(tally).outcome) == ("running", "finished")
    tally.finish(last)
    assert seen(tally).outcome is None


def test_a_pause_of_what_has_ended_changes_nothing(tally: RunTally) -> None:
    tally.finish(RunFinished(run=0, state="failed", at_ns=SECOND_NS))
    tally.pause(Paused(0, True, SECOND_NS))
    assert not seen(tally).paused
