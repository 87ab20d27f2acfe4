"""`cortex-tui run --cluster tcp://…`, `tls://…` and `ssh:…`, with real schedulers and workers."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.dask_schedulers import Certificates, line_of, machines
from tests.ssh_servers import asyncssh_server

pytestmark = pytest.mark.long

OPERATIONS = 800
SUITE = f"""
[profile.work]
workload = "bench:work"
load = {{ workers = 2 }}
iterations = {OPERATIONS}
warmup = 0
"""
CODE = """
import asyncio
import os
from pathlib import Path

async def work():
    await asyncio.sleep(0.005)
    Path(os.environ["CORTEX_TUI_TEST"]).touch()
"""


class Ran(NamedTuple):
    code: int
    run: dict[str, Any]
    machines: list[str]
    output: str


class Project:
    """A suite with its code; all processes that a test starts have the name of a file of it in
    their environment, which the first operation makes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.begun = folder / uuid4().hex
        (folder / "bench.toml").write_text(SUITE)
        (folder / "bench.py").write_text(CODE)
        monkeypatch.setenv("CORTEX_TUI_TEST", str(self.begun))
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

    async def run(self, cluster: str, *options: str, meanwhile: Callable[[], None] | None = None,
                  ) -> Ran:  # fmt: skip
        """`meanwhile` is called when it measures."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cortex_tui", "run", "bench.toml", "--json", "out.json",
            "--store", "store/s.db", "--cluster", cluster, "--loose-clock", *options,
            cwd=self.folder, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        reading = asyncio.ensure_future(process.communicate())
        if meanwhile is not None:
            await until(lambda: self.begun.exists() or reading.done())
            meanwhile()
        output, _ = await reading
        return self._ran(process, output.decode())

    def _ran(self, process: Process, output: str) -> Ran:
        assert process.returncode is not None
        assert (self.folder / "out.json").exists(), output
        document = json.loads((self.folder / "out.json").read_bytes())
        (run,) = document["runs"]
        return Ran(process.returncode, run, [*document["environment"]["machines"]], output)

    def processes(self) -> list[str]:
        """What agents and runners of this test there are."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                ours = str(self.begun).encode() in (process / "environ").read_bytes()
            except OSError:
                continue
            if ours and ("cluster.agent" in command or "runner.process" in command):
                found.append(command)
        return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110 - other processes set no event
        await asyncio.sleep(0.05)


def is_whole(ran: Ran, names: Sequence[str]) -> None:
    assert ran.code == 0, ran.output
    assert (ran.run["state"], ran.run["operations"]) == ("finished", OPERATIONS), ran.output
    assert ran.machines == list(names)


async def test_a_session_survives_its_scheduler(project: Project) -> None:
    async with machines() as there:
        is_whole(await project.run(there.address, meanwhile=there.scheduler.kill), ["m1", "m2"])
        for agent in there.agents:
            assert "its session continues" in await line_of(agent, "the scheduler is gone")
            await line_of(agent, "the session has ended")
        assert project.processes() == []


async def test_a_machine_that_is_lost_leaves_the_run_partial(project: Project) -> None:
    async with machines() as there:
        ran = await project.run(there.address, meanwhile=there.agents[1].kill)
        assert "machine m2 was lost: " in ran.run["partial"], ran.output
        assert 0 < ran.run["operations"] < OPERATIONS
        await until(lambda: not project.processes())


async def test_a_scheduler_that_encrypts(project: Project) -> None:
    files = Certificates.make(project.folder)
    async with machines(1, files, ["--runners", "2"]) as there:
        assert there.address.startswith("tls://")
        is_whole(await project.run(there.address, "--cluster-tls", *files.words), ["m1"])


async def test_machines_on_which_ssh_starts_dask(project: Project) -> None:
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(asyncssh_server(project.folder / name))
            for name in ("one", "two")
        ]
        hosts = (server.hosts(f"load-{at}") for at, server in enumerate(servers, 1))
        (project.folder / "hosts.toml").write_text("\n".join(hosts))
        is_whole(await project.run("ssh:hosts.toml"), ["load-1", "load-2"])
    await until(lambda: not project.processes())
