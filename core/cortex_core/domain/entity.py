"""What entities have in common: an identity, and a way back from storage."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, TypeVar

E = TypeVar("E")

ID_MOST = 200
"""The longest id that a caller may choose, in characters."""


_DRAWN_AT_ONCE = 256
_drawn: list[int] = []
"""Random numbers of 80 bits. Asking the system for each one takes longer than all of the rest of an
id, and lets another thread have Python's lock: a writer then takes the first of many commands that
are sent at once, and makes the others wait for its commit."""

if hasattr(os, "register_at_fork"):
    # A child must not draw what its parent draws.
    os.register_at_fork(after_in_child=_drawn.clear)


def _draw() -> int:
    try:
        return _drawn.pop()
    except IndexError:
        drawn = os.urandom(10 * _DRAWN_AT_ONCE)
        _drawn.extend(int.from_bytes(drawn[i : i + 10]) for i in range(10, len(drawn), 10))
        return int.from_bytes(drawn[:10])


def new_id() -> str:
    """A fresh id: 32 hexadecimal digits, ordered by time like a UUID of version 7 (RFC 9562).

    The leading 48 bits are milliseconds, so neighbours in time are neighbours in an index:
    inserting touches its last pages, not random ones.
    """
    milliseconds = time.time_ns() // 1_000_000
    low = _draw() >> 6
    value = milliseconds << 80 | 0x7 << 76 | (low >> 62) << 64 | 0b10 << 62 | low & (1 << 62) - 1
    return f"{value:032x}"


def restorer(entity: type[E]) -> Callable[[Iterable[object]], E]:
    """A function that rebuilds an `entity` from the values of its fields, in their order.

    It skips the checks. They were made when the values entered, and one of them compares
    with the clock: a clock that was set back must not make what is stored unreadable.
    """
    setters = [entity.__dict__[field.name].__set__ for field in fields(entity)]  # type: ignore[arg-type]
    create: Any = object.__new__

    def restore(values: Iterable[object]) -> E:
        restored: E = create(entity)
        for set_field, value in zip(setters, values, strict=True):
            set_field(restored, value)
        return restored

    return restore


def changer(entity: type[E]) -> Callable[..., E]:
    """A function that copies an `entity` with some fields changed, given by name.

    It skips the checks, as a `restorer` does and for its reason; the caller has made those of
    the fields that it changes.
    """
    restore = restorer(entity)
    names = tuple(field.name for field in fields(entity))  # type: ignore[arg-type]

    def changed(before: E, **changes: object) -> E:
        return restore(changes[n] if n in changes else getattr(before, n) for n in names)

    return changed
