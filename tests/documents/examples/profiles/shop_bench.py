import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from cortex_tui import workload


@workload
async def checkout(pool: int = 4) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    async def operation() -> None:
        await asyncio.sleep(0.001)

    yield operation
