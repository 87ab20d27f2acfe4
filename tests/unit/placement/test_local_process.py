"""Real runner processes: what becomes of a session when a workload misbehaves."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Request, Stop
from cortex_tui.protocol.messages import (
    LogLine,
    Message,
    RunFinished,
    RunnerDied,
    Samples,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from tests.lives import begins_to_measure

M = TypeVar("M")
OnMessage = Callable[[Stream, Message], None]


class Sessions:
    """Runs one bare function a session in a runner process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.placement = InRunnerProcess()

    async def run(
        self,
        source: str,
        *,
        stop: Length | None = None,
        on_message: OnMessage = lambda stream, message: None,
    ) -> list[Message]:
        code = "import asyncio, os, signal, sys, time\n" + textwrap.dedent(source)
        (self.folder / "misbehaving.py").write_text(code, encoding="utf-8")
        profile = Profile(
            suite="bench",
            name="work",
            workload="misbehaving:work",
            source=str(self.folder / "bench.toml"),
            stop=stop or Length(iterations=20),
        )
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        plan = SessionPlan(
            session="test",
            runs=(RunPlan(0, profile),),
            scratch=str(scratch),
            cache=str(self.folder),
            interval_ns=10_000_000,
        )
        messages: list[Message] = []
        async with self.placement.open(plan) as stream:
            async for batch in stream:
                for message in batch:
                    messages.append(message)
                    on_message(stream, message)
        return messages


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    made = Sessions(tmp_path)
    yield made
    await made.placement.aclose()


def of(kind: type[M], messages: list[Message]) -> list[M]:
    return [message for message in messages if isinstance(message, kind)]


def pid_of(messages: list[Message]) -> int:
    return of(SessionStarted, messages)[0].pid


def is_gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not: process 1 may not care for orphans."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


async def gone(pid: int) -> None:
    """Waits for the end of a process that was killed; the test's own time limit bounds it."""
    while not is_gone(pid):  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def test_a_session_runs_in_a_process_of_its_own_and_leaves_none(sessions: Sessions) -> None:
    messages = await sessions.run("async def work(): pass")
    assert pid_of(messages) != os.getpid()
    await gone(pid_of(messages))
    assert of(RunFinished, messages)[0].state == "finished"
    assert isinstance(messages[-1], SessionFinished)


async def test_a_prepared_runner_is_used_once(sessions: Sessions) -> None:
    sessions.placement.prepare()
    first = await sessions.run("async def work(): pass")
    second = await sessions.run("async def work(): pass")
    assert pid_of(first) != pid_of(second)


async def test_a_prepared_runner_that_was_killed_is_replaced(sessions: Sessions) -> None:
    sessions.placement.prepare()
    spare = sessions.placement._spare
    assert spare is not None
    os.kill(spare.pid, signal.SIGKILL)
    await gone(spare.pid)
    messages = await sessions.run("async def work(): pass")
    assert isinstance(messages[-1], SessionFinished)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("async def work(): os._exit(7)", "exited with code 7 before its session had ended"),
        ("async def work(): os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
        ("async def work():\n    import ctypes\n    ctypes.string_at(0)", "was killed by SIGSEGV"),
        ("os._exit(0)", "exited with code 0 before its session had ended"),
    ],
)
async def test_a_runner_that_dies_says_of_what(
    sessions: Sessions, source: str, reason: str
) -> None:
    messages = await sessions.run(source)
    assert isinstance(messages[-1], RunnerDied)
    assert messages[-1].reason == f"the runner {reason}"
    await gone(pid_of(messages))


async def test_a_crash_leaves_its_traceback_in_the_log(sessions: Sessions) -> None:
    messages = await sessions.run("async def work():\n    import ctypes\n    ctypes.string_at(0)")
    text = "\n".join(line.text for line in of(LogLine, messages))
    assert "Segmentation fault" in text
    assert "misbehaving.py" in text


async def test_what_was_measured_before_a_death_has_arrived(sessions: Sessions) -> None:
    messages = await sessions.run(
        """
        calls = 0
        async def work():
            global calls
            calls += 1
            await asyncio.sleep(0.001)
            if calls == 100:
                os._exit(1)
        """,
        stop=Length(iterations=1_000),
    )
    # All but the interval under way, a tenth of the usual ten a second here.
    assert sum(len(s.service) // 8 for s in of(Samples, messages)) > 50


async def test_prints_are_log_lines_and_never_reach_the_terminal(
    sessions: Sessions, capfd: pytest.CaptureFixture[str]
) -> None:
    messages = await sessions.run(
        """
        print("imported")
        async def work():
            print("x" * 5_000, file=sys.stderr)
        """,
        stop=Length(iterations=200),
    )
    lines = of(LogLine, messages)
    assert ("stdout", "imported") in [(line.stream, line.text) for line in lines]
    assert sum(line.text.count("x") for line in lines) == 1_000_000
    assert max(len(line.text) for line in lines) <= 4_096
    assert capfd.readouterr() == ("", "")
    assert isinstance(messages[-1], SessionFinished)


async def test_a_print_has_its_run_and_its_time_and_a_child_process_neither(
    sessions: Sessions,
) -> None:
    before_ns = time.perf_counter_ns()
    messages = await sessions.run(
        """
        import subprocess
        print("imported")
        async def work():
            print("in", "pieces", end=" ")
            print("of one line\\nand another", flush=True)
            await asyncio.to_thread(print, "in a thread", file=sys.stderr)
            subprocess.run(["echo", "of a child"])
            print("y" * 5_000)
        """,
        stop=Length(iterations=1),
    )
    lines = of(LogLine, messages)
    assert {(line.text, line.run) for line in lines if "y" not in line.text} == {
        ("imported", 0),
        ("in pieces of one line", 0),
        ("and another", 0),
        ("in a thread", 0),
        ("of a child", -1),
    }
    assert {line.run for line in lines if "y" in line.text} == {0}
    times_ns = [line.at_ns for line in lines if line.stream == "stdout" and line.run == 0]
    assert times_ns == sorted(times_ns)
    assert all(before_ns < line.at_ns < time.perf_counter_ns() for line in lines)


@pytest.mark.parametrize(
    ("rubbish", "reason"),
    [
        (r"b'\xff' * 100", "a frame of 4,294,967,295 bytes"),
        (r"b'\x00\x00\x00\x03abc'", "a frame that cannot be read"),
    ],
)
async def test_a_garbled_stream_ends_the_session(
    sessions: Sessions, rubbish: str, reason: str
) -> None:
    messages = await sessions.run(
        f"""
        async def work():
            import socket
            for fd in range(3, 100):
                try:
                    channel = socket.socket(fileno=os.dup(fd))
                    channel.send({rubbish})
                    channel.detach()
                except OSError:
                    pass
            await asyncio.sleep(60)
        """
    )
    assert isinstance(messages[-1], RunnerDied)
    assert reason in messages[-1].reason


async def test_a_stop_reaches_the_runner(sessions: Sessions) -> None:
    def stop(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            stream.send(Request(1, Stop()))

    messages = await sessions.run(
        "async def work(): await asyncio.sleep(0.001)",
        stop=Length(duration_ns=3_600_000_000_000),
        on_message=stop,
    )
    assert of(RunFinished, messages)[0].state == "stopped"


async def test_a_command_that_comes_too_late_costs_nothing_of_what_was_said(
    sessions: Sessions,
) -> None:
    pids: list[int] = []

    def stop_twice(stream: Stream, message: Message) -> None:
        if isinstance(message, SessionStarted):
            pids.append(message.pid)
        if begins_to_measure(message):
            stream.send(Request(1, Stop()))
            while not is_gone(pids[0]):
                time.sleep(0.001)
            stream.send(Request(1, Stop()))

    messages = await sessions.run(
        "async def work(): await asyncio.sleep(0.001)",
        stop=Length(duration_ns=3_600_000_000_000),
        on_message=stop_twice,
    )
    assert of(RunFinished, messages)[0].state == "stopped"
    assert isinstance(messages[-1], SessionFinished)


async def test_a_runner_whose_loop_is_held_can_be_killed_with_all_it_started(
    sessions: Sessions,
) -> None:
    def kill(stream: Stream, message: Message) -> None:
        if isinstance(message, LogLine) and message.text.startswith("child"):
            stream.kill("the test ends it")

    messages = await sessions.run(
        """
        import subprocess
        async def work():
            print("child", subprocess.Popen(["sleep", "600"]).pid)
            while True:
                pass
        """,
        on_message=kill,
    )
    line = of(LogLine, messages)[0]
    assert isinstance(messages[-1], RunnerDied)
    assert messages[-1].reason == "the test ends it"
    await gone(int(line.text.split()[1]))


@pytest.mark.skipif(sys.platform != "linux", reason="it needs timerfd, which is Linux's")
async def test_where_a_loop_is_blocked_for_long_is_in_the_log_while_it_still_is(
    sessions: Sessions,
) -> None:
    wanted = r"the event loop has been blocked for \d+\.\d s: at .*misbehaving\.py:4 in work"

    def kill(stream: Stream, message: Message) -> None:
        # On a busy machine the first report may name another cause: there are more, ever rarer.
        if isinstance(message, LogLine) and re.fullmatch(wanted, message.text):
            stream.kill("that was all")

    messages = await sessions.run(
        """
        async def work():
            time.sleep(3600)
        """,
        on_message=kill,
    )
    assert re.fullmatch(wanted, of(LogLine, messages)[-1].text)
    assert isinstance(messages[-1], RunnerDied)


async def test_a_process_that_a_workload_left_running_does_not_hold_up_the_end(
    sessions: Sessions,
) -> None:
    messages = await sessions.run(
        """
        import subprocess
        async def work():
            print("child", subprocess.Popen(["sleep", "600"]).pid)
        """,
        stop=Length(iterations=1),
    )
    assert isinstance(messages[-1], SessionFinished)
    (line,) = of(LogLine, messages)
    await gone(int(line.text.split()[1]))


async def test_descriptors_are_given_back(sessions: Sessions) -> None:
    await sessions.run("async def work(): pass")
    before = len(os.listdir("/proc/self/fd"))
    for source in ("async def work(): pass", "async def work(): os._exit(3)"):
        await sessions.run(source)
    await asyncio.sleep(0)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_module_next_to_a_suite_does_not_stand_in_for_ours(tmp_path: Path) -> None:
    (tmp_path / "cortex_core.py").write_text("raise RuntimeError('not the core')")
    (tmp_path / "mine.py").write_text("async def work(): pass")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    names = ("mine:work", "cortex.get")
    profiles = [
        Profile(
            suite="bench",
            name=f"run{number}",
            workload=name,
            source=str(tmp_path / "bench.toml"),
            stop=Length(iterations=5),
        )
        for number, name in enumerate(names)
    ]
    plan = SessionPlan(
        session="test",
        runs=tuple(RunPlan(number, profile) for number, profile in enumerate(profiles)),
        scratch=str(scratch),
        cache=str(tmp_path),
        one_by_one=True,
    )
    messages: list[Message] = []
    async with InRunnerProcess().open(plan) as stream:
        async for batch in stream:
            messages.extend(batch)
    assert [m.reason for m in of(RunFinished, messages)] == ["", ""]


async def test_a_forgotten_await_is_reported_with_its_run(sessions: Sessions) -> None:
    messages = await sessions.run("async def work(): asyncio.sleep(0)")
    (warning,) = of(RunFinished, messages)[0].warnings
    assert warning.startswith("coroutine 'sleep' was never awaited")
    assert "misbehaving.py:2" in warning
    assert warning.endswith("is an await missing?")
