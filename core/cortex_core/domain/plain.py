"""Functions that callers give must be plain ones: what an async one gives, nobody awaits."""

from collections.abc import Coroutine
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import AsyncGeneratorType, GeneratorType

_EXPECTED = "expected a plain function, got one that is async or yields: it would never run"


def check_plain(subject: str, function: object) -> None:
    """Raise TypeError if calling `function` would only make a coroutine or a generator."""
    while isinstance(function, partial):
        function = function.func
    for each in (function, getattr(function, "__call__", None)):  # noqa: B004 - the method is meant
        if iscoroutinefunction(each) or isgeneratorfunction(each) or isasyncgenfunction(each):
            raise TypeError(f"{subject}: {_EXPECTED}")


def check_returned(subject: str, value: object) -> None:
    """Raise TypeError if `value`, which a function returned, is a coroutine or a generator: what
    the function says has not run. (A task is running; it may be returned.)"""
    if isinstance(value, Coroutine | GeneratorType):
        # Python would warn that it was never awaited; the error says so already.
        value.close()
    elif not isinstance(value, AsyncGeneratorType):
        return
    raise TypeError(f"{subject}: {_EXPECTED}")
