"""What is kept to draw faster, forgotten when a screen is left.

Rich and Textual keep the widths of the last 4,096 texts, styles, and thousands of regions. Each is
small and bounded, but what is added while a large screen is open lies among what that screen has
made, and keeps a block of memory in use when the rest of it is free again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

_OF = ("rich", "textual", "cortex_tui.tui")
_MANY = 1_000
"""Entries that a cache may have so that it is worth emptying: smaller ones are full soon."""
_CACHED = type(cache(int))


def forget_what_was_drawn() -> None:
    """The next frame works out again what it needs."""
    for each in _caches():
        each.cache_clear()


@cache
def _caches() -> list[Any]:
    """Of the modules that are loaded by now: looking through them takes 13 ms."""
    found = [
        each
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and f"{name}.".startswith(tuple(f"{of}." for of in _OF))
        for each in _functions(vars(module))
        if isinstance(each, _CACHED) and (each.cache_parameters()["maxsize"] or 0) >= _MANY
    ]
    return list({id(each): each for each in found}.values())


def _functions(scope: dict[str, Any]) -> Iterator[object]:
    """What a module and its classes have, without what makes methods and properties of it."""
    for value in list(scope.values()):
        yield value
        if isinstance(value, type):
            for member in list(vars(value).values()):
                yield getattr(member, "__func__", None) or getattr(member, "fget", None) or member
