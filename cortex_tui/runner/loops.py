"""The innermost code: what stands between two operations, and nothing else.

An operation may be async or not, may take its index or nothing, and may have a time limit. To spend
no call and no test on that in the timed path, the functions here are made from source once for each
shape, as the standard library's `timeit` does for its loop.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import cache
from itertools import islice
from typing import Any

from cortex_tui.workloads.operation import Operation, WorkloadError

CHECK_NS = 500_000
"""How long a worker goes on before it looks up: half of what a neighbour may have to wait."""

# A worker's operation belongs to the interval in which it ended, so the clock is compared with the
# next boundary before the value is appended; that one comparison also finds the end of the phase,
# a pause, and the moment to let others have the loop.
_CLOSED = """
async def worker(slot, operation, indices, starts, clock, recorder, fail, checkpoint, breathe):
    append, reach = recorder.service_ns.append, recorder.reach
    limit_ns = checkpoint(slot, clock())
    if not limit_ns:
        return
    for i in indices:
        starts[slot] = start_ns = clock()
        try:
            {call}
        except BaseException as error:
            end_ns = clock()
            if not fail(error, start_ns, end_ns):
                raise
        else:
            end_ns = clock()
            {check}
            if end_ns < limit_ns:
                append(end_ns - start_ns)
                continue
            reach(end_ns)
            append(end_ns - start_ns)
        starts[slot] = 0
        await breathe()
        limit_ns = checkpoint(slot, clock())
        if not limit_ns:
            return
    starts[slot] = 0
"""

# The same for batches that are timed as one.
_BATCHED = """
async def worker(slot, operation, indices, starts, clock, recorder, fail, checkpoint, breathe):
    append, reach, size = recorder.service_ns.append, recorder.reach, recorder.batch
    limit_ns = checkpoint(slot, clock())
    while limit_ns and (batch := tuple(islice(indices, size))):
        starts[slot] = start_ns = clock()
        try:
            for i in batch:
                {call}
        except BaseException as error:
            end_ns = clock()
            if not fail(error, start_ns, end_ns):
                raise
        else:
            end_ns = clock()
            {check}
            if end_ns < limit_ns:
                append(end_ns - start_ns)
                continue
            reach(end_ns)
            append(end_ns - start_ns)
        starts[slot] = 0
        await breathe()
        limit_ns = checkpoint(slot, clock())
    starts[slot] = 0
"""

_OPEN = """
async def arrival(i, intended_ns, operation, starts, clock, recorder, fail):
    starts[i] = start_ns = clock()
    try:
        {call}
    except BaseException as error:
        end_ns = clock()
        if not fail(error, start_ns, end_ns):
            raise
    else:
        end_ns = clock()
        {check}
        if end_ns >= recorder.boundary_ns:
            recorder.reach(end_ns)
        recorder.service_ns.append(end_ns - start_ns)
        recorder.response_ns.append(end_ns - intended_ns)
        recorder.lateness_ns.append(start_ns - intended_ns)
    del starts[i]
"""

Loop = Callable[..., Coroutine[Any, Any, None]]


def closed_worker(operation: Operation, *, timeout_ns: int | None, batched: bool) -> Loop:
    """`worker(slot, operation, indices, starts, clock, recorder, fail, checkpoint, breathe)`.

    Runs operations one after the other until `indices` or the phase is at its end. `starts[slot]`
    holds the start of the operation under way, 0 between operations.
    """
    source = _BATCHED if batched else _CLOSED
    return _compiled(source, "worker", operation.awaits, operation.takes_index, timeout_ns)


def open_arrival(operation: Operation, *, timeout_ns: int | None) -> Loop:
    """`arrival(i, intended_ns, operation, starts, clock, recorder, fail)`: one operation."""
    return _compiled(_OPEN, "arrival", operation.awaits, operation.takes_index, timeout_ns)


@cache
def _compiled(
    source: str, name: str, awaits: bool, takes_index: bool, timeout_ns: int | None
) -> Loop:
    called = f"operation({'i' if takes_index else ''})"
    call = f"await {called}" if awaits else f"result = {called}"
    if timeout_ns is not None:
        call = f"async with timeout({timeout_ns / 1e9!r}): {call}"
    check = "" if awaits else "if result is not None: refuse_awaitable(result)"
    namespace: dict[str, Any] = {
        "refuse_awaitable": refuse_awaitable,
        "timeout": asyncio.timeout,
        "islice": islice,
    }
    exec(compile(source.format(call=call, check=check), f"<{name}: {call}>", "exec"), namespace)
    made: Loop = namespace[name]
    return made


def refuse_awaitable(result: object) -> None:
    """Raises WorkloadError for a function that is not async but returns something to await.

    Timed as it stands, it would seem to take no time at all.
    """
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise WorkloadError(
            "the operation is not async, but it returned an awaitable that nothing awaits; "
            "make it `async def` and await inside"
        )


class LoopTurns:
    """Knows whether the loop has turned since it was last asked; shared by a session's runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting = False

    async def turn(self) -> None:
        """Lets others have the loop if nobody has since the last call: workers that suspend by
        themselves pay no further turn."""
        if self._waiting:
            await asyncio.sleep(0)
        else:
            self._waiting = True
            self._loop.call_soon(self._turned)

    def _turned(self) -> None:
        self._waiting = False
