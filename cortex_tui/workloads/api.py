"""The `@workload` decorator, and how a workload is found, set up and taken down.

A workload is an async generator: what stands before its one `yield` sets up, what it yields is the
operation to time, what stands behind it tears down. A bare function that takes nothing is a
workload without set-up: the function itself is the operation.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cortex_tui.workloads.names import BUILT_IN


class WorkloadError(Exception):
    """A workload that cannot be run; the text says what, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is timed. `function` is called with the operation's index where `takes_index`."""

    function: Callable[..., Any]
    awaits: bool
    takes_index: bool


class Workload:
    """A factory of operations; made by `@workload`."""

    def __init__(self, factory: Callable[..., AsyncGenerator[Callable[..., Any], None]]) -> None:
        self.factory = factory
        self.name = f"{factory.__module__}:{factory.__qualname__}"
        self.__doc__ = factory.__doc__
        self.__wrapped__ = factory

    def __call__(self, *args: Any, **params: Any) -> AsyncGenerator[Callable[..., Any], None]:
        """The generator itself, for whoever wants to drive it by hand, such as a test."""
        return self.factory(*args, **params)

    @asynccontextmanager
    async def opened(self, params: Mapping[str, Any]) -> AsyncIterator[Operation]:
        """Sets up, gives the operation, tears down; in one task, so a task group may span it."""
        _check_params(self.name, self.factory, params)
        generator = self.factory(**params)
        try:
            function = await anext(generator)
        except StopAsyncIteration:
            raise WorkloadError(
                f"{self.name}: expected it to yield the operation, but it yields nothing"
            ) from None
        try:
            if not callable(function):
                raise WorkloadError(
                    f"{self.name}: expected it to yield a function, got {type(function).__name__}"
                )
            yield _operation(self.name, function)
        except BaseException:
            # The generator's own `finally` still runs; what it raises is not the first cause.
            await generator.aclose()
            raise
        if await anext(generator, None) is not None:
            await generator.aclose()
            raise WorkloadError(f"{self.name}: expected one yield, but it yields a second time")


class _Bare(Workload):
    """A function that takes nothing, as a workload."""

    def __init__(self, function: Callable[[], Any], name: str) -> None:
        self.function = function
        self.name = name

    @asynccontextmanager
    async def opened(self, params: Mapping[str, Any]) -> AsyncIterator[Operation]:
        if params:
            raise WorkloadError(
                f"{self.name}: params {', '.join(params)} given, but a bare function takes none; "
                "make it a generator with @workload to give it parameters"
            )
        yield Operation(self.function, inspect.iscoroutinefunction(self.function), False)


def workload(factory: Callable[..., AsyncGenerator[Callable[..., Any], None]]) -> Workload:
    """Makes a workload of an async generator function.

    Its parameters are the profile's `params`, by name; those with a default may be left out.
    Raises TypeError for anything that is not an async generator function.
    """
    if not inspect.isasyncgenfunction(factory):
        raise TypeError(
            f"@workload expects an async generator function (async def with one yield), "
            f"got {factory!r}"
        )
    return Workload(factory)


def resolve(name: str, roots: Sequence[str] = ()) -> Workload:
    """The workload of a profile: a built-in name, or `module:attribute`.

    Imports the module, with `roots` put first on `sys.path`. Raises WorkloadError.
    """
    if name in BUILT_IN:
        core = importlib.import_module("cortex_tui.workloads.core")
        built_in: Workload = core.WORKLOADS[name]
        return built_in
    module_name, _, attribute = name.partition(":")
    for root in reversed(roots):
        if root in sys.path:
            sys.path.remove(root)
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise WorkloadError(
                f"{name}: its module needs {error.name!r}, which is not installed in this "
                f"environment ({sys.prefix})"
            ) from error
        looked = ", ".join(roots) or "the environment"
        raise WorkloadError(
            f"{name}: there is no module {module_name!r} (looked in {looked} and in "
            f"this environment, {sys.prefix})"
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = difflib.get_close_matches(part, dir(found), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise WorkloadError(f"{name}: {module_name} has no {part!r}{hint}") from None
    if isinstance(found, Workload):
        return found
    if inspect.isasyncgenfunction(found):
        raise WorkloadError(f"{name}: an async generator needs the @workload decorator")
    if not inspect.isroutine(found):
        raise WorkloadError(
            f"{name}: expected a function or a @workload generator, got {type(found).__name__}"
        )
    if _required(found):
        raise WorkloadError(
            f"{name}: a bare function must take nothing, but it needs "
            f"{', '.join(_required(found))}; make it a generator with @workload"
        )
    return _Bare(found, name)


def _operation(name: str, function: Callable[..., Any]) -> Operation:
    call = function if inspect.isroutine(function) else type(function).__call__
    awaits = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return Operation(function, awaits, True)
    for arguments in ((0,), ()):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return Operation(function, awaits, bool(arguments))
    raise WorkloadError(
        f"{name}: expected the operation to take its index, or nothing; it is "
        f"{getattr(function, '__qualname__', function)}{signature}"
    )


def _required(function: Callable[..., Any]) -> list[str]:
    empty = inspect.Parameter.empty
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is empty and parameter.kind not in variable
    ]


def _check_params(name: str, factory: Callable[..., Any], params: Mapping[str, Any]) -> None:
    signature = inspect.signature(factory)
    known = list(signature.parameters)
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values()):
        return
    for param in params:
        if param not in signature.parameters:
            near = difflib.get_close_matches(param, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f" (it takes: {', '.join(known)})"
            raise WorkloadError(f"{name}: it has no parameter {param!r}{hint}")
    for param in _required(factory):
        if param not in params:
            raise WorkloadError(
                f"{name}: its parameter {param!r} has no default; give it in params"
            )
