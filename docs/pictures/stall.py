"""A service that answers in some 5 ms, and stands still for half a second every five seconds."""

import asyncio
import random
import time

from cortex_tui import workload

EVERY_S, STALL_S = 5.0, 0.5


@workload
async def order():
    began = time.perf_counter()

    async def operation(i: int) -> None:
        until_next = EVERY_S - (time.perf_counter() - began) % EVERY_S
        if until_next < STALL_S:  # a failover, a lock, a full disk: nobody is served meanwhile
            await asyncio.sleep(until_next)
        await asyncio.sleep(0.005 * random.lognormvariate(0, 0.1))

    yield operation
