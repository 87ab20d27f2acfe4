"""`cortex-tui run … --cluster asyncssh:hosts.toml`, with real SSH servers of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("asyncssh", reason="the extra `cluster` is not installed")

from tests.patience import PATIENCE_S
from tests.ssh_servers import SSHD, Server, asyncssh_server, openssh_server

SUITE = """
[defaults]
load = { workers = 2 }
warmup = "100ms"

[profile.short]
workload = "bench:work"
duration = "300ms"

[profile.fails]
workload = "bench:fails"
iterations = 2

[profile.long]
workload = "bench:work"
duration = "1h"
"""
CODE = """
import asyncio
import os
from pathlib import Path
from words import WORDS

BEGUN = Path(os.environ["XDG_CACHE_HOME"], "begun")

async def work():
    await asyncio.sleep(0.01)
    assert WORDS
    if not BEGUN.exists():
        BEGUN.touch()

async def fails():
    raise ValueError(f"in {__file__}")
"""


class Ran(NamedTuple):
    code: int
    document: dict  # type: ignore[type-arg]
    output: str


class Machines:
    """Machines, a port each, and a project in a folder of its own."""

    def __init__(self, folder: Path, servers: list[Server]) -> None:
        self.folder = folder
        self.servers = servers
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / "bench.toml").write_text(SUITE)
        (self.home / "bench.py").write_text(CODE)
        (self.home / "words.py").write_text("WORDS = ['one']\n")
        hosts = (server.hosts(f"load-{at}") for at, server in enumerate(servers, 1))
        (folder / "hosts.toml").write_text("\n".join(hosts))

    async def begin(self, profile: str, *options: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cortex_tui", "run", f"bench.{profile}",
            "--profiles", "bench.toml", "--store", str(self.folder / "store/s.db"),
            "--cluster", "asyncssh:../hosts.toml", "--loose-clock",
            "--json", str(self.folder / "out.json"),
            *options,
            cwd=self.home,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def begin_and_measure(self, *options: str) -> Process:
        """A long session, once it measures on all machines: a process that is there before may
        not have a part in it yet."""
        begun = [server.cache / "begun" for server in self.servers]
        process = await self.begin("long", *options)
        await until(lambda: process.returncode is not None or all(map(Path.exists, begun)))
        if process.returncode is not None:
            pytest.fail((await self.end(process)).output)
        return process

    async def end(self, process: Process) -> Ran:
        output, _ = await process.communicate()
        assert process.returncode is not None
        file = self.folder / "out.json"
        document = json.loads(file.read_bytes()) if file.exists() else {}
        return Ran(process.returncode, document, output.decode())

    def processes(self, module: str = "") -> list[int]:
        """Those on the machines that were started by sessions; with `module` in what was called."""
        found = []
        marks = [f"XDG_CACHE_HOME={server.cache}\0".encode() for server in self.servers]
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            try:
                environment = _read(pid, "environ")
                if not any(mark in environment for mark in marks):
                    continue
                command = _read(pid, "cmdline")
            except OSError:
                continue
            if module.encode() in command:
                found.append(int(pid))
        return found

    def folders(self) -> list[Path]:
        """What agents keep on the machines."""
        return [
            folder
            for server in self.servers
            for folder in (server.cache / "cortex-tui/agents").glob("*")
        ]

    async def nothing_is_left(self) -> None:
        await until(lambda: not self.processes() and not self.folders())


def _read(pid: str, file: str) -> bytes:
    with open(f"/proc/{pid}/{file}", "rb", buffering=0) as opened:
        return opened.read()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.05)


needs_openssh = pytest.mark.skipif(SSHD is None, reason="OpenSSH's server is not installed")
ASYNCSSH = pytest.param(asyncssh_server, id="asyncssh")
OPENSSH = pytest.param(openssh_server, id="openssh", marks=needs_openssh)
SERVERS = [ASYNCSSH, OPENSSH]


Serve = Callable[..., AbstractAsyncContextManager[Server]]


@asynccontextmanager
async def served(serve: Serve, folder: Path, count: int) -> AsyncIterator[Machines]:
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(serve(folder / f"machine-{number}"))
            for number in range(1, count + 1)
        ]
        made = Machines(folder, servers)
        yield made
        await made.nothing_is_left()


@pytest.fixture(params=SERVERS)
async def machines(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Machines]:
    async with served(request.param, tmp_path, 2) as made:
        yield made


@pytest.fixture(params=SERVERS)
async def machine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Machines]:
    """A single one, where none has to remain when another is lost."""
    async with served(request.param, tmp_path, 1) as made:
        yield made


async def test_a_session_on_two_machines(machines: Machines) -> None:
    ran = await machines.end(await machines.begin("short"))
    assert ran.code == 0, ran.output
    (run,) = ran.document["runs"]
    assert (run["state"], run["reason"], run["errors"]) == ("finished", "", {})
    assert run["operations"] > 0
    environment = ran.document["environment"]
    assert list(environment["machines"]) == ["load-1", "load-2"]
    for facts in environment["machines"].values():
        assert facts["python"] == environment["python"]
        assert facts["code_sha256"] == environment["code_sha256"]
    assert f"code of {machines.home}: 3 files" in ran.output
    await machines.nothing_is_left()


@pytest.mark.parametrize("machine", [ASYNCSSH], indirect=True)  # is no matter of the server
async def test_what_fails_there_speaks_of_the_folders_here(machine: Machines) -> None:
    ran = await machine.end(await machine.begin("fails"))
    (run,) = ran.document["runs"]
    assert run["messages"] == {"ValueError": f"in {machine.home}/bench.py"}
    assert f'File "{machine.home}/bench.py"' in run["tracebacks"]["ValueError"]
    assert "cortex-tui/agents" not in json.dumps(ran.document) + ran.output


def kill(found: list[int]) -> None:
    assert found
    os.kill(found[0], signal.SIGKILL)


@pytest.mark.parametrize(
    ("machines", "victim"),
    [
        pytest.param(asyncssh_server, "cluster.agent", id="asyncssh-agent"),
        pytest.param(openssh_server, "cluster.agent", id="openssh-agent", marks=needs_openssh),
        # Its end is reported by the agent, whatever the server.
        pytest.param(asyncssh_server, "runner.process", id="asyncssh-runner"),
    ],
    indirect=["machines"],
)
async def test_a_process_that_is_killed_there_is_reported_and_leaves_nothing(
    machines: Machines, victim: str
) -> None:
    running = await machines.begin_and_measure()
    kill(machines.processes(victim))
    await until(lambda: len(machines.processes("runner.process")) == 1)
    running.send_signal(signal.SIGINT)
    ran = await machines.end(running)
    assert "was lost: " in ran.output
    await machines.nothing_is_left()


async def test_a_connection_that_breaks_loses_its_machine_and_leaves_nothing(
    machines: Machines,
) -> None:
    running = await machines.begin_and_measure()
    machines.servers[0].cut()
    await until(lambda: len(machines.processes("runner.process")) == 1)
    running.send_signal(signal.SIGINT)
    ran = await machines.end(running)
    assert "machine load-1 was lost: its SSH connection broke: " in ran.output
    await machines.nothing_is_left()


@pytest.mark.long
async def test_a_machine_that_says_nothing_any_more_is_lost(machines: Machines) -> None:
    freeze = machines.servers[0].freeze
    if freeze is None:
        pytest.skip("asyncssh's server is part of this process, which cannot be stopped")
    running = await machines.begin_and_measure("--lost-after", "5s")
    freeze()
    # Its agent receives nothing, either, and ends.
    await until(lambda: len(machines.processes("runner.process")) == 1)
    running.send_signal(signal.SIGINT)
    ran = await machines.end(running)
    assert "machine load-1 was lost: " in ran.output
    await machines.nothing_is_left()


@pytest.mark.parametrize("serve", SERVERS)
async def test_a_server_that_forwards_no_ports_is_named(serve: Serve, tmp_path: Path) -> None:
    async with serve(tmp_path / "machine", forwards=False) as server:
        machines = Machines(tmp_path, [server])
        ran = await machines.end(await machines.begin("short"))
        assert "load-1: its SSH server forwards no ports" in ran.output
        await machines.nothing_is_left()


async def test_a_program_that_is_killed_here_leaves_nothing_there(machine: Machines) -> None:
    running = await machine.begin_and_measure()
    running.kill()
    await machine.end(running)
    await machine.nothing_is_left()


async def test_an_interrupt_ends_all_that_was_started(machine: Machines) -> None:
    running = await machine.begin_and_measure()
    running.send_signal(signal.SIGINT)
    ran = await machine.end(running)
    assert ran.code == 130, ran.output
    await machine.nothing_is_left()
