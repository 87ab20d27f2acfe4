"""Operations of known length, which record what they truly took, and a look into the runner.

Needs nothing but the standard library, except for `instrumented`, so that any tool can run them.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

clock = time.perf_counter_ns

SPINS_NS = {"0.2 us spin": 200, "5 us spin": 5_000, "100 us spin": 100_000, "2 ms spin": 2_000_000}
WAITS = ("2 ms timer", "thread")
KINDS = (*SPINS_NS, *WAITS)
SHORTEST = "0.2 us spin"
"""Too short to look at the clock itself: what it truly takes is measured in bulk."""

true_ns: array[int] = array("q")


def _turns(duration_ns: int) -> int:
    """How many turns of an empty loop take so long."""
    many, costs = 10_000, []
    for _ in range(9):
        start_ns = clock()
        for _ in range(many):
            pass
        costs.append((clock() - start_ns) / many)
    return max(1, round(duration_ns / min(costs)))


def blocking_operation(kind: str) -> Callable[[], None]:
    """A spin, as a plain function."""
    duration_ns = SPINS_NS[kind]
    if kind == SHORTEST:
        turns = range(_turns(duration_ns))

        def spin_blindly() -> None:
            for _ in turns:
                pass

        return spin_blindly

    def spin() -> None:
        start_ns = now_ns = clock()
        until_ns = start_ns + duration_ns
        while now_ns < until_ns:
            now_ns = clock()
        true_ns.append(now_ns - start_ns)

    return spin


def operation(kind: str) -> Callable[[], Awaitable[None]]:
    """A spin or a wait, as a coroutine function."""
    if kind == SHORTEST:
        turns = range(_turns(SPINS_NS[kind]))

        async def spin_blindly() -> None:
            for _ in turns:
                pass

        return spin_blindly
    if kind in SPINS_NS:
        duration_ns = SPINS_NS[kind]

        async def spin() -> None:
            start_ns = now_ns = clock()
            until_ns = start_ns + duration_ns
            while now_ns < until_ns:
                now_ns = clock()
            true_ns.append(now_ns - start_ns)

        return spin
    if kind == "thread":
        return _answered_by_a_thread()

    async def wait() -> None:
        start_ns = clock()
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        loop.call_later(0.002, woken.set_result, None)
        await woken
        true_ns.append(clock() - start_ns)

    return wait


def _answered_by_a_thread() -> Callable[[], Awaitable[None]]:
    asked: queue.SimpleQueue[asyncio.Future[None]] = queue.SimpleQueue()

    def answer() -> None:
        while True:
            future = asked.get()
            future.get_loop().call_soon_threadsafe(future.set_result, None)

    threading.Thread(target=answer, daemon=True).start()

    async def ask() -> None:
        start_ns = clock()
        answered = asyncio.get_running_loop().create_future()
        asked.put(answered)
        await answered
        true_ns.append(clock() - start_ns)

    return ask


def in_bulk_ns(call: Callable[[], None]) -> float:
    """What one call takes, without a clock around it: the median of many times a thousand."""
    costs = []
    for _ in range(99):
        start_ns = clock()
        for _ in range(1_000):
            call()
        costs.append((clock() - start_ns) / 1_000)
    return median(costs)


async def in_bulk_awaited_ns(call: Callable[[], Awaitable[None]]) -> float:
    costs = []
    for _ in range(99):
        start_ns = clock()
        for _ in range(1_000):
            await call()
        costs.append((clock() - start_ns) / 1_000)
    return median(costs)


def recorded_ns() -> float:
    """The median of what the operations recorded since the last call."""
    found = median(true_ns)
    del true_ns[:]
    return found


def keep(out: str, result: object) -> None:
    Path(out).write_text(json.dumps(result), encoding="utf-8")
