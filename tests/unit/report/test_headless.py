"""A session without a screen: what it prints, delivers and returns."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.report.headless import PLAIN_VIEW_S, Delivery, run_headless, view_s_of
from cortex_tui.report.progress import progress_line
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import LogEntry, SessionView
from cortex_tui.session.control import VIEW_S
from tests.unit.report.glass import Glass
from tests.unit.report.stand_in import StandIn, profile, run_view, session_view

GOING_ON = session_view(
    run_view(state="running", phase="measure", progress=0.4, verdict="pending"),
    state="running",
    stored=False,
    elapsed_ns=2_500_000_000,
)


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cortex_tui.report.headless.POLL_S", 0.001)


async def headless(
    control: StandIn, *, json: str = "", save: str = "", note: str = "", one_by_one: bool = False
) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    delivery = Delivery(store=Path("s.db"), save=save, note=note, json=json)
    code = await run_headless(
        control, [profile()], delivery, one_by_one=one_by_one, out=out, err=err
    )
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (session_view(run_view(verdict="met")), 0),
        (session_view(run_view(verdict="none", errors={"OSError": 4})), 0),
        (session_view(run_view(verdict="missed")), 1),
        (session_view(run_view(state="failed", verdict="missed")), 3),
        (session_view(run_view(verdict="met"), state="died", died="signal 9"), 3),
        (session_view(), 3),
    ],
)
async def test_the_exit_code_is_the_worst_that_happened(view: SessionView, code: int) -> None:
    control = StandIn(GOING_ON, view)
    assert (await headless(control))[0] == code


async def test_the_table_is_on_stdout_and_progress_on_stderr() -> None:
    control = StandIn(GOING_ON, session_view(run_view(verdict="met")))
    _, out, err = await headless(control, one_by_one=True)
    assert control.started == [(("shop.steady",), True)]
    assert out.startswith("profile ")
    assert out.endswith("session 20260101T000000-abc is stored in s.db\n")
    assert err == "2.5s  1 run: 1 measure 40%  12.3k operations, 0 errors\n"


def test_views_are_wanted_less_often_where_no_terminal_shows_them() -> None:
    assert view_s_of(io.StringIO()) == PLAIN_VIEW_S > view_s_of(Glass()) == VIEW_S


async def test_a_view_that_is_read_again_is_written_once() -> None:
    later = msgspec.structs.replace(GOING_ON, elapsed_ns=2_750_000_000)
    control = StandIn(GOING_ON, GOING_ON, later, later, GOING_ON, session_view(run_view()))
    glass = Glass()
    await run_headless(
        control, [profile()], Delivery(store=Path("s.db")), out=io.StringIO(), err=glass
    )
    assert glass.getvalue().count("40%") == 3


async def test_with_json_on_stdout_nothing_else_is_there() -> None:
    _, out, err = await headless(StandIn(session_view(run_view())), json="-")
    assert json.loads(out)["schema"] == "cortex-tui/session@1"
    assert "shop.steady" in err


async def test_a_json_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("old")
    file.chmod(0o640)
    code, out, _ = await headless(StandIn(session_view(run_view())), json=str(file))
    assert code == 0
    assert json.loads(file.read_text())["schema"] == "cortex-tui/session@1"
    assert file.stat().st_mode & 0o777 == 0o640
    assert out.startswith("profile ")
    assert os.listdir(tmp_path) == ["x.json"]


async def test_a_json_file_that_cannot_be_written_is_an_error_after_the_table(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.json").mkdir()
    code, out, err = await headless(
        StandIn(session_view(run_view())), json=str(tmp_path / "gone" / "x.json")
    )
    assert code == 2
    assert "cannot be written: No such file or directory" in err
    assert out.startswith("profile ")


async def test_the_session_is_saved_under_its_name() -> None:
    control = StandIn(session_view(run_view()))
    code, _, err = await headless(control, save="before", note="no index")
    assert (code, control.saved) == (0, [("before", "no index")])
    assert "saved as before\n" in err


async def test_a_session_that_cannot_be_saved_is_an_error() -> None:
    control = StandIn(session_view(run_view()), save_error=OSError("s.db: no space left"))
    code, out, err = await headless(control, save="before")
    assert code == 2
    assert "error: not saved as before: s.db: no space left\n" in err
    assert out.startswith("profile ")


async def test_trouble_with_the_store_is_a_warning_that_is_said_once() -> None:
    troubled = msgspec.structs.replace(GOING_ON, store_error="s.db: read-only")
    ended = session_view(run_view())
    code, _, err = await headless(StandIn(troubled, troubled, ended))
    assert code == 0
    assert err.count("warning: not stored for now: s.db: read-only\n") == 1
    assert "error: " not in err


@pytest.mark.parametrize(
    ("json", "where"),
    [("", "only in the table"), ("-", "on stdout"), ("x.json", "in x.json")],
)
async def test_a_session_that_could_not_be_stored_is_an_error_that_says_where_its_results_are(
    json: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = session_view(run_view(), stored=False, store_error="s.db: the disk is full")
    code, out, err = await headless(StandIn(ended), json=json)
    assert code == 2
    expected = f"the session could not be stored: s.db: the disk is full; its results are {where}\n"
    assert err.endswith(f"error: {expected}")
    assert "not stored: s.db: the disk is full" in (err if json == "-" else out)


@pytest.mark.parametrize("stored", [True, False])
async def test_only_of_a_session_that_is_stored_whole_has_the_json_what_follows_from_it(
    stored: bool, tmp_path: Path
) -> None:
    ended = session_view(run_view(), stored=stored, store_error="" if stored else "s.db: full")
    delivery = Delivery(
        store=Path("s.db"),
        json=str(tmp_path / "x.json"),
        complete=lambda document, session: b"compared",
    )
    await run_headless(StandIn(ended), [profile()], delivery, out=io.StringIO(), err=io.StringIO())
    assert ((tmp_path / "x.json").read_bytes() == b"compared") == stored


class Full(io.StringIO):
    """A stream to a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("json", ["", "-"])
async def test_results_that_cannot_be_written_are_an_error_and_where_they_are_is_said(
    json: str,
) -> None:
    err = io.StringIO()
    delivery = Delivery(store=Path("s.db"), json=json)
    with pytest.raises(OSError, match="No space left"):
        await run_headless(
            StandIn(session_view(run_view())), [profile()], delivery, out=Full(), err=err
        )
    assert err.getvalue().endswith("session 20260101T000000-abc is stored in s.db\n")


async def test_what_the_workloads_printed_is_shown_and_not_obeyed() -> None:
    log = (LogEntry("hello\x1b[2J"), LogEntry("well", "stderr", "shop.cart", 1_204_000_000))
    _, out, err = await headless(StandIn(session_view(run_view(), log=log)))
    assert "  | stdout: hello␛[2J\n" in err
    assert "  | 1.20s shop.cart stderr: well\n" in err
    assert "hello" not in out


@pytest.fixture
def restored_signal(number: signal.Signals) -> Iterator[None]:
    """As in a terminal: whatever started the tests may have it ignored, as nohup does."""
    before = signal.signal(number, signal.default_int_handler)
    yield
    signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_stops_the_session_and_delivers_what_was_measured(
    number: signal.Signals, restored_signal: None
) -> None:
    stopped = session_view(run_view(state="stopped", verdict="missed"))
    control = StandIn(
        GOING_ON,
        on_stop=stopped,
        when_seen=lambda count: os.kill(os.getpid(), number) if count == 2 else None,
    )
    code, out, err = await headless(control, json="-", save="half")
    assert (code, control.stops, control.saved) == (130, 1, [("half", "")])
    assert f"{number.name}: stopping" in err
    assert json.loads(out)


@pytest.mark.parametrize("number", [signal.SIGINT])
async def test_a_second_signal_closes_the_session_and_shows_what_that_leaves(
    number: signal.Signals, restored_signal: None
) -> None:
    control = StandIn(
        GOING_ON,
        on_close=session_view(run_view(state="stopped")),
        when_seen=lambda count: os.kill(os.getpid(), number) if count in (2, 3) else None,
    )
    code, out, _ = await headless(control, save="half")
    assert (code, control.stops, control.saved) == (130, 1, [])
    assert "stopped" in out
    assert "running" not in out


async def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        control = StandIn(
            GOING_ON,
            GOING_ON,
            GOING_ON,
            session_view(run_view()),
            when_seen=lambda count: os.kill(os.getpid(), signal.SIGHUP) if count == 2 else None,
        )
        assert (await headless(control))[0] == 0
        assert control.stops == 0
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_session_that_sends_nothing_more_is_given_up() -> None:
    control = StandIn(GOING_ON)
    code, out, err = await headless(control, json="-", save="lost")
    assert (code, out, control.saved) == (3, "", [])
    assert "error: the session does not respond; it was given up\n" in err
    assert "shop.steady" in err


async def test_so_many_rounds_are_asked_for() -> None:
    control = StandIn(session_view(run_view()))
    err = io.StringIO()
    await run_headless(
        control, [profile()], Delivery(store=Path("s.db")), repeat=3, out=io.StringIO(), err=err
    )
    assert control.repeats == [3]


@pytest.mark.parametrize(
    ("run", "code", "line"),
    [
        (run_view(operations=1), 0, "shop.steady  ok"),
        (
            run_view(operations=0, state="failed", reason="setup: no such table"),
            3,
            "shop.steady  failed  setup: no such table",
        ),
        (
            run_view(
                operations=0,
                state="failed",
                errors={"ValueError": 1},
                traceback="Traceback:\nValueError: too \x07 much\n",
            ),
            3,
            "shop.steady  failed  ValueError: too ␇ much",
        ),
        (run_view(operations=0, unfinished=1), 3, "shop.steady  failed  it did not end"),
    ],
)
async def test_a_dry_run_says_of_each_profile_whether_it_works(
    run: RunResult, code: int, line: str
) -> None:
    out = io.StringIO()
    ended = await run_headless(
        StandIn(session_view(run)),
        [profile()],
        Delivery(store=Path("s.db"), dry_run=True),
        out=out,
        err=io.StringIO(),
    )
    assert (ended, out.getvalue().split("\n")[0]) == (code, line)
    assert "s.db" not in out.getvalue()


async def test_a_dry_run_prints_the_same_traceback_once_for_all_profiles_that_have_it() -> None:
    failed = [
        run_view(
            number,
            name=name,
            operations=0,
            state="failed",
            errors={"OSError": 1},
            traceback=f"Traceback:\nOSError: {why}\n",
        )
        for number, (name, why) in enumerate([("a", "gone"), ("b", "gone"), ("c", "busy")])
    ]
    out = io.StringIO()
    await run_headless(
        StandIn(session_view(*failed)),
        [profile()],
        Delivery(store=Path("s.db"), dry_run=True),
        out=out,
        err=io.StringIO(),
    )
    one = "shop.a, shop.b:\n  Traceback:\n  OSError: gone\n"
    other = "shop.c:\n  Traceback:\n  OSError: busy\n"
    assert out.getvalue().endswith(f"\n\n{one}{other}")


def test_a_line_of_progress_says_what_for_and_in_which_round() -> None:
    view = session_view(
        run_view(0),
        run_view(
            1,
            state="running",
            phase="measure",
            progress=0.5,
            progress_note="p99 ± 3.1 %, wanted 2 %",
            round=2,
        ),
        state="running",
        rounds=2,
    )
    assert progress_line(view).startswith(
        "0.0s  2 runs, round 2/2: 1 done, 1 measure 50% (p99 ± 3.1 %, wanted 2 %)  "
    )
    paused = msgspec.structs.replace(view.runs[1], life=RunLife("measure", paused=True))
    assert "1 done, 1 paused" in progress_line(
        msgspec.structs.replace(view, runs=(view.runs[0], paused))
    )


def test_a_line_of_progress_counts_failed_runs_apart_from_those_that_are_done() -> None:
    view = session_view(run_view(0), run_view(1, state="failed"), run_view(2, state="stopped"))
    assert " 3 runs: 2 done, 1 failed  " in progress_line(view)
    died = session_view(run_view(0, state="failed"), run_view(1, state="failed"), state="died")
    assert " 2 runs: 2 failed  " in progress_line(died)


def test_a_line_of_progress_counts_the_runs_by_phase() -> None:
    view = session_view(
        run_view(0),
        run_view(1, state="running", phase="measure", progress=0.5),
        run_view(2, state="running", phase="measure", progress=0.25, errors={"OSError": 3}),
        run_view(3, state="running", phase="setup", operations=0),
        state="running",
        elapsed_ns=12_000_000_000,
        silent_ns=3_000_000_000,
    )
    assert progress_line(view) == (
        "12.0s  4 runs: 1 done, 2 measure 38%, 1 setup  37.0k operations, 3 errors, silent for 3s"
    )
