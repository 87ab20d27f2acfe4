"""The innermost code: what stands between two operations, and nothing else.

An operation may be async or not, and may take its index or nothing. To spend no call and no test on
that in the timed path, the two functions here are made from source once for each of the four
shapes, as the standard library's `timeit` does for its loop.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from cortex_tui.workloads.api import WorkloadError

CHECK_NS = 500_000
"""How long a worker goes on before it looks up: half of what a neighbour may have to wait."""

# A worker's operation belongs to the interval in which it ended, so the clock is compared with the
# next boundary before the value is appended; that one comparison also finds the end of the phase
# and the moment to let others have the loop.
_CLOSED = """
async def worker(slot, operation, indices, starts, clock, recorder, fail, checkpoint, turn):
    append, reach = recorder.service_ns.append, recorder.reach
    limit_ns = checkpoint(clock())
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
            end_ns = clock(){check}
            if end_ns < limit_ns:
                append(end_ns - start_ns)
                continue
            reach(end_ns)
            append(end_ns - start_ns)
        starts[slot] = 0
        await turn()
        limit_ns = checkpoint(clock())
        if not limit_ns:
            return
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
        end_ns = clock(){check}
        if end_ns >= recorder.boundary_ns:
            recorder.reach(end_ns)
        recorder.service_ns.append(end_ns - start_ns)
        recorder.response_ns.append(end_ns - intended_ns)
        recorder.lateness_ns.append(start_ns - intended_ns)
    del starts[i]
"""

Operation = Callable[..., Any]
Worker = Callable[..., Coroutine[Any, Any, None]]


@cache
def closed_worker(*, awaits: bool, takes_index: bool) -> Worker:
    """`worker(slot, operation, indices, starts, clock, recorder, fail, checkpoint, turn)`.

    Runs operations one after the other until `indices` or the phase is at its end. `starts[slot]`
    holds the start of the operation under way, 0 between operations.
    """
    return _compile(_CLOSED, "worker", awaits, takes_index)


@cache
def open_arrival(*, awaits: bool, takes_index: bool) -> Worker:
    """`arrival(i, intended_ns, operation, starts, clock, recorder, fail)`: one operation."""
    return _compile(_OPEN, "arrival", awaits, takes_index)


def _compile(source: str, name: str, awaits: bool, takes_index: bool) -> Worker:
    called = f"operation({'i' if takes_index else ''})"
    call = f"await {called}" if awaits else f"result = {called}"
    check = (
        "" if awaits else "\n        if result is not None:\n            refuse_awaitable(result)"
    )
    if name == "worker":
        check = check.replace("\n", "\n    ")
    namespace: dict[str, Any] = {"refuse_awaitable": refuse_awaitable}
    code = compile(source.format(call=call, check=check), f"<{name}: {call}>", "exec")
    exec(code, namespace)
    made: Worker = namespace[name]
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
