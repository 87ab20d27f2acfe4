"""Machines of a Dask scheduler for tests: network namespaces with a worker each."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.network_namespaces import Namespace, namespace
from tests.ports import free_port


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
async def dask_machines(count: int) -> AsyncIterator[tuple[int, list[Namespace]]]:
    """The port of a scheduler that is here, and as many machines with a worker each."""
    port = free_port()
    python = [sys.executable, "-m"]
    async with AsyncExitStack() as stack:
        machines = [stack.enter_context(namespace()) for _ in range(count)]
        dask = ["distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard"]
        scheduler = await stack.enter_async_context(process(*python, *dask))
        await line_with(scheduler, "Scheduler at:")
        for at, machine in enumerate(machines, 1):
            agent = ["cortex_tui", "agent", f"tcp://{machine.here}:{port}", "--name", f"m{at}"]
            worker = await stack.enter_async_context(process(*machine.prefix, *python, *agent))
            await line_with(worker, "ready for sessions")
        yield port, machines
