"""Several runner processes of this machine in one session, for tests of them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from cortex_tui.placement.fleet import open_fleet
from cortex_tui.placement.groups import groups_of
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold
from tests.unit.placement.plan_desk import PlanDesk, React

HOUR = Length(duration_ns=3_600_000_000_000)

SOURCE = """
import asyncio, os, sys
from cortex_tui import per_worker, workload

async def quick(): pass

async def nap(): await asyncio.sleep(0.001)

@workload
async def named():
    async def operation(i):
        print(f"operation {i}")
    print(f"variant {os.environ.get('VARIANT')} in {os.getcwd()}")
    print(f"process {os.getpid()}")
    yield operation

@workload
async def slow():
    async def operation(): await asyncio.sleep(0.2)
    yield operation

@workload
async def napping():
    print(f"process {os.getpid()}")
    yield nap

@workload
async def clients():
    @per_worker
    async def client(number):
        async def operation(): await asyncio.sleep(0)
        print(f"worker {number}")
        yield operation
    yield client

@workload
async def fragile():
    if "process-2" in str(SCRATCH()):
        raise OSError("no room")
    yield quick

@workload
async def blocking():
    import time
    async def operation(i):
        if "process-2" in str(SCRATCH()):
            time.sleep(BLOCKS_S)
        await asyncio.sleep(0.001)
    yield operation

BLOCKS_S = float(os.environ.get("BLOCKS_S", "0"))

def SCRATCH():
    from cortex_tui.workloads.context import current_run
    return current_run.get().scratch
"""


class Fleet(PlanDesk):
    """Runs plans of these workloads, in processes of this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SOURCE)

    async def run(
        self,
        *runs: RunPlan,
        react: React = lambda stream, message: None,
        machines: int = 0,
        **fields: Any,
    ) -> SessionFold:
        """With a number of `machines`, runners are merged on each of them."""
        placement = InRunnerProcess()

        def opened(plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
            groups = groups_of(plan, lambda runner: runner % machines, 2)
            return open_fleet(plan, placement.open, groups=groups)

        open_plan = opened if machines else placement.open
        return await self.take_in(open_plan, self.plan(*runs, **fields), "process", react)
