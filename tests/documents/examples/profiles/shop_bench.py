import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from cortex_tui import workload


@workload
async def checkout(pool: int = 4) -> AsyncGenerator[Callable[[], Awaitable[None]], None]:
    async def operation() -> None:
        await asyncio.sleep(0.001)

    yield operation
