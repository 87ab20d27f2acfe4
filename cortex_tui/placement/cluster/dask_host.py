"""The Dask worker of a machine, which is not given up with its scheduler: `cortex-tui agent`.

A worker of Dask ends when its scheduler does, and an agent with the process of its worker. Here the
process stays until the agent has ended by itself, so a session that is running is not disturbed.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from distributed import Worker
from distributed.security import Security

from cortex_tui.placement.cluster.dask_setup import NO_PAGES, RUNNER_RESOURCE, reason_of, set_up
from cortex_tui.placement.cluster.dask_sources import own_host
from cortex_tui.placement.cluster.dask_worker import all_ended, end_agent, is_taken
from cortex_tui.placement.cluster.port import ClusterError

_LOOK_S = 0.5


class MachineWorker(Worker):  # type: ignore[misc]
    """Whoever runs it waits for its agent, too."""

    def __init__(self, scheduler: str, *args: Any, **options: Any) -> None:
        # On the way to its scheduler only, and not on all addresses: it runs what it is sent.
        host = own_host(urlsplit(scheduler).hostname or "")
        super().__init__(scheduler, *args, host=host, **options)
        self.ends = asyncio.Event()
        """Whether it has lost its scheduler, or was asked to end: to close takes until the calls
        have returned that wait for its agent."""

    async def close(self, *args: Any, **options: Any) -> str | None:
        self.ends.set()
        result: str | None = await super().close(*args, **options)
        return result

    async def finished(self) -> None:
        await super().finished()
        await all_ended()


def options_of(name: str, runners: int) -> dict[str, Any]:
    """Of the worker of a machine; they can be written as JSON."""
    return {
        "name": name,
        "resources": {RUNNER_RESOURCE: runners},
        "nthreads": 1,
        "memory_limit": 0,
        **NO_PAGES,
    }


async def serve(
    address: str,
    name: str,
    runners: int,
    *,
    tls: tuple[str, str, str] | None,
    patience_s: float,
    report: Callable[[str], None],
) -> None:
    """Serves the sessions of that scheduler, one after the other, until SIGINT or SIGTERM. One that
    is gone is waited for, `patience_s` long.

    `report` is given a line for what happens. Raises ClusterError.
    """
    set_up()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    stopping = asyncio.ensure_future(stopped.wait())
    reporting = asyncio.ensure_future(_report_sessions(report))
    serving = asyncio.ensure_future(
        _serve(address, options_of(name, runners), tls, patience_s, report)
    )
    try:
        await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        for task in (stopping, reporting, serving):
            task.cancel()
        await end_agent()  # which the worker waits for
        await asyncio.gather(serving, return_exceptions=True)


async def _serve(
    address: str,
    options: dict[str, Any],
    tls: tuple[str, str, str] | None,
    patience_s: float,
    report: Callable[[str], None],
) -> None:
    while True:
        worker = MachineWorker(
            address, security=_security(tls), death_timeout=patience_s, **options
        )
        report(f"waiting for the scheduler at {address}")
        try:
            await worker
            report("connected: ready for sessions")
            await worker.ends.wait()
            report("the scheduler is gone" + ("; its session continues" if is_taken() else ""))
            await worker.finished()
        except Exception as error:
            raise ClusterError(f"{address} cannot be served: {reason_of(error)}") from error
        finally:
            await worker.close(timeout=1, reason="the agent ends")


async def _report_sessions(report: Callable[[str], None]) -> None:
    running = False
    while True:
        if is_taken() != running:
            running = not running
            report("a session has begun" if running else "the session has ended")
        await asyncio.sleep(_LOOK_S)


def _security(tls: tuple[str, str, str] | None) -> Security:
    if tls is None:
        return Security()
    authority, certificate, key = tls
    return Security(
        tls_ca_file=authority,
        tls_worker_cert=certificate,
        tls_worker_key=key,
        require_encryption=True,
    )
