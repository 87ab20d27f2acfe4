"""The operation: what is timed, and what is known about a function before it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cortex_tui.suggestions import suggestion
from cortex_tui.text import cut


class WorkloadError(Exception):
    """A workload that cannot be run; the text says what, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is timed. `function` is called with the operation's index where `takes_index`: where it
    has a parameter without a default."""

    function: Callable[..., Any]
    awaits: bool
    takes_index: bool


def operation_of(name: str, function: object) -> Operation:
    """The operation that a workload named `name` yields. Raises WorkloadError."""
    if not callable(function):
        raise WorkloadError(
            f"{name}: expected it to yield a function, got {type(function).__name__}"
        )
    call = function if inspect.isroutine(function) else type(function).__call__
    awaits = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return Operation(function, awaits, True)
    # A parameter with a default is the operation's own affair: it gets no index.
    for arguments in ((), (0,)):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return Operation(function, awaits, bool(arguments))
    raise WorkloadError(
        f"{name}: expected the operation to take its index, or nothing; it is "
        f"{getattr(function, '__qualname__', function)}{signature}"
    )


def required_params(function: Callable[..., Any]) -> list[str]:
    """The parameters without a default."""
    empty = inspect.Parameter.empty
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is empty and parameter.kind not in variable
    ]


class _Kind(NamedTuple):
    types: tuple[type, ...]
    words: str


_KINDS = {
    "int": _Kind((int,), "a whole number"),
    "float": _Kind((int, float), "a number"),
    "str": _Kind((str,), "text"),
}
"""By annotation."""


def _check_kinds(name: str, signature: inspect.Signature, params: Mapping[str, Any]) -> None:
    """Of the workloads that come with the program. What a person's annotations mean is theirs."""
    for param, value in params.items():
        kind = _KINDS.get(signature.parameters[param].annotation)
        if kind is not None and (not isinstance(value, kind.types) or isinstance(value, bool)):
            raise WorkloadError(
                f"{name}: {param}: expected {kind.words}, got {cut(repr(value), 60)}"
            )


def check_params(name: str, factory: Callable[..., Any], params: Mapping[str, Any]) -> None:
    """Raises WorkloadError for params that `factory` does not take, or lacks."""
    signature = inspect.signature(factory)
    known = list(signature.parameters)
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values()):
        return
    for param in params:
        if param not in signature.parameters:
            raise WorkloadError(f"{name}: it has no parameter {param!r} {suggestion(param, known)}")
    if factory.__module__.startswith("cortex_tui."):
        _check_kinds(name, signature, params)
    for param in required_params(factory):
        if param not in params:
            raise WorkloadError(
                f"{name}: its parameter {param!r} has no default; give it in params"
            )
