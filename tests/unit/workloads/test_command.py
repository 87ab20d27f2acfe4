"""Programs as operations: what is timed, what has failed, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import select
import shlex
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from cortex_tui.profiles.model import Length, ParamValue, Profile
from cortex_tui.protocol.messages import Message, RunFinished, Samples
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.runner.session import Session
from cortex_tui.workloads.command import command
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.operation import Operation
from tests.patience import PATIENCE_S

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    def run_on_loop(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return run_on_loop


async def session(folder: Path, **fields: Any) -> tuple[RunFinished, list[Samples]]:
    """Runs a profile of `command`, and gives its end and what it measured."""
    messages: list[Message] = []
    fields.setdefault("stop", Length(iterations=3))
    profile = Profile(suite="x", name="x", workload="command", **fields)
    plan = SessionPlan(
        session="x", runs=(RunPlan(0, profile),), scratch=str(folder), cache=str(folder)
    )
    await Session(plan, messages.extend).run()
    (end,) = (m for m in messages if isinstance(m, RunFinished))
    return end, [m for m in messages if isinstance(m, Samples) and m.phase == "measure"]


def errors_of(samples: list[Samples]) -> tuple[dict[str, int], str]:
    """Failures by type, and the last line of the first traceback."""
    counts: dict[str, int] = {}
    for each in samples:
        for name, count in each.errors.items():
            counts[name] = counts.get(name, 0) + count
    traceback = next((text for s in samples for text in s.tracebacks.values()), "none")
    return counts, traceback.rstrip().splitlines()[-1]


def shell(script: str) -> dict[str, ParamValue]:
    return {"run": f"sh -c {shlex.quote(script)}"}


def test_a_program_is_timed_to_its_exit(tmp_path: Path, run: Run) -> None:
    end, samples = run(session(tmp_path, params=shell("sleep 0.02")))
    values = b"".join(s.service for s in samples)
    assert (end.state, end.reason) == ("finished", "")
    assert len(values) == 3 * 8
    assert min(memoryview(values).cast("q")) >= 20_000_000


def test_words_are_cut_as_a_shell_does_but_no_shell_sees_them(tmp_path: Path, run: Run) -> None:
    code = "import sys; sys.exit(sys.argv[1:] != ['a b', '$HOME', '|'])"
    words = shlex.join([sys.executable, "-c", code])
    _, samples = run(session(tmp_path, params={"run": f"{words} 'a b' $HOME '|'"}))
    assert errors_of(samples)[0] == {}


def test_it_runs_in_its_folder_and_reads_its_input(tmp_path: Path, run: Run) -> None:
    (tmp_path / "work").mkdir()
    params = {
        **shell('test "$(cat)" = "so much" && test "$(basename "$PWD")" = work'),
        "cwd": str(tmp_path / "work"),
        "input": "so much",
    }
    end, samples = run(session(tmp_path, params=params))
    assert (end.state, errors_of(samples)[0]) == ("finished", {})
    assert os.listdir(tmp_path) == ["work"]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("exit 3", "exited with 3"),
        ("echo first >&2; echo 'no such host' >&2; exit 3", "exited with 3: no such host"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        ("head -c 1000000 /dev/zero >&2; echo; echo end >&2; exit 1", "exited with 1: "),
    ],
)
def test_another_exit_than_0_is_a_failure_that_says_why(
    tmp_path: Path, run: Run, script: str, text: str
) -> None:
    _, samples = run(session(tmp_path, params=shell(script)))
    counts, last = errors_of(samples)
    assert counts == {"ExitStatusError": 3}
    assert f"ExitStatusError: {text}" in last


def test_what_a_success_says_is_not_put_on_the_failure_after_it(tmp_path: Path, run: Run) -> None:
    once = tmp_path / "once"
    script = f"test -e {once} && exit 4; touch {once}; echo a long and harmless warning >&2"
    _, samples = run(session(tmp_path, params=shell(script), stop=Length(iterations=2)))
    counts, last = errors_of(samples)
    assert counts == {"ExitStatusError": 1}
    assert last.endswith("ExitStatusError: exited with 4")


def test_a_program_that_takes_too_long_is_a_failure(tmp_path: Path, run: Run) -> None:
    end, samples = run(
        session(
            tmp_path,
            params={"run": "sleep 60"},
            timeout_ns=20_000_000,
            stop=Length(iterations=2),
        )
    )
    assert (end.state, errors_of(samples)[0]) == ("finished", {"TimeoutError": 2})


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs process descriptors")
def test_nothing_that_it_has_started_stays_behind_when_it_is_given_up(
    tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {file}.part; mv {file}.part {file}; wait"

    async def given_up() -> bool:
        current_run.set(RunContext(0, tmp_path, tmp_path, "own"))
        async with command.opened(shell(script)) as operation:
            assert isinstance(operation, Operation)
            task = asyncio.ensure_future(operation.function())
            while not file.exists():  # noqa: ASYNC110 - no event reports it
                await asyncio.sleep(0.01)
            child = os.pidfd_open(int(file.read_text()))
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            try:
                return child in select.select([child], [], [], PATIENCE_S)[0]
            finally:
                os.close(child)

    assert run(given_up())


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"run": "no-such-program -x"}, "there is no program 'no-such-program' on PATH"),
        ({"run": "./gone"}, "there is no program './gone' in "),
        ({"run": "true", "cwd": "gone"}, "cwd = 'gone': there is no such folder"),
        ({"run": ""}, 'run: expected a program such as "python -c pass", got none'),
        ({"run": "echo 'x"}, 'run = "echo \'x": No closing quotation'),
        ({}, "its parameter 'run' has no default"),
        ({"run": "true", "cmd": "x"}, "it has no parameter 'cmd'"),
    ],
)
def test_what_cannot_be_started_is_said_before_it_is_measured(
    tmp_path: Path, run: Run, params: dict[str, ParamValue], reason: str
) -> None:
    end, samples = run(session(tmp_path, params=params))
    assert end.state == "failed"
    assert reason in end.reason
    assert samples == []


@pytest.mark.parametrize(
    "params", [{"run": 7}, {"run": "true", "cwd": 1}, {"run": "true", "input": 1.5}]
)
def test_what_is_no_text_is_refused(
    tmp_path: Path, run: Run, params: dict[str, ParamValue]
) -> None:
    end, _ = run(session(tmp_path, params=params))
    name, value = list(params.items())[-1]
    assert end.state == "failed"
    assert end.reason.endswith(f"command: {name}: expected text, got {value}")
