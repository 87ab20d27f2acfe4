"""Workloads that know the truth about themselves: each writes what it saw into a file."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from array import array
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from cortex_tui import workload

US = 1_000
MS = 1_000_000

DRAWS = 4_096

DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "uniform": lambda draw: draw.uniform(30 * US, 200 * US),
    "log-normal": lambda draw: 60 * US * draw.lognormvariate(0.0, 0.5),
    "bimodal": lambda draw: 40 * US if draw.random() < 0.9 else 500 * US,
}


def spin(duration_ns: float) -> None:
    until_ns = time.perf_counter_ns() + duration_ns
    while time.perf_counter_ns() < until_ns:
        pass


def _keep(values_ns: array[int], out: str) -> None:
    Path(out).write_bytes(values_ns.tobytes())


@workload
async def spinning(distribution: str, out: str) -> AsyncGenerator[object, None]:
    """Keeps the processor busy for times of a distribution, and records how long it really was.

    Each spin is timed by hand around its call, too. By how much that is longer is what a call and
    two clock reads take at that moment.
    """
    draw, pick = random.Random(1), DISTRIBUTIONS[distribution]
    durations_ns = [pick(draw) for _ in range(DRAWS)]
    clock, true_ns, by_hand_ns = time.perf_counter_ns, array("q"), array("q")

    async def spun(i: int) -> None:
        start_ns = clock()
        until_ns = start_ns + durations_ns[i % DRAWS]
        now_ns = start_ns
        while now_ns < until_ns:
            now_ns = clock()
        true_ns.append(now_ns - start_ns)

    async def operation(i: int) -> None:
        start_ns = clock()
        await spun(i)
        by_hand_ns.append(clock() - start_ns)

    yield operation
    _keep(true_ns, out)
    _keep(by_hand_ns, f"{out}.by-hand")


PERIOD_NS = 1_000 * MS
STALL_FROM_NS = 497_500_000
STALL_NS = 200 * MS
SERVICE_NS = 1 * MS


@workload
async def stalling(spacing_ns: int) -> AsyncGenerator[object, None]:
    """A single server: the loop. Each request takes it SERVICE_NS; once in a PERIOD_NS it stalls.

    `spacing_ns` is how far apart the requests are meant to come, which gives the first of them,
    before the first stall, the moment that everything is counted from.
    """
    zero_ns = 1 << 62

    async def operation(i: int) -> None:
        nonlocal zero_ns
        now_ns = time.perf_counter_ns()
        if i * spacing_ns < STALL_FROM_NS:
            zero_ns = min(zero_ns, now_ns - i * spacing_ns)
        into_ns = (now_ns - zero_ns) % PERIOD_NS - STALL_FROM_NS
        spin((STALL_NS - into_ns if 0 <= into_ns < STALL_NS else 0) + SERVICE_NS)

    yield operation


@workload
async def witness(out: str) -> AsyncGenerator[object, None]:
    """Records when the runner says that each operation was meant to start.

    That is a variable of whoever awaits the operation, so no measurement of ours blurs it.
    """
    intended_ns = array("q")

    async def operation(i: int) -> None:
        caller = sys._getframe(1)
        intended_ns.append(caller.f_locals["intended_ns"])

    yield operation
    _keep(intended_ns, out)


@workload
async def dozing() -> AsyncGenerator[object, None]:
    """Something quick with a tail, for counting."""
    draw = random.Random(2)

    async def operation(i: int) -> None:
        if i % 100 == 0:
            await asyncio.sleep(0)
        spin(draw.expovariate(1 / (20 * US)))

    yield operation
