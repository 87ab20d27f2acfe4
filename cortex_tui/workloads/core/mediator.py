"""Commands and queries through the core's mediator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from cortex_core.data import conversation_id
from cortex_tui.workloads.api import workload
from cortex_tui.workloads.core.databases import opened
from cortex_tui.workloads.core.results import Operation, capture_one, fresh_capture, get_one


@workload
async def capture() -> AsyncGenerator[Operation, None]:
    """Capture one conversation through the mediator."""
    async with opened() as cortex:
        fresh = fresh_capture()

        async def operation(i: int) -> None:
            await capture_one(cortex, fresh())

        yield operation


@workload
async def get(conversations: int = 1) -> AsyncGenerator[Operation, None]:
    """Get one conversation by its id through the mediator."""
    async with opened(conversations=conversations) as cortex:

        async def operation(i: int) -> None:
            await get_one(cortex, conversation_id(i % conversations))

        yield operation


@workload
async def concurrent_capture(batch: int = 10) -> AsyncGenerator[Operation, None]:
    """Capture `batch` conversations at once; every one of them must succeed."""
    async with opened() as cortex:
        fresh = fresh_capture()

        async def operation(i: int) -> None:
            await asyncio.gather(*(capture_one(cortex, fresh()) for _ in range(batch)))

        yield operation


@workload
async def mixed(
    conversations: int = 5, gets: int = 5, captures: int = 5
) -> AsyncGenerator[Operation, None]:
    """Some gets and some captures at once; every one of them must succeed."""
    async with opened(conversations=conversations) as cortex:
        fresh = fresh_capture()

        async def operation(i: int) -> None:
            await asyncio.gather(
                *(get_one(cortex, conversation_id(n % conversations)) for n in range(gets)),
                *(capture_one(cortex, fresh()) for _ in range(captures)),
            )

        yield operation
