"""Moves what was sent from the clock of a machine to that of the session, and back.

Which fields are moments is what their types say (`protocol.moments.Moment`), so a new message needs
nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from cortex_tui.protocol.moments import Moment

S = TypeVar("S", bound=msgspec.Struct)


def shifted(struct: S, move: Callable[[int], int]) -> S:
    """The struct with every moment moved, those of the structs in its fields included.

    A moment that is 0 or None is not known, and stays so.
    """
    changes: dict[str, Any] = {}
    for name in _moments(type(struct)):
        if at_ns := getattr(struct, name):
            changes[name] = move(at_ns)
    for name in _parts(type(struct)):
        if (part := getattr(struct, name)) is not None:
            changes[name] = shifted(part, move)
    return msgspec.structs.replace(struct, **changes) if changes else struct


@cache
def _moments(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that are moments."""
    return tuple(
        field.name for field in msgspec.structs.fields(kind) if Moment in _choices(field.type)
    )


@cache
def _parts(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields with a struct, or None, in which there are moments."""
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        for part in _choices(field.type)
        if isinstance(part, type) and issubclass(part, msgspec.Struct)
        if _moments(part) or _parts(part)
    )


def _choices(kind: object) -> tuple[object, ...]:
    """The types that a union is of; of all others, the type itself."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
