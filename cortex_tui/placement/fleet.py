"""A session of several runners on this machine: a process each, and one stream of all.

Runs begin, warm up, measure and end together over all processes: whoever arrives at a barrier waits
until every other has, and all continue at one moment. Processes of a machine share the clock.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import msgspec

from cortex_tui.placement.merging import SessionMerge
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Release, Request, Stop, ToRunner
from cortex_tui.protocol.messages import RunnerDied
from cortex_tui.protocol.plan import SessionPlan

TOGETHER_NS = 20_000_000
"""How long before its moment a release or a command is sent: by then it has arrived."""

Open = Callable[[SessionPlan], AbstractAsyncContextManager[Stream]]


@asynccontextmanager
async def open_fleet(plan: SessionPlan, open_one: Open) -> AsyncIterator[Stream]:
    """The session of all runners of the plan; `open_one` starts the one of a plan's `runner`."""
    merge = SessionMerge(plan)
    streams: dict[int, Stream] = {}

    def send(request: ToRunner) -> None:
        if not isinstance(request, Request):
            return
        runners = merge.runners_of(request.command.run)
        if len(runners) > 1 and not isinstance(request.command, Stop):
            at_ns = time.perf_counter_ns() + TOGETHER_NS
            request = msgspec.structs.replace(request, apply_at_ns=at_ns)
        merge.ask(request.id, runners)
        for runner in runners:
            streams[runner].send(request)

    def kill(reason: str) -> None:
        for stream in streams.values():
            stream.kill(reason)

    async def pump(runner: int) -> None:
        try:
            await merge_all_of(runner)
        except Exception as error:
            # Without this stream the others would wait for ever, and so would the reader of all.
            reason = f"the messages of process {runner + 1} could not be merged: {error!r}"
            kill(reason)
            whole.deliver([RunnerDied(reason, time.perf_counter_ns())])

    async def merge_all_of(runner: int) -> None:
        async for batch in streams[runner]:
            merged = [each for message in batch for each in merge.take(runner, message)]
            if merged:
                whole.deliver(merged)
            for barrier, waiting in merge.released().items():
                release = Release(barrier, time.perf_counter_ns() + TOGETHER_NS)
                for other in waiting:
                    streams[other].send(release)

    whole = Stream(send, kill)
    async with AsyncExitStack() as stack:
        for runner in plan.runner_numbers:
            # Each has databases of its own.
            scratch = os.path.join(plan.scratch, f"process-{runner + 1}")
            os.makedirs(scratch, mode=0o700, exist_ok=True)
            own = msgspec.structs.replace(plan, runner=runner, scratch=scratch)
            own = msgspec.structs.replace(own, loop=own.spec.loop or plan.loop)
            streams[runner] = await stack.enter_async_context(open_one(own))
        pumps = [asyncio.ensure_future(pump(runner)) for runner in plan.runner_numbers]
        try:
            yield whole
        finally:
            for one in pumps:
                one.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
