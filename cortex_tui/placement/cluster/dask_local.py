"""Workers of Dask as processes of this machine. On the thread of Dask."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from cortex_tui.placement.cluster import dask_part
from cortex_tui.placement.exits import describe_exit
from cortex_tui.scheduling import usual_policy

WORKER = "cortex_tui.placement.cluster.dask_host.MachineWorker"


@asynccontextmanager
async def local_worker(scheduler: str, number: int) -> AsyncIterator[asyncio.Future[NoReturn]]:
    """A worker of that scheduler, which ends with this process; what is yielded raises OSError when
    it ends too early."""
    import dask

    from cortex_tui.placement.cluster.dask_host import options_of

    name = f"worker-{number}"
    spec = {name: {"cls": WORKER, "opts": options_of(name, 1)}}
    with usual_policy():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", dask_part.MODULE,
            "-m", dask_part.SPEC_MODULE, scheduler, "--spec", json.dumps(spec),
            stdin=PIPE, stdout=DEVNULL, stderr=PIPE, process_group=0,
            env={
                **os.environ,
                "DASK_INTERNAL_INHERIT_CONFIG": dask.config.serialize(dask.config.global_config),
            },
        )  # fmt: skip
    ended = asyncio.ensure_future(_ended(process, name))
    try:
        yield ended
    finally:
        ended.cancel()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _ended(process: asyncio.subprocess.Process, name: str) -> NoReturn:
    assert process.stderr is not None
    last = b""
    async for line in process.stderr:
        last = line.strip() or last
    text = last.decode(errors="backslashreplace")
    raise OSError(f"{name} {describe_exit(await process.wait())}: {text}")


async def first_of(wanted: Awaitable[object], *failures: asyncio.Future[NoReturn]) -> None:
    """Waits for what is wanted; raises what one of the others raises before."""
    waiting = asyncio.ensure_future(wanted)
    all_of_them: list[asyncio.Future[Any]] = [waiting, *failures]
    try:
        await asyncio.wait(all_of_them, return_when=asyncio.FIRST_COMPLETED)
        for failure in failures:
            if failure.done():
                failure.result()
        await waiting
    finally:
        waiting.cancel()
