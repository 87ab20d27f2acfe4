"""Bad workloads in a real runner process, each with a good neighbour: what is reported of them, and
that nothing else happens to the neighbour."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.limits import MAX_LOG_LINES
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Request, Stop
from cortex_tui.protocol.lifecycle import Stage
from cortex_tui.protocol.messages import StateChanged
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.results.view import SessionView
from tests.unit.placement.test_local_process import gone

HEAD = """
import asyncio, os, signal, subprocess, sys, threading, time
from cortex_tui import workload

async def neighbour():
    await asyncio.sleep(0)

"""
NEIGHBOUR_OPERATIONS = 300


class Street:
    """Runs a bad workload and its neighbour together, and looks at them as a screen does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.placement = InRunnerProcess()

    def _profile(self, function: str, stop: Length, **fields: Any) -> Profile:
        return Profile(
            suite="street",
            name=function,
            workload=f"street_workloads:{function}",
            source=str(self.folder / "street.toml"),
            stop=stop,
            **fields,
        )

    async def run(self, source: str, *, stop_at: Stage | None = None, **fields: Any) -> SessionView:
        """The last view; `bad` is run 0, its neighbour run 1.

        With `stop_at` the bad one is stopped when its neighbour is at that phase.
        """
        code = HEAD + textwrap.dedent(source)
        (self.folder / "street_workloads.py").write_text(code, encoding="utf-8")
        fields.setdefault("stop", Length(iterations=1_000))
        profiles = (
            self._profile("bad", **fields),
            self._profile("neighbour", Length(iterations=NEIGHBOUR_OPERATIONS)),
        )
        plan = SessionPlan(
            session="street",
            runs=tuple(RunPlan(number, profile) for number, profile in enumerate(profiles)),
            scratch=str(self.folder / "scratch"),
            cache=str(self.folder),
            interval_ns=10_000_000,
        )
        fold = SessionFold(plan, "process", "2026-01-01T00:00:00.000Z")
        async with self.placement.open(plan) as stream:
            async for batch in stream:
                for message in batch:
                    fold.apply(message)
                    if (
                        isinstance(message, StateChanged)
                        and message.run == 1
                        and message.life.stage == stop_at
                    ):
                        stream.send(Request(1, Stop(0)))
                        stream.send(Request(2, Stop(0)))
        return fold.view(fold.received_ns, stored=True, store_error="")


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    made = Street(tmp_path)
    yield made
    await made.placement.aclose()


def open_descriptors() -> int:
    """How many this process has; always 0 where the system does not tell."""
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def bad_of(view: SessionView) -> RunResult:
    """The bad run, once it is clear that the session and the neighbour ended well."""
    bad, neighbour = view.runs
    assert view.state == "finished"
    assert neighbour.state == "finished"
    assert neighbour.operations == NEIGHBOUR_OPERATIONS
    assert neighbour.error_count == neighbour.unfinished == 0
    return bad


async def test_one_that_blocks_the_loop(street: Street) -> None:
    view = await street.run(
        """
        async def bad():
            time.sleep(0.12)
        """,
        stop=Length(iterations=2),
    )
    assert bad_of(view).operations == 2
    # It costs the neighbour time, and that is said at both of them.
    for run in view.runs:
        assert any("the event loop was blocked " in text for text in run.warnings)


async def test_one_that_never_ends(street: Street) -> None:
    view = await street.run(
        """
        async def bad():
            await asyncio.Event().wait()
        """,
        stop_at="measured",
    )
    bad = bad_of(view)
    assert bad.state == "stopped"
    assert bad.operations == 0
    assert bad.unfinished == 1


async def test_one_whose_set_up_never_ends(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            await asyncio.Event().wait()
            yield
        """,
        stop_at="setup",
    )
    assert bad_of(view).state == "stopped"


async def test_one_that_raises_in_its_set_up(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            raise TimeoutError("no answer from the server")
            yield
        """
    )
    bad = bad_of(view)
    assert (bad.state, bad.reason) == ("failed", "setup: TimeoutError: no answer from the server")
    assert "street_workloads.py" in bad.traceback


async def test_one_that_fails_once_in_a_thousand(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            async def operation(i):
                if i == 500:
                    raise ConnectionResetError("by peer")
            yield operation
        """
    )
    bad = bad_of(view)
    assert bad.state == "finished"
    assert (bad.operations, bad.errors) == (999, {"ConnectionResetError": 1})
    assert "by peer" in bad.traceback


async def test_one_that_fails_always(street: Street) -> None:
    view = await street.run("async def bad(): raise OSError('broken')")
    bad = bad_of(view)
    assert bad.state == "failed"
    assert bad.reason == "measure: none of 1,000 operations succeeded (OSError: broken)"


async def test_one_whose_teardown_fails(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            async def operation(): pass
            yield operation
            raise RuntimeError("cannot close")
        """
    )
    bad = bad_of(view)
    assert (bad.state, bad.reason) == ("failed", "teardown: RuntimeError: cannot close")
    assert bad.operations == 1_000  # what was measured is kept


async def test_one_that_prints_a_megabyte(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            async def operation(i):
                print("x" * 1_023, file=sys.stderr if i % 2 else sys.stdout)
            yield operation
            print("y" * 1_000_000)
        """
    )
    assert bad_of(view).operations == 1_000
    assert len(view.log) == MAX_LOG_LINES
    assert view.log_dropped > 0
    assert max(len(line.text) for line in view.log) < 600
    assert {line.profile for line in view.log} == {bad_of(view).profile.full_name}


async def test_one_that_prints_escape_sequences(street: Street) -> None:
    view = await street.run(
        r"""
        @workload
        async def bad():
            async def operation(i):
                raise ValueError("\\x1b[2J\\x1b]0;title\\x07")
            print("\\x1b[31mred\\x1b[0m \\x9b2J \\r\\x00 \\u202e")
            sys.stdout.buffer.write(b"\\xff\\xfe\\n")
            yield operation
        """,
        stop=Length(iterations=3),
    )
    bad = bad_of(view)
    printed = [line.text for line in view.log]
    shown = [*printed, bad.traceback, bad.reason]
    assert any("red" in line for line in printed)
    for text in shown:
        assert not [c for c in text if c != "\n" and not c.isprintable()], text


async def test_one_that_spawns_threads_and_processes(street: Street) -> None:
    pids = street.folder / "pids"
    view = await street.run(
        f"""
        @workload
        async def bad():
            async def operation(i):
                if i < 20:
                    threading.Thread(target=time.sleep, args=(3600,)).start()
                if i == 20:
                    child = subprocess.Popen(["sleep", "3600"])
                    open({str(pids)!r}, "w").write(str(child.pid))
            yield operation
        """
    )
    assert bad_of(view).operations == 1_000
    # Nothing of it outlives the session.
    await gone(int(pids.read_text()))


async def test_one_that_leaks(street: Street) -> None:
    before = open_descriptors()
    view = await street.run(
        """
        leaked = []

        @workload
        async def bad():
            async def operation(i):
                leaked.append(bytearray(10_000))
                leaked.append(asyncio.create_task(asyncio.Event().wait()))
                if i < 100:
                    leaked.append(os.pipe())
            yield operation
        """
    )
    assert bad_of(view).operations == 1_000
    assert open_descriptors() - before <= 2  # of the test's own loop


async def test_one_that_changes_signal_handlers(street: Street) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    view = await street.run(
        """
        @workload
        async def bad():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            asyncio.get_running_loop().add_signal_handler(signal.SIGALRM, lambda: None)
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            async def operation(i):
                await asyncio.sleep(0)
            yield operation
            signal.set_wakeup_fd(-1)
        """
    )
    assert bad_of(view).operations == 1_000
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_one_that_returns_at_once(street: Street) -> None:
    view = await street.run("async def bad(): pass", stop=Length(iterations=100_000))
    bad = bad_of(view)
    assert bad.operations == 100_000
    assert bad.max_ns is not None


async def test_one_that_never_suspends(street: Street) -> None:
    view = await street.run(
        """
        async def bad():
            until = time.perf_counter_ns() + 20_000
            while time.perf_counter_ns() < until: pass
        """,
        stop=Length(duration_ns=300_000_000),
    )
    bad = bad_of(view)
    assert bad.state == "finished"
    assert bad.operations > 0


async def test_one_that_closes_what_is_not_its_own(street: Street) -> None:
    view = await street.run(
        """
        @workload
        async def bad():
            async def operation(i):
                if i == 10:
                    sys.stdout.close()
                    sys.stderr.close()
                print("said into a closed stream")
            yield operation
        """
    )
    assert bad_of(view).errors == {"ValueError": 990}


async def test_one_that_sets_a_trap_for_the_collector(street: Street) -> None:
    view = await street.run(
        """
        import gc

        class Trap:
            def __init__(self): self.me = self
            def __del__(self): raise RuntimeError("in a finaliser")

        @workload
        async def bad():
            gc.disable()
            sys.setrecursionlimit(120)
            sys.setswitchinterval(5)
            async def operation(i):
                Trap()
                if i == 0:
                    def deeper(): deeper()
                    deeper()
            yield operation
        """
    )
    assert bad_of(view).errors == {"RecursionError": 1}


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        ("[t.cancel() for t in asyncio.all_tasks() if t is not asyncio.current_task()]", ""),
        ("asyncio.get_running_loop().stop()", "something called loop.stop()"),
        ("asyncio.create_task(exits())", "raised SystemExit: 3"),
        ("asyncio.get_running_loop().call_soon(sys.exit, 4)", "raised SystemExit: 4"),
        ("asyncio.get_running_loop().set_task_factory(refuse)", ""),
        ("asyncio.wait = asyncio.gather = asyncio.timeout = refuse", "asyncio.gather, asyncio."),
        ("time.perf_counter_ns = time.monotonic = time.time = lambda: 0", "time.monotonic"),
        ("sys.stdout.close(); sys.stdout = sys.stderr = None", ""),
    ],
)
async def test_one_that_lays_hands_on_what_all_share(street: Street, harm: str, text: str) -> None:
    view = await street.run(f"""
        ends = 0

        async def exits():
            sys.exit(3)

        def refuse(*args, **kwargs):
            raise RuntimeError("replaced")

        async def bad():
            global ends
            ends += 1
            await asyncio.sleep(0)
            if ends == 100:
                {harm}
    """)
    bad, neighbour = view.runs
    assert neighbour.state == "finished"
    assert neighbour.operations == NEIGHBOUR_OPERATIONS
    assert bad.state == "finished"
    assert bad.operations == 1_000
    assert any(text in warning for warning in bad.warnings) or not text
