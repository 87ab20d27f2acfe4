"""Sessions that compare versions until all is decided."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Pause
from cortex_tui.protocol.messages import Answered
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import UntilDecided
from cortex_tui.session.requests import Requests
from cortex_tui.session.versions import Version
from tests.patience import PATIENCE_S
from tests.unit.session.desk import Desk

VERSIONS = (Version(Variant(name="old")), Version(Variant(name="new")))
AN_HOUR_NS = 3_600_000_000_000


def measured(
    desk: Desk, undecided: Callable[[str], str], at_most_ns: int = AN_HOUR_NS
) -> SessionView:
    desk.control.start(
        [desk.profile("quick", stop=Length(iterations=3))],
        versions=VERSIONS,
        until=UntilDecided((2, 3, 4), undecided, at_most_ns),
    )
    return desk.ended()


def log(view: SessionView) -> list[str]:
    return [entry.text for entry in view.log if entry.stream == "runner"]


def test_it_ends_at_the_look_at_which_all_is_decided_and_has_no_other_rounds(desk: Desk) -> None:
    looks: list[tuple[str, list[int]]] = []

    def undecided(session: str) -> str:
        # What is looked at is stored, whole.
        stored = desk.stored(session)
        looks.append((session, [run.round for run in stored.runs]))
        assert {run.state for run in stored.runs} == {"finished"}
        return "bench.quick" if len(looks) < 2 else ""

    view = measured(desk, undecided)
    assert looks == [(view.session, [1, 1, 2, 2]), (view.session, [1, 1, 2, 2, 3, 3])]
    assert (view.state, view.stopped, view.rounds) == ("finished", False, 3)
    assert [run.state for run in view.runs] == ["finished"] * 6
    assert log(view) == [
        "after 2 rounds without a verdict: bench.quick; continuing to round 3",
        "after 3 rounds all is decided",
    ]
    stored = desk.stored(view.session)
    assert (stored.session.rounds, stored.session.looks) == (3, (2, 3, 4))
    assert [run.run for run in stored.runs] == list(range(6))
    assert stored.state == "finished"


def test_it_ends_with_its_last_round_where_nothing_is_decided(desk: Desk) -> None:
    looks: list[str] = []

    def undecided(session: str) -> str:
        looks.append(session)
        return "bench.quick"

    view = measured(desk, undecided)
    assert len(looks) == 2, "after the last round there is nothing to decide about"
    assert [run.round for run in view.runs] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert not view.stopped


def test_a_look_that_fails_has_the_session_continue_and_is_reported(desk: Desk) -> None:
    def undecided(session: str) -> str:
        raise ValueError("no profile in common")

    view = measured(desk, undecided)
    assert len(view.runs) == 8
    assert log(view)[0] == (
        "after 2 rounds it could not be looked at: no profile in common; continuing to round 3"
    )


def test_it_does_not_begin_rounds_for_which_there_is_no_time(desk: Desk) -> None:
    view = measured(desk, lambda session: "bench.quick", at_most_ns=1)
    assert (len(view.runs), view.stopped) == (4, False)
    assert log(view) == ["after 2 rounds without a verdict: bench.quick; there is no time for more"]


def test_a_stop_during_a_look_ends_the_session(desk: Desk) -> None:
    looking, answered = threading.Event(), threading.Event()

    def undecided(session: str) -> str:
        looking.set()
        answered.wait(PATIENCE_S)
        return "bench.quick"

    desk.control.start(
        [desk.profile("quick", stop=Length(iterations=3))],
        versions=VERSIONS,
        until=UntilDecided((2, 3, 4), undecided, AN_HOUR_NS),
    )
    assert looking.wait(PATIENCE_S)
    answer = desk.control.stop()
    answered.set()
    view = desk.ended()
    assert len(view.runs) == 4
    assert answer.result(timeout=PATIENCE_S) == Answered(True, "the session has ended")


def test_a_command_that_comes_after_the_last_run_of_a_part_is_answered() -> None:
    sent: list[object] = []

    class Sending:
        send = sent.append

    requests = Requests()
    requests.begin(Sending())  # type: ignore[arg-type]
    first: Future[Answered] = Future()
    requests.send(Pause(), first)
    requests.pause()
    assert not first.result(timeout=0).done
    later: Future[Answered] = Future()
    requests.send(Pause(), later)
    assert (len(sent), later.done()) == (1, False)
    requests.begin(Sending())  # type: ignore[arg-type]
    assert len(sent) == 2
