"""The innermost code: what stands between two operations, and nothing else.

An operation may be async or not, and may take its index or nothing. To spend no call and no test on
that in the timed path, the functions here are made from source once for each shape, as the standard
library's `timeit` does for its loop.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import cache
from itertools import islice
from types import CodeType
from typing import Any

from cortex_tui.isolation import asyncio
from cortex_tui.workloads.operation import Operation, WorkloadError

CHECK_NS = 500_000
"""How long a worker runs before it checks: half of what a neighbour may have to wait."""

# A worker's operation belongs to the interval in which it ended, so the clock is compared with the
# next boundary before the value is appended; that one comparison also finds the end of the phase,
# a pause, and the moment to let others have the loop. The limit lies in a list, where it can be
# taken back while the worker is suspended.
_CLOSED = """
async def worker(
    slot, operation, indices, starts, limits, clock, recorder, settle, fail, checkpoint,
    yield_to_loop
):
    append = recorder.service_ns.append
    if not checkpoint(slot, clock()):
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
            if end_ns < limits[slot]:
                append(end_ns - start_ns)
                continue
            settle(start_ns, end_ns)
        starts[slot] = 0
        await yield_to_loop()
        if not checkpoint(slot, clock()):
            return
    starts[slot] = 0
"""

# The same for batches that are timed as one. An operation that fails is counted by itself, with the
# average time of the operations since the batch began or the last one failed; the others are not
# lost with it.
_BATCHED = """
async def worker(
    slot, operation, indices, starts, limits, clock, recorder, settle, fail, checkpoint,
    yield_to_loop
):
    append, size = recorder.service_ns.append, recorder.batch
    more = checkpoint(slot, clock())
    while more and (batch := tuple(islice(indices, size))):
        left, failed, result = iter(batch), 0, None
        starts[slot] = start_ns = mark_ns = clock()
        while True:
            before = left.__length_hint__()
            try:
                for i in left:
                    {call}
                break
            except BaseException as error:
                end_ns = clock()
                each_ns = (end_ns - mark_ns) // (before - left.__length_hint__())
                if not fail(error, end_ns - each_ns, end_ns):
                    raise
                if isinstance(error, CancelledError):
                    failed = len(batch)  # its time limit, which is one of the whole batch
                    break
                failed += 1
                mark_ns = clock()
                start_ns += mark_ns - end_ns
        end_ns = clock()
        {check}
        if not failed and end_ns < limits[slot]:
            append(end_ns - start_ns)
            continue
        if failed < len(batch):
            settle(start_ns, end_ns, failed)
        starts[slot] = 0
        await yield_to_loop()
        more = checkpoint(slot, clock())
    starts[slot] = 0
"""

# What a batch is, and nothing around it.
_BATCH = """
async def batch(operation, batch):
    for i in batch:
        {call}
    {check}
"""

# An arrival may be made ready a little early, and waits here for its moment: whatever else there is
# to do between a timer and an operation is done by then.
_OPEN = """
async def arrival(i, intended_ns, operation, starts, clock, settle, fail):
    while (start_ns := clock()) < intended_ns:
        pass
    starts[i] = start_ns
    try:
        {call}
    except BaseException as error:
        end_ns = clock()
        if not fail(error, start_ns, end_ns):
            raise
    else:
        end_ns = clock()
        {check}
        settle(start_ns, end_ns, intended_ns)
    del starts[i]
"""

Loop = Callable[..., Coroutine[Any, Any, None]]

LOOP_CODE: set[CodeType] = set()
"""Of all workers and arrivals: what a frame of that code awaits is an operation."""


def closed_worker(operation: Operation, *, batched: bool) -> Loop:
    """A worker, with the parameters of the source above.

    Runs operations one after the other until `indices` or the phase is at its end. `starts[slot]`
    holds the start of the operation under way, 0 between operations. Up to `limits[slot]` it
    continues by itself; a value from beyond is passed to `settle(start_ns, end_ns)`, of a batch
    with the number of its operations that failed, and then the worker yields to the loop in
    `yield_to_loop()`, and asks `checkpoint(slot, now_ns)` whether to continue and for a new limit.
    """
    return _compiled(_BATCHED if batched else _CLOSED, "worker", operation)


def open_arrival(operation: Operation) -> Loop:
    """One operation, with the parameters of the source above.

    Its times go to `settle(start_ns, end_ns, intended_ns)`. Meanwhile `starts[i]` holds its start.
    It may be begun before `intended_ns`, and keeps the processor until then.
    """
    return _compiled(_OPEN, "arrival", operation)


def plain_batch(operation: Operation) -> Loop:
    """`batch(operation, indices)`: runs it once for each, in exactly the way a worker does."""
    return _compiled(_BATCH, "batch", operation)


def _compiled(source: str, name: str, operation: Operation) -> Loop:
    return _compiled_once(source, name, operation.awaits, operation.takes_index)


@cache
def _compiled_once(source: str, name: str, awaits: bool, takes_index: bool) -> Loop:
    called = f"operation({'i' if takes_index else ''})"
    call = f"await {called}" if awaits else f"result = {called}"
    check = "" if awaits else "if result is not None: refuse_awaitable(result)"
    namespace: dict[str, Any] = {
        "refuse_awaitable": refuse_awaitable,
        "islice": islice,
        "CancelledError": asyncio.CancelledError,
    }
    code = source.format(call=call, check=check)
    exec(compile(code, f"<{name}: {call}>", "exec"), namespace)
    made: Loop = namespace[name]
    LOOP_CODE.add(made.__code__)
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
