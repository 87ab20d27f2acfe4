"""A shop that answers as fast as its cache, its database and its payment provider."""

import asyncio
import json
import random
import sys
import time

from cortex_tui import workload

CATALOG = json.dumps([{"id": n, "title": f"article {n}", "price": n % 97} for n in range(2_000)])


class CardDeclinedError(Exception):
    pass


async def wait(ms: float, spread: float = 0.25) -> None:
    """About that long, as a service on the network takes."""
    await asyncio.sleep(random.lognormvariate(0, spread) * ms / 1_000)


@workload
async def checkout():
    began = time.perf_counter()
    refreshed = False

    async def operation(i: int) -> None:
        nonlocal refreshed
        if not refreshed and time.perf_counter() - began > 11.0:
            refreshed = True
            for _ in range(80):  # reads the whole catalog again, without awaiting
                json.loads(CATALOG)
        await wait(1.6)
        if random.random() < 0.12:  # not in the cache
            await wait(9, 0.35)
        if random.random() < 0.004:
            raise CardDeclinedError("the card was declined")

    yield operation


@workload
async def search():
    async def operation(i: int) -> None:
        await wait(2.2 if random.random() < 0.8 else 4.5)

    yield operation


@workload
async def basket():
    async def operation(i: int) -> None:
        await wait(1.1, 0.15)

    yield operation


@workload
async def recommend():
    database = asyncio.Semaphore(2)  # connections

    async def operation(i: int) -> None:
        async with database:
            await wait(4.2, 0.2)
        if i % 500 == 0:
            sys.stdout.write(f"{i} recommendations\n")

    yield operation
