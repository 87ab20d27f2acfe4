"""A session folded from a recorded stream of messages."""

from __future__ import annotations

from cortex_tui.limits import MAX_LOG_LINES
from cortex_tui.protocol.messages import (
    ClockKnown,
    LogLine,
    MachineChanged,
    Message,
    RunFinished,
    RunMeasured,
    RunnerDied,
    RunnerPlaced,
    SessionFinished,
)
from cortex_tui.protocol.moments import ClockMap
from cortex_tui.results.machine_view import MachineView
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.view import LogEntry, SessionView
from tests.unit.session.messages import (
    SECOND_NS,
    at_stage,
    plan,
    planned,
    profile,
    samples,
    started,
)

ONE, TWO = profile("one"), profile("two")

STREAM: list[Message] = [
    started(),
    planned(ONE, 0, ("bench.two",)),
    planned(TWO, 1, ("bench.one",)),
    at_stage(0, "measure", 0),
    at_stage(1, "measure", 0),
    samples(0, [1_000] * 50, run=0, at_ns=SECOND_NS),
    samples(0, [2_000] * 50, run=1, at_ns=SECOND_NS),
    LogLine(-1, "stdout", "hello"),
]


def fold(*messages: Message, placement: str = "process") -> SessionFold:
    made = SessionFold(plan(ONE, TWO), placement, "2026-01-01T00:00:00Z")
    for message in messages:
        made.apply(message)
    return made


def view_of(made: SessionFold, now_ns: int = 2 * SECOND_NS) -> SessionView:
    return made.view(now_ns, stored=False, store_error="")


def test_a_planned_session_shows_its_runs_before_the_runner_has_said_a_word() -> None:
    view = view_of(fold())
    assert view.state == "starting"
    assert [run.profile.full_name for run in view.runs] == ["bench.one", "bench.two"]


def test_replaying_a_recorded_stream_gives_the_same_view() -> None:
    assert view_of(fold(*STREAM)) == view_of(fold(*STREAM))
    assert view_of(fold(*STREAM)).runs[1].percentiles_ns["p50"] == 2_000


def test_what_has_not_begun_or_has_ended_is_not_looked_at_again() -> None:
    three = profile("three")
    made = SessionFold(plan(ONE, TWO, three), "process", "2026-01-01T00:00:00Z")
    for message in (*STREAM, RunFinished(run=1, state="finished", at_ns=SECOND_NS)):
        made.apply(message)
    first, second = view_of(made).runs, view_of(made).runs
    assert [one is other for one, other in zip(first, second, strict=True)] == [False, True, True]
    # Until something happens to it.
    made.apply(at_stage(2, "setup", SECOND_NS))
    assert view_of(made).runs[2].life.stage == "setup"
    made.apply(RunnerDied("gone", SECOND_NS))
    assert {run.state for run in view_of(made).runs} == {"failed", "finished"}


def test_neighbours_are_the_runs_that_measure_at_the_same_time() -> None:
    three = profile("three")
    names = ("bench.one", "bench.two", "bench.three")
    made = SessionFold(plan(ONE, TWO, three), "process", "2026-01-01T00:00:00Z")
    for number, each in enumerate((ONE, TWO, three)):
        made.apply(planned(each, number, tuple(name for name in names if name != each.full_name)))
    assert view_of(made).runs[2].neighbours == ("bench.one", "bench.two")
    # The third is put off until the others are done.
    for message in (at_stage(1, "measure", 5), at_stage(0, "measure", 5)):
        made.apply(message)
    made.apply(at_stage(2, "measure", SECOND_NS))
    assert [run.neighbours for run in view_of(made).runs] == [("bench.two",), ("bench.one",), ()]


def test_a_tight_limit_on_times_decides_nothing_with_neighbours() -> None:
    warned = profile("warned", warn_targets=("p50 < 1us", "errors >= 1"))
    alone = (started(), planned(warned, 0, ()), at_stage(0, "measure", 0))
    other = (planned(TWO, 1, ("bench.warned",)), at_stage(1, "measure", 0))
    values = samples(0, [2_000] * 100, run=0, at_ns=SECOND_NS)
    finished = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    for before, verdicts in ((alone, ["missed"] * 2), ((*alone, *other), ["undecided", "missed"])):
        run = view_of(fold(*before, values, finished)).runs[0]
        assert [target.verdict for target in run.targets] == verdicts
        assert run.verdict == "none"


def test_a_run_that_failed_before_it_measured_is_nobodys_neighbour() -> None:
    failed = RunFinished(run=0, state="failed", reason="setup: no server", at_ns=1)
    begin = (started(), planned(ONE, 0, ("bench.two",)), planned(TWO, 1, ("bench.one",)))
    view = view_of(fold(*begin, at_stage(0, "setup", 0), at_stage(1, "measure", 1), failed))
    assert [run.neighbours for run in view.runs] == [(), ()]
    view = view_of(fold(*begin, failed, RunnerDied("killed", 2)))
    assert [run.neighbours for run in view.runs] == [(), ()]


def test_silence_is_reported_while_the_session_runs() -> None:
    assert view_of(fold(*STREAM), 5 * SECOND_NS).silent_ns == 4 * SECOND_NS
    ended = fold(*STREAM, SessionFinished(SECOND_NS))
    assert view_of(ended, 5 * SECOND_NS).silent_ns == 0


def test_a_runner_that_dies_fails_what_had_not_ended() -> None:
    done = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    view = view_of(fold(*STREAM, done, RunnerDied("the runner was killed by SIGKILL", SECOND_NS)))
    assert view.state == "died"
    assert [run.state for run in view.runs] == ["finished", "failed"]
    assert view.runs[1].reason == "the runner was killed by SIGKILL"
    assert view.runs[1].operations == 50


def test_a_runner_that_dies_fails_no_run_whose_turn_had_not_come() -> None:
    died = RunnerDied("the runner was killed by SIGKILL", SECOND_NS)
    begin = (started(), planned(ONE, 0), planned(TWO, 1))
    view = view_of(fold(*begin, at_stage(0, "setup", 0), died))
    assert [run.state for run in view.runs] == ["failed", "stopped"]
    (warning,) = view.runs[1].warnings
    assert warning == (
        "not measured: the session ended before its turn: the runner was killed by SIGKILL"
    )
    view = view_of(fold(*begin, died))
    assert [run.state for run in view.runs] == ["failed", "failed"], "nothing could begin"


def test_a_run_that_had_measured_to_its_end_when_the_runner_died_has_not_failed() -> None:
    done = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    died = RunnerDied("the runner was killed by SIGKILL", SECOND_NS)
    view = view_of(fold(*STREAM, RunMeasured(done), died))
    assert [run.state for run in view.runs] == ["finished", "failed"]
    assert view.runs[0].measured_ns == SECOND_NS
    (warning,) = view.runs[0].warnings
    assert warning.endswith("not torn down: the runner was killed by SIGKILL")


def test_a_run_that_waits_to_be_torn_down_has_not_ended() -> None:
    done = RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS)
    view = view_of(fold(*STREAM, RunMeasured(done)))
    assert view.runs[0].state == "running"


def test_a_session_that_ends_without_a_word_of_a_run_fails_that_run() -> None:
    view = view_of(fold(*STREAM, SessionFinished(SECOND_NS)))
    assert {run.state for run in view.runs} == {"failed"}


def test_a_message_of_a_run_that_was_never_planned_changes_nothing() -> None:
    made = fold(*STREAM)
    before = view_of(made)
    for message in (samples(0, [1], run=7), at_stage(7, "measure", 0)):
        made.apply(message)
    assert view_of(made).runs == before.runs


def test_the_log_is_bounded_and_harmless() -> None:
    lines = [LogLine(-1, "stdout", f"\x1b[2J{number}" + "x" * 10_000) for number in range(2_000)]
    view = view_of(fold(started(), *lines))
    assert len(view.log) == MAX_LOG_LINES
    assert view.log_dropped == 2_000 - MAX_LOG_LINES
    assert view.log[-1].text.startswith("␛[2J1999x")
    assert max(len(line.text) for line in view.log) < 600


def test_a_line_of_the_log_has_its_profile_and_its_time_since_the_start() -> None:
    start = started()
    lines = [
        LogLine(1, "stdout", "known", start.at_ns + 2 * SECOND_NS),
        LogLine(7, "stderr", "of a run that was never planned", start.at_ns - 5),
        LogLine(-1, "runner", "as older runners sent it"),
    ]
    # Prints come through a pipe of their own, and may be read before the session's first message.
    orders: list[list[Message]] = [
        [start, *lines],
        [*lines, start],
        [lines[0], start, *lines[1:]],
    ]
    for messages in orders:
        assert view_of(fold(*messages)).log == (
            LogEntry("known", "stdout", "bench.two", 2 * SECOND_NS),
            LogEntry("of a run that was never planned", "stderr", "", 0),
            LogEntry("as older runners sent it", "runner", "", None),
        )


def test_runs_in_process_say_so() -> None:
    view = view_of(fold(*STREAM, placement="in-process"))
    assert all("shares its loop with the screen" in run.warnings for run in view.runs)


def test_others_may_continue_while_a_view_is_made() -> None:
    called: list[None] = []
    made = fold(*STREAM)
    view = made.view(
        2 * SECOND_NS, stored=False, store_error="", between_runs=lambda: called.append(None)
    )
    assert called
    assert view == view_of(fold(*STREAM))


def test_machines_are_seen_with_their_runners_clock_and_state() -> None:
    made = fold(placement="cluster")
    for runner, machine in enumerate(("red", "blue", "red")):
        made.apply(RunnerPlaced(runner, machine, 0))
    made.apply(ClockKnown("red", 48_000, ClockMap(), 0))
    assert view_of(made).machines == (
        MachineView(name="red", runners=2, clock_bound_ns=48_000),
        MachineView(name="blue", runners=1),
    )
    made.apply(started())
    lost = MachineChanged(
        machine="blue", state="lost", reason="gone", since_ns=SECOND_NS, at_ns=SECOND_NS
    )
    made.apply(lost)
    (_, blue) = view_of(made).machines
    assert (blue.state, blue.reason) == ("lost", "gone")
    assert blue.since_ns == SECOND_NS - started().at_ns
