"""`cortex-tui run … --cluster tcp://…` with agents in network namespaces, as on other machines."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from tests.network_namespaces import Namespace, namespace, why_not

SUITE = """
[profile.both]
workload = "bench:work"
load = { rate = "200/s" }
warmup = "100ms"
iterations = 1000
"""
CODE = """
async def work():
    pass
"""


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


@asynccontextmanager
async def process(*command: str, **options: Any) -> AsyncIterator[Process]:
    started = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, **options)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.communicate()


async def line_with(process: Process, words: str) -> None:
    """Reads until a line of its output has the words."""
    assert process.stdout is not None
    seen = b""
    while words.encode() not in (line := await process.stdout.readline()):
        seen += line
        assert line, seen.decode()


@asynccontextmanager
async def cluster() -> AsyncIterator[tuple[int, list[Namespace]]]:
    """The port of a scheduler that is here, and two machines with a worker each."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    python = [sys.executable, "-m"]
    async with AsyncExitStack() as stack:
        machines = [stack.enter_context(namespace()) for _ in range(2)]
        dask = ["distributed.cli.dask_scheduler", "--port", str(port), "--dashboard-address", ":0"]
        scheduler = await stack.enter_async_context(process(*python, *dask))
        await line_with(scheduler, "Scheduler at:")
        for at, machine in enumerate(machines, 1):
            agent = ["cortex_tui", "agent", f"tcp://{machine.here}:{port}", "--name", f"m{at}"]
            worker = await stack.enter_async_context(process(*machine.prefix, *python, *agent))
            await line_with(worker, "ready for sessions")
        yield port, machines


@pytest.mark.timeout(600)
async def test_a_session_whose_cable_is_cut_for_a_time_is_whole(tmp_path: Path) -> None:
    """Dask is known as localhost here, and by other addresses there."""
    (tmp_path / "bench.toml").write_text(SUITE)
    (tmp_path / "bench.py").write_text(CODE)
    async with cluster() as (port, machines):
        run = [
            "cortex_tui", "run", "bench", "--profiles", "bench.toml", "--store", "s.db",
            "--cluster", f"tcp://127.0.0.1:{port}", "--lost-after", "5m", "--json", "out.json",
        ]  # fmt: skip
        async with process(sys.executable, "-m", *run, cwd=tmp_path) as running:
            await line_with(running, "measure")
            machines[1].cut()
            await asyncio.sleep(2)  # longer than a sign of life may take
            machines[1].mend()
            output, _ = await running.communicate()
        assert running.returncode == 0, output.decode()
    document = json.loads((tmp_path / "out.json").read_bytes())
    (result,) = document["runs"]
    assert result["operations"] == 1_000
    assert [shard["machine"] for shard in result["shards"]] == ["m1", "m2"]
    assert [shard["operations"] for shard in result["shards"]] == [500, 500]
