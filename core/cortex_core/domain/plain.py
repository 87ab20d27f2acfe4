"""Functions that callers give must be plain ones: what an async one gives, nobody awaits."""

from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TypeVar

T = TypeVar("T")

_NOT_RUN = (CoroutineType, GeneratorType, AsyncGeneratorType)

_EXPECTED = "expected a plain function, got one that is async or yields: it would never run"


def check_plain(subject: str, function: object) -> None:
    """Raise TypeError if calling `function` would only make a coroutine or a generator."""
    while isinstance(function, partial):
        function = function.func
    for each in (function, getattr(function, "__call__", None)):  # noqa: B004 - the method is meant
        if iscoroutinefunction(each) or isgeneratorfunction(each) or isasyncgenfunction(each):
            raise TypeError(f"{subject}: {_EXPECTED}")


def returned(subject: str, value: T) -> T:
    """`value`, which a function returned. Raises TypeError if it is a coroutine or a generator:
    what the function says has not run. (A task is running; it may be returned.)"""
    if isinstance(value, _NOT_RUN):
        if not isinstance(value, AsyncGeneratorType):
            # Python would warn that it was never awaited; the error says so already.
            value.close()
        raise TypeError(f"{subject}: {_EXPECTED}")
    return value
