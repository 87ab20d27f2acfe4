"""Three mediators that people would use instead, dispatching a request that does nothing."""

# No postponed annotations here: mediatr reads those of its handlers.

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mediatr
from diator.container.protocol import Container
from diator.mediator import Mediator as DiatorMediator
from diator.middlewares import MiddlewareChain
from diator.requests import Request as DiatorRequest
from diator.requests import RequestMap
from diator.response import Response
from meator.dispatchers import DispatcherImpl
from meator.entities import Request as MeatorRequest
from meator.interfaces import Middleware

from cortex_core import Result
from tests.performance._mediators import BEHAVIOURS, Send

Way = tuple[Any, Send]
"""A request, and how it is sent."""


@dataclass(frozen=True, kw_only=True)
class DiatorPing(DiatorRequest):
    number: int


@dataclass(frozen=True, kw_only=True)
class Pong(Response):
    number: int


class DiatorHandler:
    def __init__(self) -> None:
        self.events: list[Any] = []

    async def handle(self, request: DiatorPing) -> Pong:
        return Pong(number=request.number)


class OneHandler(Container[Any]):
    """The least that diator's dispatcher needs of a container."""

    def __init__(self) -> None:
        self._handler = DiatorHandler()

    async def resolve(self, type_: type[Any]) -> Any:
        return self._handler


class DiatorPassOn:
    async def __call__(self, request: Any, handle: Any) -> Any:
        return await handle(request)


def diator() -> tuple[Way, Way]:
    requests = RequestMap()
    requests.bind(DiatorPing, DiatorHandler)
    chain = MiddlewareChain()
    chain.set([DiatorPassOn() for _ in range(BEHAVIOURS)])
    plain = DiatorMediator(requests, OneHandler())
    through_three = DiatorMediator(requests, OneHandler(), middleware_chain=chain)
    return (DiatorPing(number=7), plain.send), (DiatorPing(number=7), through_three.send)


@dataclass(frozen=True)
class MeatorPing(MeatorRequest[Any]):
    number: int = field(default=7)


async def meator_handler(request: MeatorPing) -> Result[int]:
    return Result(request.number)


class MeatorPassOn(Middleware):
    async def __call__(self, call_next: Any, request: Any) -> Any:
        return await call_next(request)


def meator() -> tuple[Way, Way]:
    def way(middlewares: list[Middleware]) -> Way:
        dispatcher = DispatcherImpl(middlewares=middlewares, handlers={})
        dispatcher.register(MeatorPing, meator_handler)
        return MeatorPing(), dispatcher.handle

    return way([]), way([MeatorPassOn() for _ in range(BEHAVIOURS)])


class PlainPing:
    number = 7


class BehavedPing:
    number = 7


async def plain_handler(request: PlainPing) -> Result[int]:
    return Result(request.number)


async def behaved_handler(request: BehavedPing) -> Result[int]:
    return Result(request.number)


def mediatr_py() -> tuple[Way, Way]:
    """Its behaviours are registered by the request's type, for all mediators."""

    def pass_on() -> Callable[..., Any]:
        async def passed_on(request: BehavedPing, following: Any) -> Any:
            return await following()

        return passed_on

    mediatr.Mediator.register_handler(plain_handler)
    mediatr.Mediator.register_handler(behaved_handler)
    for _ in range(BEHAVIOURS):
        mediatr.Mediator.register_behavior(pass_on())
    send = mediatr.Mediator().send_async
    return (PlainPing(), send), (BehavedPing(), send)


PEERS: dict[str, Callable[[], tuple[Way, Way]]] = {
    "diator": diator,
    "mediatr": mediatr_py,
    "meator": meator,
}
"""Each gives the way through no behaviour, and the way through three."""
