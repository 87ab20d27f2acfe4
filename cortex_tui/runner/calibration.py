"""What measuring itself costs, and how many short operations to time as one because of that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from statistics import median

from cortex_tui.limits import MAX_BATCH
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.loops import plain_batch
from cortex_tui.workloads.operation import Operation

CLOCK_SHARE = 0.01
"""The most that the clock may add to what is measured."""
_LONG_ENOUGH_NS = 1_000_000
_SURELY_LONG_NS = 100_000_000
_AGAIN = 2
_JUMP = 8
"""Twice as many operations that take more than that many times as long had to wait for something
else, such as a processor."""
_AGAIN_AFTER_JUMP = 20
_MARGIN = 2
"""The processor may be faster later on."""
_ROUNDS = 9
_EACH = 500


async def _nothing() -> None:
    pass


def clock_cost_ns() -> float:
    """What two clock reads around an operation add to its time: the median of some thousand.

    Between the two moments that are read lies one call of the clock.
    """
    clock = CLOCK.read_ns
    costs = []
    for _ in range(_ROUNDS):
        start_ns = clock()
        for _ in range(_EACH):
            clock()
        costs.append((clock() - start_ns) / _EACH)
    return median(costs)


async def await_cost_ns() -> float:
    """What awaiting a coroutine that does nothing takes, its loop included."""
    clock = CLOCK.read_ns
    costs = []
    for _ in range(_ROUNDS):
        start_ns = clock()
        for _ in range(_EACH):
            await _nothing()
        costs.append((clock() - start_ns) / _EACH)
    return median(costs)


async def calibrated_batch(
    operation: Operation, indices: Iterator[int], most: int = MAX_BATCH
) -> tuple[int, float]:
    """The batch for which the clock's cost is below CLOCK_SHARE, and the ns of one operation.

    Runs the operation in ever larger batches until one is long enough to be timed well. Raises what
    the operation raises: one that fails has no time to be calibrated on. A batch has at most `most`
    operations.
    """
    run, size, before_ns = plain_batch(operation), 1, 0

    async def timed() -> int:
        batch = tuple(islice(indices, size))
        start_ns = CLOCK.read_ns()
        await run(operation.function, batch)
        return CLOCK.read_ns() - start_ns

    while True:
        took_ns = await timed()
        if _LONG_ENOUGH_NS <= took_ns < _SURELY_LONG_NS:
            # The first call does more than the others, and a processor may be lent to others.
            for _ in range(_AGAIN):
                took_ns = min(took_ns, await timed())
            for _ in range(_AGAIN_AFTER_JUMP):
                if not 0 < _JUMP * before_ns < took_ns:
                    break
                took_ns = min(took_ns, await timed())
        if took_ns >= _LONG_ENOUGH_NS or size >= MAX_BATCH:
            break
        size, before_ns = 2 * size, took_ns
    operation_ns = max(took_ns / size, 0.1)
    wanted = math.ceil(clock_cost_ns() * _MARGIN / (CLOCK_SHARE * operation_ns))
    return min(max(1, wanted), most, MAX_BATCH), operation_ns
