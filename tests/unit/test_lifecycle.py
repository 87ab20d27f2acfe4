"""A run's life goes one way, and says in one place what it is at."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.protocol.lifecycle import (
    TRANSITIONS,
    Outcome,
    RunLife,
    Stage,
    TransitionError,
    words,
)

STAGES: tuple[Stage, ...] = get_args(Stage)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Change = Callable[[RunLife], RunLife]
CHANGES: list[Change] = [
    RunLife.pause,
    RunLife.resume,
    RunLife.stop,
    *[lambda life, s=stage, o=outcome: life.to(s, o) for stage in STAGES for outcome in OUTCOMES],
]


def test_every_stage_has_its_successors_and_all_lead_to_the_end() -> None:
    assert set(TRANSITIONS) == set(STAGES)
    for stage in STAGES:
        seen, todo = set[Stage](), [stage]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo.extend(TRANSITIONS[at])
        assert "ended" in seen


@given(st.lists(st.sampled_from(CHANGES), max_size=40))
def test_whatever_is_asked_its_state_stays_one_that_there_is(changes: list[Change]) -> None:
    life = RunLife()
    for change in changes:
        before = life
        try:
            life = change(life)
        except TransitionError:
            continue
        assert life.stage == before.stage or life.stage in TRANSITIONS[before.stage]
        # What is over is not paused and has an outcome; what is not over has none.
        assert (life.outcome is not None) == life.is_over
        assert not (life.paused and life.is_over)
        assert not (life.paused and life.stopping)
        assert before.stopping <= life.stopping
        short, long = words(life)
        assert 0 < len(short) <= 5
        assert 0 < len(long) <= 11


def test_a_pause_between_two_phases_lasts_into_the_next() -> None:
    life = RunLife("warm").pause().to("measure")
    assert life == RunLife("measure", paused=True)
    assert life.to("measured", "finished") == RunLife("measured", outcome="finished")


@pytest.mark.parametrize(
    ("life", "long", "state", "phase"),
    [
        (RunLife(), "waiting", "planned", None),
        (RunLife("setup"), "setup", "running", "setup"),
        (RunLife("set_up"), "waiting", "running", "setup"),
        (RunLife("warmup"), "warmup", "running", "warmup"),
        (RunLife("warm"), "waiting", "running", "warmup"),
        (RunLife("measure", paused=True), "paused", "running", "measure"),
        (RunLife("measure", stopping=True), "stopping", "running", "measure"),
        (RunLife("measured", outcome="finished"), "done", "running", "teardown"),
        (RunLife("ended", outcome="failed"), "FAILED", "failed", None),
        (RunLife("ended", stopping=True, outcome="stopped"), "stopped", "stopped", None),
    ],
)
def test_a_state_has_one_word_on_the_screen_and_those_of_documents(
    life: RunLife, long: str, state: str, phase: str | None
) -> None:
    assert (words(life).long, life.state, life.phase) == (long, state, phase)


@pytest.mark.parametrize(
    ("life", "change", "reason"),
    [
        (RunLife("measured", outcome="finished"), RunLife.pause, "measured to its end"),
        (RunLife("measure", stopping=True), RunLife.pause, "is stopping"),
        (RunLife("measure", paused=True), RunLife.pause, "paused already"),
        (RunLife("measure"), RunLife.resume, "not paused"),
        (RunLife("teardown", outcome="failed"), RunLife.stop, "measured to its end"),
    ],
)
def test_what_changes_nothing_says_why(life: RunLife, change: Change, reason: str) -> None:
    with pytest.raises(TransitionError, match=reason):
        change(life)
