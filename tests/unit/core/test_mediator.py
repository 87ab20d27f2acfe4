from typing import Any

import pytest

from cortex_core import (
    Behaviour,
    CaptureConversation,
    Command,
    Cortex,
    HandlerError,
    Mediator,
    Query,
    Request,
    Result,
)
from cortex_core.mediator import Handle


class Double(Query[int], frozen=True):
    number: int


class Halve(Command[int], frozen=True):
    number: int


class Doubler:
    request_type = Double

    async def handle(self, request: Double) -> Result[int]:
        return Result(request.number * 2)


class Trace:
    """A behaviour that notes its name on the way in and out."""

    def __init__(self, name: str, trace: list[str]) -> None:
        self.name = name
        self.trace = trace

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        async def traced(request: Request[Any]) -> Result[Any]:
            self.trace.append(f"{self.name} in")
            result = await handle(request)
            self.trace.append(f"{self.name} out")
            return result

        return traced


class Nothing:
    """A behaviour with nothing to do."""

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        return handle


async def test_a_request_reaches_its_handler() -> None:
    mediator = Mediator.build([Doubler()])
    assert (await mediator.send(Double(21))).unwrap() == 42


async def test_behaviours_wrap_from_the_outside_in() -> None:
    trace: list[str] = []
    behaviours: list[Behaviour] = [Trace("first", trace), Nothing(), Trace("second", trace)]
    await Mediator.build([Doubler()], behaviours).send(Double(1))
    assert trace == ["first in", "second in", "second out", "first out"]


def test_two_handlers_for_a_request_fail_at_build() -> None:
    with pytest.raises(HandlerError, match="Double has two handlers"):
        Mediator.build([Doubler(), Doubler()])


def test_a_missing_handler_fails_at_build() -> None:
    with pytest.raises(HandlerError, match="no handler for Halve"):
        Mediator.build([Doubler()], requests=[Double, Halve])


def test_sending_what_has_no_handler_raises_at_once() -> None:
    with pytest.raises(HandlerError, match="Halve has no handler"):
        Mediator.build([Doubler()]).send(Halve(2))


async def test_without_behaviours_nothing_is_counted(cortex: Cortex) -> None:
    bare = Mediator.build([Doubler()])
    await bare.send(Double(1))
    assert Double not in cortex.timing.summary()
    assert cortex.timing.summary()[CaptureConversation].count == 0
