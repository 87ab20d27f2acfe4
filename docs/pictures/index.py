"""A search that waits for its database: longer where it has no index."""

import asyncio
import random

from cortex_tui import workload


@workload
async def search(indexed: bool = False):
    async def operation(i: int) -> None:
        await asyncio.sleep(random.lognormvariate(0, 0.25) * (0.012 if indexed else 0.02))

    yield operation


@workload
async def basket(indexed: bool = False):
    async def operation(i: int) -> None:
        await asyncio.sleep(random.lognormvariate(0, 0.15) * 0.008)

    yield operation
