"""What people write workloads with: `@workload`, `@per_worker` and `@shared`.

A workload is an async generator: what stands before its one `yield` sets up, what it yields is the
operation to time, what stands behind it tears down. It is set up once for each run, so for each
round of a profile that is repeated. What a worker needs for itself, it yields `@per_worker`; what
all runs of a session have in common is `@shared`.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.workloads.context import current_run
from cortex_tui.workloads.operation import (
    Operation,
    WorkloadError,
    check_params,
    operation_of,
)

T = TypeVar("T")
Function = Callable[..., Any]


class PerWorker:
    """A factory of operations, one for each worker of a closed load; made by `@per_worker`."""

    def __init__(self, factory: Callable[..., AsyncGenerator[Function, None]]) -> None:
        self.factory = factory
        self.name = f"{factory.__module__}:{factory.__qualname__}"
        self._takes_number = bool(inspect.signature(factory).parameters)

    @asynccontextmanager
    async def opened(self, worker: int) -> AsyncIterator[Operation]:
        """Sets a worker up, by its number from 0 on, gives its operation, and takes it down."""
        generator = self.factory(worker) if self._takes_number else self.factory()
        async with _driven(self.name, generator) as function:
            yield operation_of(self.name, function)


class Workload:
    """A factory of operations; made by `@workload`."""

    def __init__(self, factory: Callable[..., AsyncGenerator[Function | PerWorker, None]]) -> None:
        self.factory = factory
        self.name = f"{factory.__module__}:{factory.__qualname__}"
        self.__doc__ = factory.__doc__
        self.__wrapped__ = factory

    def __call__(self, *args: Any, **params: Any) -> AsyncGenerator[Function | PerWorker, None]:
        """The generator itself, for whoever wants to drive it by hand, such as a test."""
        return self.factory(*args, **params)

    @asynccontextmanager
    async def opened(self, params: Mapping[str, Any]) -> AsyncIterator[Operation | PerWorker]:
        """Sets up, gives what is yielded, tears down; in one task, so a task group may span it."""
        check_params(self.name, self.factory, params)
        async with _driven(self.name, self.factory(**params)) as found:
            yield found if isinstance(found, PerWorker) else operation_of(self.name, found)


def workload(factory: Callable[..., AsyncGenerator[Any, None]]) -> Workload:
    """Makes a workload of an async generator function.

    Its parameters are the profile's `params`, by name; those with a default may be left out.
    Raises WorkloadError for anything that is not an async generator function.
    """
    return Workload(_generator_function("workload", factory))


def per_worker(factory: Callable[..., AsyncGenerator[Any, None]]) -> PerWorker:
    """Makes what a workload yields to have something set up for each worker.

    The async generator function may take the worker's number; it yields that worker's operation.
    Raises WorkloadError for anything that is not an async generator function.
    """
    return PerWorker(_generator_function("per_worker", factory))


class Shared(Generic[T]):
    """Something that the runs of a session have in common; made by `@shared`, awaited by calling.

    The first to ask sets it up, and it is torn down when the session has ended. Like everything
    that is set up it is not timed.
    """

    def __init__(self, factory: Callable[[], AsyncGenerator[T, None]]) -> None:
        self.factory = factory
        self.name = f"{factory.__module__}:{factory.__qualname__}"

    async def __call__(self) -> T:
        """What it yields; the same object for every run of the session.

        Raises what setting it up raised, for everyone who asks.
        """
        kept = current_run.get().shared
        if self not in kept:
            kept[self] = _Kept(self.name, self.factory())
        value: T = await kept[self].value()
        return value


def shared(factory: Callable[[], AsyncGenerator[T, None]]) -> Shared[T]:
    """Makes an async generator function something that is set up once for each session.

    Raises WorkloadError for anything that is not an async generator function.
    """
    return Shared(_generator_function("shared", factory))


class _Kept:
    """A shared thing while it lives: in a task of its own, which sets it up and tears it down."""

    def __init__(self, name: str, generator: AsyncGenerator[Any, None]) -> None:
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Any] = loop.create_future()
        self._ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._done = asyncio.Event()
        self._failure: BaseException | None = None
        """Of the teardown. It is not raised in the task, where SystemExit would end the loop."""
        self._task = own_task(self._live(name, generator))

    async def value(self) -> Any:
        return await asyncio.shield(self._ready)

    async def aclose(self) -> None:
        """Tears it down; raises what that raises."""
        self._done.set()
        if not self._ready.done():
            self._task.cancel()
        await asyncio.gather(self._task)
        if self._failure is not None:
            raise self._failure

    async def _live(self, name: str, generator: AsyncGenerator[Any, None]) -> None:
        try:
            async with _driven(name, generator) as value:
                self._ready.set_result(value)
                await self._done.wait()
        except BaseException as error:
            if self._ready.done():
                self._failure = error
            elif isinstance(error, asyncio.CancelledError):
                self._ready.cancel()
            else:
                self._ready.set_exception(error)


@asynccontextmanager
async def _driven(name: str, generator: AsyncGenerator[T, None]) -> AsyncIterator[T]:
    """What a generator of one yield gives, between its set-up and its teardown."""
    try:
        value = await anext(generator)
    except StopAsyncIteration:
        raise WorkloadError(
            f"{name}: expected it to yield the operation, but it yields nothing"
        ) from None
    try:
        yield value
    except asyncio.CancelledError as error:
        # A task group around its `yield` has cancelled its task, because a child died: it raises
        # that cause instead when it is reported.
        with contextlib.suppress(StopAsyncIteration):
            await generator.athrow(error)
        raise
    except BaseException:
        # The generator's own `finally` still runs; what it raises is not the first cause.
        await generator.aclose()
        raise
    try:
        await anext(generator)
    except StopAsyncIteration:
        return
    await generator.aclose()
    raise WorkloadError(f"{name}: expected one yield, but it yields a second time")


F = TypeVar("F", bound=Callable[..., Any])


def _generator_function(decorator: str, factory: F) -> F:
    if not inspect.isasyncgenfunction(factory):
        code = getattr(factory, "__code__", None)
        where = f"{code.co_filename}:{code.co_firstlineno}: " if code else ""
        name = getattr(factory, "__qualname__", repr(factory))
        lacks = (
            "it has none"
            if inspect.iscoroutinefunction(factory)
            else "it is not async"
            if inspect.isfunction(factory)
            else f"it is a {type(factory).__name__}"
        )
        raise WorkloadError(
            f"{where}{name}: @{decorator} needs an async def with one yield; {lacks}"
        )
    return factory
