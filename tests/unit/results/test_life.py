"""What the fold makes of a run's states."""

from __future__ import annotations

import pytest

from cortex_tui.protocol.messages import RunFinished, RunMeasured
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_result import RunResult
from tests.unit.session.messages import SECOND_NS, at_stage, planned, profile, samples


@pytest.fixture
def fold() -> RunFold:
    return RunFold(planned(profile()))


def seen(fold: RunFold) -> RunResult:
    return result_of(fold, {})


def test_a_phase_that_begins_in_a_pause_has_made_no_progress(fold: RunFold) -> None:
    fold.change(at_stage(0, "warmup", 0))
    fold.change(at_stage(0, "warmup", SECOND_NS, paused=True))
    fold.change(at_stage(0, "measure", 2 * SECOND_NS, paused=True))
    assert seen(fold).life.paused
    assert seen(fold).progress == 0.0
    fold.change(at_stage(0, "measure", 9 * SECOND_NS))
    fold.add(samples(0, [1_000], at_ns=9 * SECOND_NS + SECOND_NS))
    assert seen(fold).measured_ns == SECOND_NS


def test_a_run_that_is_done_is_shown_as_done_while_its_neighbours_run(fold: RunFold) -> None:
    fold.change(at_stage(0, "measure", 0))
    fold.add(samples(0, [1_000] * 50, at_ns=SECOND_NS // 10))
    last = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    fold.note_measured(RunMeasured(last))
    fold.change(at_stage(0, "measured", SECOND_NS, outcome="finished"))
    assert (seen(fold).state, seen(fold).life.outcome) == ("running", "finished")
    fold.finish(last)
    assert (seen(fold).state, seen(fold).life.outcome) == ("finished", "finished")


def test_a_run_in_which_nothing_was_started_has_failed(fold: RunFold) -> None:
    fold.change(at_stage(0, "measure", 0))
    last = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    fold.note_measured(RunMeasured(last))
    fold.change(at_stage(0, "measured", SECOND_NS, outcome="finished"))
    assert seen(fold).life.outcome == "failed"
    fold.finish(last)
    assert (seen(fold).state, seen(fold).reason) == ("failed", "measure: no operation was started")


def test_what_has_ended_changes_no_more(fold: RunFold) -> None:
    fold.finish(RunFinished(run=0, state="failed", at_ns=SECOND_NS))
    fold.change(at_stage(0, "measure", 2 * SECOND_NS, paused=True))
    assert seen(fold).state == "failed"
