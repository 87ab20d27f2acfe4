"""Finds the handler of a request and runs it through the behaviours."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeVar

from cortex_core.request import Request
from cortex_core.result import Result

T = TypeVar("T")

Handle = Callable[[Any], Awaitable[Result[Any]]]
"""What handles one request: a handler's `handle`, or the pipeline around it."""


async def answered(result: Result[T]) -> Result[T]:
    """`result`, to be awaited: for a behaviour that answers in the handler's place."""
    return result


class Handler(Protocol):
    """Handles the requests of exactly one type."""

    @property
    def request_type(self) -> type[Request[Any]]: ...

    @property
    def handle(self) -> Handle: ...


class Behaviour(Protocol):
    """Something that every request passes through, such as validation."""

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        """What to call instead of `handle` for this type of request.

        Called once for each type, when the mediator is built. A behaviour that has nothing
        to do for a type gives `handle` back, and then costs it nothing.
        """


class HandlerError(Exception):
    """The handlers do not fit the requests: a programming error."""


class Mediator:
    """A fixed table of request types and the pipelines that handle them."""

    __slots__ = ("_pipelines",)

    def __init__(self, pipelines: dict[type[Request[Any]], Handle]) -> None:
        self._pipelines = pipelines

    @classmethod
    def build(
        cls,
        handlers: Iterable[Handler],
        behaviours: Iterable[Behaviour] = (),
        *,
        requests: Iterable[type[Request[Any]]] = (),
    ) -> "Mediator":
        """Compose the pipelines; the first behaviour is the outermost.

        Raises HandlerError where two handlers claim a request, or where one of `requests`
        has none.
        """
        inward = tuple(behaviours)[::-1]
        pipelines: dict[type[Request[Any]], Handle] = {}
        for handler in handlers:
            request_type = handler.request_type
            if request_type in pipelines:
                raise HandlerError(f"{request_type.__name__} has two handlers")
            handle = handler.handle
            for behaviour in inward:
                handle = behaviour.wrap(request_type, handle)
            pipelines[request_type] = handle
        missing = [r.__name__ for r in requests if r not in pipelines]
        if missing:
            raise HandlerError(f"no handler for {', '.join(missing)}")
        return cls(pipelines)

    def send(self, request: Request[T]) -> Awaitable[Result[T]]:
        """The result of `request`, to be awaited.

        Raises HandlerError at once where the request has no handler. Expected failures are
        errors in the result; what goes wrong beyond them, such as a full disk, is raised by
        the await. (A plain function that hands on the pipeline's own awaitable: one frame
        less on every request.)
        """
        try:
            handle = self._pipelines[type(request)]
        except KeyError:
            raise HandlerError(f"{type(request).__name__} has no handler") from None
        return handle(request)
