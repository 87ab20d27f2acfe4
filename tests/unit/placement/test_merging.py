"""What several runners report is what one would have reported. No process is started here."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.placement.merged_run import Flights
from cortex_tui.placement.merging import SessionMerge
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.lifecycle import RunLife, Stage
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    Arrived,
    LevelChanged,
    LogLine,
    Mark,
    Message,
    RunFinished,
    RunMeasured,
    RunnerDied,
    RunnerPlaced,
    Samples,
    SessionFinished,
    ShardChanged,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan

STAGES: tuple[Stage, ...] = ("setup", "set_up", "warmup", "warm", "measure", "measured", "ended")


def plan(*runners: tuple[int, ...], one_by_one: bool = False) -> SessionPlan:
    return SessionPlan(
        session="x",
        runs=tuple(
            RunPlan(n, Profile(suite="s", name=f"p{n}", workload="a:b", stop=Length(1)), 1, who)
            for n, who in enumerate(runners)
        ),
        scratch="",
        cache="",
        one_by_one=one_by_one,
    )


def finished(run: int = 0, **fields: object) -> RunFinished:
    known = {"run": run, "state": "finished", "at_ns": 9, **fields}
    return RunFinished(**known)  # type: ignore[arg-type]


def at(stage: Stage, run: int = 0) -> StateChanged:
    over = stage in ("measured", "ended")
    return StateChanged(run, RunLife(stage, outcome="finished" if over else None), 5)


def of_the_run(messages: list[Message]) -> list[Message]:
    """Without those on the part of one runner."""
    return [message for message in messages if not isinstance(message, ShardChanged)]


def test_a_run_is_where_the_last_of_its_runners_is() -> None:
    merge = SessionMerge(plan((0, 1)))
    for stage in STAGES:
        outcome: list[Message] = [RunMeasured(finished())] if stage == "measured" else []
        reported = [*outcome, at(stage)]
        merged = [m for message in reported for m in of_the_run(merge.take(0, message))]
        assert merged == []
        merged = [m for message in reported for m in of_the_run(merge.take(1, message))]
        assert [type(m) for m in merged] == [*map(type, outcome), StateChanged]
        assert merged[-1] == at(stage)


def test_a_run_ends_once_as_the_worst_of_its_parts() -> None:
    parts = [
        finished(
            measured_ns=10,
            warmup_iterations=3,
            unfinished_ns=(7,),
            warnings=("a", "b"),
            unfinished_more=2,
        ),
        finished(state="stopped", measured_ns=12, warmup_iterations=4, warnings=("b",)),
        finished(
            state="failed",
            reason="measure: no",
            measured_ns=3,
            drain_ns=2,
            unfinished_ns=(9, 8),
            unfinished_more=1,
        ),
    ]
    for order in permutations(range(3)):
        merge = SessionMerge(plan((0, 1, 2)))
        *before, last = [merge.take(runner, parts[runner]) for runner in order]
        assert before == [[], []]
        (whole,) = last
        assert isinstance(whole, RunFinished)
        assert (whole.state, whole.reason) == ("failed", "process 3 of 3: measure: no")
        assert (whole.measured_ns, whole.drain_ns, whole.warmup_iterations) == (12, 2, 7)
        assert (whole.unfinished_ns, whole.unfinished_more) == ((9, 8, 7), 3)
        assert whole.warnings == ("a", "b")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_operations_in_flight_are_those_that_each_runner_reported_last(
    reports: list[tuple[int, int, int]],
) -> None:
    flights, each = Flights(), dict[int, tuple[int, int]]()
    for runner, count, oldest_ns in reports:
        flights.report(runner, count, oldest_ns)
        each[runner] = count, oldest_ns
        assert flights.count == sum(count for count, _ in each.values())
        assert flights.oldest_ns == max(oldest_ns for _, oldest_ns in each.values())


def test_what_is_in_flight_is_that_of_all_and_values_name_their_runner() -> None:
    merge = SessionMerge(plan((0, 1)))
    merge.take(0, Samples(run=0, phase="measure", interval=1, in_flight=3, oldest_ns=9, at_ns=1))
    (merged,) = merge.take(
        1, Samples(run=0, phase="measure", interval=1, in_flight=2, oldest_ns=5, at_ns=1)
    )
    assert isinstance(merged, Samples)
    assert (merged.runner, merged.in_flight, merged.oldest_ns) == (1, 5, 9)


def test_a_barrier_opens_when_all_that_take_part_are_there() -> None:
    merge = SessionMerge(plan((0, 1), (1, 2)))
    for runner in (2, 0):
        merge.take(runner, Arrived("measured", (0, 1), 1))
        assert merge.released() == {}
    merge.take(1, Arrived("measured", (0, 1), 1))
    assert merge.released() == {"measured": {0, 1, 2}}
    assert merge.released() == {}


def test_a_barrier_does_not_wait_for_who_has_finished_or_is_lost() -> None:
    merge = SessionMerge(plan((0, 1), (0, 2)))
    merge.take(0, Arrived("alone", (0,), 1))
    assert merge.released() == {}
    merge.take(1, finished())
    assert merge.released() == {"alone": {0}}
    merge.take(0, Arrived("set up", (0, 1), 1))
    assert merge.released() == {}
    merge.take(2, RunnerDied("gone", 3))
    assert merge.released() == {"set up": {0}}


def test_groups_follow_one_another_over_all_runners() -> None:
    merge = SessionMerge(plan((0,), (1,), one_by_one=True))
    merge.take(1, Arrived("begin", (1,), 1))
    assert merge.released() == {}
    merge.take(0, finished(0))
    assert merge.released() == {"begin": {1}}


@pytest.mark.parametrize("done", [(True, False), (False, True), (False, False)])
def test_a_command_is_answered_once_by_who_has_done_something(done: tuple[bool, bool]) -> None:
    merge = SessionMerge(plan((0, 1)))
    merge.ask(4, merge.runners_of(0))
    assert merge.take(0, Answer(4, Answered(done[0], "a"))) == []
    (answer,) = merge.take(1, Answer(4, Answered(done[1], "b")))
    assert answer == Answer(4, Answered(any(done), "b" if done == (False, True) else "a"))


def test_a_lost_runner_is_reported_marked_and_holds_nobody_up() -> None:
    merge = SessionMerge(plan((0, 1), (0,)))
    for runner in (0, 1):
        merge.take(runner, at("measure"))
    merge.ask(1, {0, 1})
    merge.take(0, Answer(1, Answered(True, "done")))
    merged = merge.take(1, RunnerDied("gone", 25))
    assert [type(m) for m in merged] == [LogLine, ShardChanged, Mark, Answer]
    assert merged[1] == ShardChanged(run=0, runner=1, state="lost", at_ns=25, reason="gone")
    assert merged[2] == Mark(0, 20, "process 2 of 2 was lost", 25)
    whole: list[Message] = merge.take(0, finished(0))
    assert isinstance(whole[0], RunFinished)
    assert (whole[0].state, whole[0].reason) == ("finished", "")
    assert whole[0].partial == "process 2 of 2 was lost at 20ns: gone"
    merge.take(0, finished(1))
    assert merge.take(0, SessionFinished(30)) == [SessionFinished(30)]


def test_a_session_whose_runners_are_all_lost_has_died() -> None:
    merge = SessionMerge(plan((0, 1)))
    merge.take(0, RunnerDied("first", 1))
    assert merge.take(1, RunnerDied("second", 2)) == [RunnerDied("second", 2)]


def test_a_runner_lost_after_the_others_have_ended_ends_the_session() -> None:
    merge = SessionMerge(plan((0,), (1,)))
    merge.take(0, finished(0))
    assert merge.take(0, SessionFinished(3)) == []
    merged = merge.take(1, RunnerDied("gone", 7))
    assert isinstance(merged[-1], SessionFinished)
    assert any(isinstance(m, RunFinished) and m.state == "failed" for m in merged)


def lose(merge: SessionMerge, runner: int) -> list[Message]:
    return merge.take(runner, RunnerDied("gone", 25))


def test_a_runner_that_had_measured_its_part_leaves_the_run_whole() -> None:
    merge = SessionMerge(plan((0, 1)))
    for runner in (0, 1):
        merge.take(runner, at("measure"))
    merge.take(1, RunMeasured(finished(measured_ns=7)))
    merge.take(1, at("measured"))
    assert not any(isinstance(m, RunFinished) for m in lose(merge, 1))
    (whole,) = (m for m in merge.take(0, finished(measured_ns=6)) if isinstance(m, RunFinished))
    assert (whole.state, whole.partial, whole.measured_ns) == ("finished", "", 7)
    assert whole.warnings == (
        "process 2 of 2 had measured its part, but was not torn down: gone",
    )  # fmt: skip


def test_what_is_lost_is_named_with_its_machine_and_before_measure_without_a_time() -> None:
    merge = SessionMerge(plan((0, 1, 2)))
    merge.take(2, RunnerPlaced(2, "anvil", 1))
    lose(merge, 2)
    merge.take(0, finished())
    (whole,) = (m for m in merge.take(1, finished()) if isinstance(m, RunFinished))
    assert whole.partial == "process 3 of 3 on anvil was lost before it measured: gone"


def test_one_that_stands_for_a_group_is_lost_with_all_of_it() -> None:
    merge = SessionMerge(plan((0, 1, 2, 3, 4)), members=(0, 1), groups={1: (1, 3, 4)})
    for runner in (0, 1):
        merge.take(runner, at("measure"))
    merged = lose(merge, 1)
    assert {m.runner for m in merged if isinstance(m, ShardChanged)} == {1, 3, 4}
    (whole,) = (m for m in merge.take(0, finished()) if isinstance(m, RunFinished))
    assert whole.partial == "processes 2, 4, 5 of 5 were lost at 20ns: gone"


def test_groups_of_which_each_lost_one_are_partial_and_not_failed() -> None:
    merge = SessionMerge(plan((0, 1, 2, 3)), members=(0, 1), groups={0: (0, 2), 1: (1, 3)})
    for runner in (0, 1):
        merge.take(runner, at("measure"))
    merge.take(0, finished(partial="process 1 of 4 was lost"))
    (whole,) = merge.take(1, finished(partial="process 4 of 4 was lost"))
    assert isinstance(whole, RunFinished)
    assert whole.state == "finished"
    assert whole.partial == "process 1 of 4 was lost; process 4 of 4 was lost"


def test_a_level_that_one_reports_late_is_not_that_of_now() -> None:
    merge = SessionMerge(plan((0, 1)))
    reported = [(0, 4.0, 1), (0, 8.0, 5), (1, 4.0, 2), (1, 8.0, 5)]
    merged = [m for who, level, ns in reported for m in merge.take(who, LevelChanged(0, level, ns))]
    assert [m.level for m in merged if isinstance(m, LevelChanged)] == [4.0, 8.0]


def test_what_a_machine_lost_for_one_reason_is_reported_once() -> None:
    merge = SessionMerge(plan((0, 1, 2, 3)))
    for runner in range(4):
        merge.take(runner, RunnerPlaced(runner, "anvil" if runner % 2 else "forge", 1))
        merge.take(runner, at("measure"))
    for runner in (1, 3):
        assert merge.take(runner, RunnerDied("its agent is gone", 25))
        # What is lost already is not lost again.
        assert merge.take(runner, RunnerDied("its connection was closed", 26)) == []
    merge.take(0, finished())
    (whole,) = (m for m in merge.take(2, finished()) if isinstance(m, RunFinished))
    assert whole.partial == "processes 2, 4 of 4 on anvil were lost at 20ns: its agent is gone"
