"""`cortex-tui run` in scripts: its exit code, and what stands on stdout and stderr."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import (
    PROGRAM,
    call,
    is_stored,
    newest_session,
    row_of,
    shown,
    write_suite,
)
from tests.patience import PATIENCE_S

PROFILES = """
    [profile.good]
    workload = "bench:nap"
    iterations = 200
    targets = ["p50 < 1s", "errors == 0"]
    [profile.late]
    workload = "bench:nap"
    iterations = 200
    targets = ["p50 < 1ns"]
    [profile.faulty]
    workload = "bench:every_other"
    iterations = 200
    targets = ["errors == 0"]
    [profile.failing]
    workload = "bench:fail"
    [profile.broken]
    workload = "bench:nothing"
    [profile.endless]
    workload = "bench:nap"
    duration = "1h"
"""


@pytest.mark.parametrize(
    ("select", "code"),
    [
        (["shop.good"], 0),
        (["shop.good", "shop.late"], 1),
        (["shop.faulty"], 1),
        (["shop.gone"], 2),
        (["shop.failing"], 3),
        (["shop.good", "shop.broken"], 3),
    ],
)
def test_the_exit_code_is_that_of_the_outcome(folder: Path, select: list[str], code: int) -> None:
    write_suite(folder, PROFILES)
    done = call(folder, "run", *select)
    assert done.returncode == code, done.stderr
    assert bool(row_of("shop.good", done.stdout)) == (code != 2 and "shop.good" in select)


def test_a_disk_that_is_full_at_the_end_is_an_error(folder: Path) -> None:
    write_suite(folder, PROFILES)
    # No file may grow beyond 8 kB: the store cannot be made.
    limited = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh", str(PROGRAM)]
    done = subprocess.run(
        [*limited, "run", "shop.good", "--duration", "300ms", "--json", "x.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        # coverage.py, where it measures, could not write its file either.
        env={name: value for name, value in os.environ.items() if "COVERAGE" not in name},
    )
    assert done.returncode == 2, done.stderr
    assert "finished" in row_of("shop.good", done.stdout)
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(
        "error: the session could not be stored: .*; its results are in x.json", last
    )
    assert (folder / "x.json").stat().st_size > 0


def test_an_invalid_profile_is_reported_and_the_others_run(folder: Path) -> None:
    write_suite(folder, PROFILES + '[profile.wrong]\nworkload = "bench:nap"\nduration = "5"\n')
    done = call(folder, "run", "shop.good", "shop.wrong", "--duration", "300ms")
    assert done.returncode == 2
    assert "profiles/shop.toml:26: profile.wrong.duration: expected a duration" in done.stderr
    assert "finished" in row_of("shop.good", done.stdout)


def test_one_by_one_and_in_process_are_taken_at_their_word(folder: Path) -> None:
    write_suite(folder, PROFILES)
    options = ("--one-by-one", "--in-process", "--loop", "asyncio", "--save", "alone")
    done = call(folder, "run", "shop.good", "shop.late", *options)
    assert done.returncode == 1, done.stderr
    assert "shares its loop with the screen" in done.stdout
    document = shown(folder, "alone")
    assert document["placement"] == "in-process"
    assert document["loop"] == "asyncio"
    assert [run["neighbours"] for run in document["runs"]] == [[], []]
    assert [run["operations"] > 0 for run in document["runs"]] == [True, True]


@pytest.mark.parametrize(("number", "placement"), [
    (signal.SIGINT, []),
    (signal.SIGTERM, []),
    (signal.SIGINT, ["--in-process"]),
])  # fmt: skip
def test_an_interrupted_run_is_saved_and_shown(
    folder: Path, number: signal.Signals, placement: list[str]
) -> None:
    write_suite(folder, PROFILES)
    command: list[str | Path] = [PROGRAM, "run", "shop.endless", "--save", "cut", *placement]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        _wait_until_stored(folder)
        started = descendants_of(process.pid)
        # To the group, as a terminal does it: the runner must not take it for its own end.
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "stopped" in row_of("shop.endless", out)
    assert f"{number.name}: stopping" in err
    assert shown(folder, "cut")["runs"][0]["operations"] > 0
    wait_until_gone(started)


@pytest.mark.parametrize(
    "operation",
    ["{blocked}; _ = [None for _ in iter(int, 1)]", "{blocked}; time.sleep(3600)",
     "await asyncio.sleep(0.001); {blocked}; time.sleep(3600)"],
    ids=["busy", "asleep", "asleep in its second step"],
)  # fmt: skip
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_one_interrupt_ends_a_session_in_this_process_whose_loop_is_blocked(
    folder: Path, operation: str, loop: str
) -> None:
    code = f"""
    import asyncio, time
    from cortex_tui import workload
    @workload
    async def blocking():
        async def operation(i):
            if i == 20:
                {operation.format(blocked='open("blocked", "x").close()')}
        yield operation
    """
    write_suite(folder, '[profile.blocking]\nworkload = "bench:blocking"\n', code=code)
    with subprocess.Popen(
        [PROGRAM, "run", "shop.blocking", "--in-process", "--loop", loop, "--save", "cut",
         "--duration", "1h"],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        while not (folder / "blocked").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()  # nothing else ends it where this fails
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "stopped" in row_of("shop.blocking", out)
    assert shown(folder, "cut")["runs"][0]["errors"] == {"KeyboardInterrupt": 1}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("action", "cause"),
    [
        ("asyncio.get_running_loop().stop()", "something called loop.stop()"),
        ("sys.exit(5)", "SystemExit: 5"),
    ],
)
def test_a_workload_of_this_process_cannot_end_it(
    folder: Path, action: str, cause: str, loop: str
) -> None:
    code = f"""
    import asyncio, sys
    from cortex_tui import workload
    @workload
    async def ending():
        async def end(): {action}
        tasks = []
        async def operation(i):
            if i == 20:
                tasks.append(asyncio.ensure_future(end()))
            await asyncio.sleep(0.001)
        yield operation
    """
    write_suite(folder, '[profile.ending]\nworkload = "bench:ending"\n', code=code)
    done = call(folder, "run", "shop.ending", "--in-process", "--loop", loop, "--duration", "300ms")
    assert done.returncode == 0, done.stderr
    assert "finished" in row_of("shop.ending", done.stdout)
    assert cause in done.stdout


def _wait_until_stored(folder: Path) -> None:
    """Waits for a session that is in the store with its first run."""
    give_up = time.monotonic() + PATIENCE_S
    while not is_stored(folder):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    session, state = newest_session(folder)
    assert state == "running"
    # The session is written before its runs are.
    while not any(run["operations"] for run in shown(folder, session)["runs"]):
        assert time.monotonic() < give_up
        time.sleep(0.05)
