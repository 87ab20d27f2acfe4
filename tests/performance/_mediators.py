"""Our mediator, dispatching a request that does nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cortex_core import Behaviour, Mediator, Query, Result
from cortex_core.mediator import Handle

Send = Callable[[Any], Awaitable[object]]

BEHAVIOURS = 3


class Ping(Query[int], frozen=True):
    number: int


class PingHandler:
    request_type = Ping

    async def handle(self, request: Ping) -> Result[int]:
        return Result(request.number)


class PassOn:
    """Does nothing but stand in the way."""

    def wrap(self, request_type: type[Any], handle: Handle) -> Handle:
        async def passed_on(request: Any) -> Result[Any]:
            return await handle(request)

        return passed_on


def ours(behaviours: Sequence[Behaviour] = ()) -> Send:
    return Mediator.build([PingHandler()], behaviours).send


def ours_through_three() -> Send:
    return ours([PassOn() for _ in range(BEHAVIOURS)])
