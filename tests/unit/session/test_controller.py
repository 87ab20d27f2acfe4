"""The controller, as a screen or a report uses it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.registry import IN_PROCESS, PLACEMENTS
from cortex_tui.profiles.model import Length, Precision
from cortex_tui.protocol.blocked_loop import cause_in
from cortex_tui.protocol.messages import Answered
from cortex_tui.results import findings
from cortex_tui.results.run_fold import UNSETTLED
from cortex_tui.results.stored import from_stored
from cortex_tui.session import controller, intake
from cortex_tui.session.controller import SessionController
from cortex_tui.session.decisions import replayed
from cortex_tui.stats import settling
from cortex_tui.store.sqlite.store import SqliteStore
from tests.patience import PATIENCE_S
from tests.session_documents import session_document
from tests.unit.session.desk import FOR_EVER, Desk, measuring


def test_a_session_is_shown_stored_and_reported_alike(desk: Desk) -> None:
    desk.control.start([desk.profile("quick"), desk.profile("slow")])
    view = desk.ended()
    document = session_document(desk.control.result().result())
    read_back = from_stored(desk.stored(view.session))
    stored = session_document(read_back)
    assert read_back.runs == view.runs
    assert [run.operations for run in view.runs] == [200, 200]
    assert [run["operations"] for run in document["runs"]] == [200, 200]
    assert stored == document


def test_a_session_that_was_stopped_differs_from_one_that_came_to_its_end(desk: Desk) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER), desk.profile("quick")])
    desk.until(measuring)
    desk.control.stop()
    stopped = desk.ended()
    document = session_document(desk.control.result().result())
    assert (stopped.state, stopped.stopped, document["state"]) == ("finished", True, "stopped")
    assert session_document(from_stored(desk.stored(stopped.session))) == document
    desk.control.start([desk.profile("quick")])
    desk.until(lambda view: view.session != stopped.session)
    assert not desk.ended().stopped
    assert session_document(desk.control.result().result())["state"] == "finished"


@pytest.fixture
def seldom_seen(tmp_path: Path) -> Iterator[Desk]:
    """Where a view is made once an hour."""
    desk = Desk(tmp_path, view_s=3_600.0)
    yield desk
    desk.control.close()


def test_views_that_nobody_wants_are_not_made(seldom_seen: Desk) -> None:
    seldom_seen.control.start([seldom_seen.profile("slow", stop=FOR_EVER)])
    while not seldom_seen.control.result().result().runs[0].operations:
        time.sleep(0.005)
    view = seldom_seen.control.view
    assert view is not None
    assert (view.state, view.runs[0].operations) == ("starting", 0)
    seldom_seen.control.stop()
    assert seldom_seen.ended().runs[0].operations


def test_a_run_ends_when_it_is_decided_however_seldom_it_is_seen(seldom_seen: Desk) -> None:
    decided = seldom_seen.profile(
        "slow",
        stop=FOR_EVER,
        targets=("p50 < 10s",),
        until_decided=Length(iterations=20),
    )
    seldom_seen.control.start([decided])
    assert seldom_seen.ended().runs[0].verdict == "met"


def test_only_one_session_at_a_time(desk: Desk) -> None:
    desk.control.start([desk.profile("slow", stop=FOR_EVER)])
    with pytest.raises(RuntimeError, match="a session is running"):
        desk.control.start([desk.profile("quick")])
    desk.control.stop()
    desk.ended()


def test_rounds_come_one_after_the_other(desk: Desk) -> None:
    profiles = [desk.profile("quick"), desk.profile("slow")]
    desk.control.start(profiles, one_by_one=True, repeat=2)
    view = desk.ended()
    assert [(run.profile.name, run.round) for run in view.runs] == [
        ("quick", 1),
        ("slow", 1),
        ("quick", 2),
        ("slow", 2),
    ]
    assert {run.state for run in view.runs} == {"finished"}


def test_the_next_session_begins_after_a_runner_has_died(desk: Desk) -> None:
    desk.control.start([desk.profile("dying"), desk.profile("slow", stop=FOR_EVER)])
    died = desk.ended()
    desk.control.start([desk.profile("quick")])
    view = desk.until(lambda v: v.session != died.session and v.state == "finished")
    assert died.died == "the runner exited with code 9 before its session had ended"
    assert {run.state for run in died.runs} == {"failed"}
    assert view.runs[0].operations == 200


def test_a_runner_that_does_not_answer_a_stop_is_killed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "ANSWER_S", 0.2)
    desk.control.start([desk.profile("blocking"), desk.profile("slow", stop=FOR_EVER)])
    desk.until(lambda view: any("blocks the loop" in line.text for line in view.log))
    paused, stopped = desk.control.pause(), desk.control.stop()
    view = desk.ended()
    assert view.state == "died"
    assert "(its event loop was blocked" in view.died
    assert stopped.result(timeout=PATIENCE_S) == Answered(True, "the session has ended")
    assert paused.result(timeout=PATIENCE_S) == Answered(False, "the session has ended")


@pytest.mark.skipif(sys.platform != "linux", reason="it needs timerfd, which is Linux's")
def test_what_blocked_the_loop_of_a_runner_that_was_killed_is_in_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "ANSWER_S", 0.2)
    desk.control.start([desk.profile("blocking", stop=FOR_EVER)])
    desk.until(lambda view: any("in blocking" in cause_in(line.text) for line in view.log))
    desk.control.stop()
    view = desk.ended()
    # On a busy machine another of the lines may name another cause.
    causes = {cause_in(line.text) for line in view.log} - {""}
    assert any(f"(its event loop was blocked: {cause})" in view.died for cause in causes)


def test_why_no_runner_was_started_ahead_of_time_is_in_the_log_of_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(placement: InRunnerProcess) -> None:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(InRunnerProcess, "prepare", refused)
    desk = Desk(tmp_path)
    desk.control.close()
    desk.control = SessionController(desk.store, warm=True)
    desk.control.start([desk.profile("quick")])
    view = desk.ended()
    desk.control.close()
    assert view.runs[0].state == "finished"
    (line,) = [line for line in map(str, view.log) if "ahead of time" in line]
    assert "no more processes" in line


def test_closing_ends_a_session_that_holds_its_loop(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.start([desk.profile("blocking")])
    desk.until(lambda view: view.runs[0].phase == "measure")
    threads = threading.active_count()
    desk.control.close()
    assert threading.active_count() < threads
    assert not list((tmp_path / ".cortex-tui" / "scratch").iterdir())


def test_whoever_gives_up_an_answer_does_no_harm_to_the_session(desk: Desk) -> None:
    desk.control.start([desk.profile("slow")])
    desk.control.pause().cancel()
    assert desk.control.resume().result().text
    assert [run.state for run in desk.ended().runs] == ["finished"]


def test_pause_resume_skip_and_adjust_reach_the_run(desk: Desk) -> None:
    profile = desk.profile("slow", stop=FOR_EVER, load=OpenLoad(rate_per_s=200.0))
    desk.control.start([profile])
    desk.until(measuring)
    desk.control.adjust(0, 2.0)
    desk.until(lambda view: view.runs[0].level == 400.0)
    desk.control.pause()
    desk.until(lambda view: view.runs[0].life.paused)
    desk.control.resume()
    desk.until(lambda view: not view.runs[0].life.paused)
    desk.control.end_phase(0)
    view = desk.ended()
    assert view.runs[0].state == "finished"
    texts = [mark.text for mark in view.runs[0].marks]
    assert texts[:2] == ["200 → 400/s", "paused"]
    assert texts[2].startswith("resumed after ")
    assert texts[3] == "phase skipped"


async def test_in_process_runs_share_the_callers_loop(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=IN_PROCESS, measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("slow")])
    while (view := control.view) is None or view.state != "finished":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert view.runs[0].operations == 200
    assert "shares its loop with the screen" in view.runs[0].warnings
    await asyncio.to_thread(control.close)


@pytest.mark.parametrize("placement", PLACEMENTS)
async def test_odd_texts_and_an_unfinished_line_are_kept_wherever_it_runs(
    tmp_path: Path, placement: str
) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=PLACEMENTS[placement], measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("odd")])
    while (view := control.view) is None or not (view.state == "finished" and view.stored):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.wrap_future(control.save("odd", note="\udcff"))
    document = session_document(await asyncio.wrap_future(control.result()))
    await asyncio.to_thread(control.close)
    async with await SqliteStore.open_for_reading(desk.store) as store:
        stored = await store.load("odd")
    printed = [line.text for line in stored.log if line.stream == "stdout"]
    assert printed == ["first \\udcff", "no end \\udcff"]
    assert stored.snapshot is not None
    assert stored.snapshot.note == "\\udcff"
    assert session_document(from_stored(stored)) == document
    assert sum(stored.runs[0].errors.values()) == 100


async def test_a_profile_that_is_alone_is_measured_after_the_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.control.close()
    control = SessionController(
        desk.store, place=IN_PROCESS, measuring_loop=asyncio.get_running_loop()
    )
    control.start([desk.profile("slow", alone=True), desk.profile("slow"), desk.profile("quick")])
    while (view := control.view) is None or view.state != "finished":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert [run.neighbours for run in view.runs] == [(), ("bench.quick",), ("bench.slow",)]
    assert {run.state for run in view.runs} == {"finished"}
    document = session_document(control.result().result())
    assert [run["alone"] for run in document["runs"]] == [True, False, False]
    await asyncio.to_thread(control.close)


def test_warm_up_ends_when_it_has_settled_and_measure_when_the_percentile_is_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may make the times vary for ever; the rules themselves are tested elsewhere.
    for name in ("MARGIN", "TOLERANCE"):
        monkeypatch.setattr(settling, name, 1e9)
    monkeypatch.setattr(findings, "MIN_TO_END", 20)
    monkeypatch.setattr(findings, "MIN_INDEPENDENT", 0.0)
    profile = desk.profile(
        "slow",
        stop=FOR_EVER,
        warmup=FOR_EVER,
        auto_warmup=True,
        precision=Precision("p50", 1e9, at_least_ns=1, at_most_ns=FOR_EVER.duration_ns or 0),
    )
    desk.control.start([profile])
    desk.until(lambda view: "settling: " in view.runs[0].progress_note)
    (run,) = desk.ended().runs
    assert run.state == "finished"
    assert run.marks == ()
    assert UNSETTLED not in run.warnings
    low_ns, high_ns = run.confidence_ns["p50"]
    median_ns = run.percentiles_ns["p50"]
    assert median_ns is not None
    assert low_ns <= median_ns <= high_ns
    record = desk.stored(desk.ended().session).runs[0]
    assert record.warmup_ns == run.warmup_ns > 1_000_000_000
    again = replayed(profile, record)
    assert (again.auto_warmup, again.warmup.duration_ns) == (False, record.warmup_ns)


@pytest.mark.parametrize("fault", ["raises", "hangs"])
def test_no_thread_is_left_where_what_was_made_ready_cannot_be_closed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    async def close(placement: InRunnerProcess) -> None:
        if fault == "raises":
            raise OSError("cannot be closed")
        await asyncio.Event().wait()

    before = threading.enumerate()
    monkeypatch.setattr(InRunnerProcess, "aclose", close)
    monkeypatch.setattr(controller, "KILL_S", 0.1)
    desk.control.start([desk.profile("quick")])
    desk.ended()
    if fault == "raises":
        with pytest.raises(OSError, match="cannot be closed"):
            desk.control.close()
    else:
        desk.control.close()
    for thread in threading.enumerate():
        if thread not in before and not thread.daemon:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), thread.name
