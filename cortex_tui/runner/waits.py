"""Where operations in flight are: what each of some of them waits for.

Whoever looks does so on the event loop, so every operation in flight is suspended at an `await`
then. Looks come at regular times, whatever operations do: a place at which half of the looks find
them is one at which they spend half of their time.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from itertools import islice
from random import Random
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_FRAMES, MAX_WAIT_CHARS, MAX_WAIT_PLACES
from cortex_tui.protocol.messages import ELSEWHERE
from cortex_tui.runner.loops import LOOP_CODE
from cortex_tui.runner.stack import is_library, is_own, is_standard, place_text, shown_path
from cortex_tui.text import encodable, one_line

AT_ONCE = 5
"""Operations that are looked at at one time: it takes 3 to 4 us each."""
_FROM_FIRST = 1_000
"""Among how many of those in flight they are: finding the n-th takes as long as counting to it."""

_Key = tuple[CodeType, int, CodeType | None]


class WaitWatch:
    """Of one run. Not thread-safe: of its event loop."""

    def __init__(self, seed: int = 0) -> None:
        self._folder = os.getcwd()
        # Of its own: the workload's random numbers stay what they would be without it.
        self._draw = Random(seed).randrange
        self._texts: dict[_Key, str] = {}
        """Each place in words, once."""

    def look(self, tasks: set[asyncio.Task[None]]) -> dict[str, int]:
        """The places of some operations that those tasks have in flight, and how many are at each,
        such as `{"orders.py:14 in operation, awaiting Pool._acquire (asyncpg/pool.py)": 3}`."""
        found: dict[str, int] = {}
        count = min(len(tasks), _FROM_FIRST)
        first = self._draw(count - AT_ONCE + 1) if count > AT_ONCE else 0
        for task in islice(tasks, first, first + AT_ONCE):
            if (key := _place_of(task.get_coro())) is not None:
                place = self._text(key)
                found[place] = found.get(place, 0) + 1
        return found

    def _text(self, key: _Key) -> str:
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= MAX_WAIT_PLACES:
                return ELSEWHERE
            code, line, awaited = key
            text = place_text(code, line, self._folder)
            if awaited is not None:
                file = shown_path(awaited.co_filename, self._folder)
                text += f", awaiting {awaited.co_qualname} ({file})"
            text = self._texts[key] = one_line(encodable(text))[:MAX_WAIT_CHARS]
        return text


def _place_of(coroutine: Any) -> _Key | None:
    """Where the operation that a worker or an arrival awaits is: the innermost line of the measured
    code, and what that awaits of a library. None between two operations, and for an operation of
    which nothing can be seen."""
    frames = islice(_frames(coroutine), MAX_FRAMES)
    for frame in frames:
        if frame.f_code in LOOP_CODE:
            break
    place: FrameType | None = None
    awaited: FrameType | None = None
    for frame in frames:
        whose = _whose(frame.f_code.co_filename)
        if whose is _Whose.OURS:
            # A worker that rests, or yields to others.
            if place is None:
                return None
        elif place is None or whose is _Whose.MEASURED:
            place, awaited = frame, None
        elif awaited is None or whose is _Whose.INSTALLED:
            # Of a pool that waits for a lock, the pool.
            awaited = frame
    if place is None:
        return None
    return place.f_code, place.f_lineno, awaited and awaited.f_code


def _frames(awaitable: Any) -> Iterator[FrameType]:
    """From the outermost to the innermost, as far as they can be seen: not those of an awaitable
    that is made of anything but Python's own kinds."""
    while awaitable is not None:
        kind = type(awaitable)
        if kind is CoroutineType:
            frame, awaitable = awaitable.cr_frame, awaitable.cr_await
        elif kind is GeneratorType:
            frame, awaitable = awaitable.gi_frame, awaitable.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            frame, awaitable = awaitable.ag_frame, awaitable.ag_await
        else:
            awaitable = _behind(awaitable)
            continue
        if frame is None:
            return
        yield frame


def _behind(awaitable: Any) -> Any:
    """What a step of an awaitable belongs to: the asynchronous generator of an `async with`, or the
    coroutine of a task."""
    # Their types are asked, and nothing that code of the workload could answer.
    kind = type(awaitable)
    if issubclass(kind, asyncio.Task):
        return asyncio.Task.get_coro(awaitable)
    if kind.__name__ not in _STEPS:
        return None
    # There is no attribute for it.
    inside = gc.get_referents(awaitable)
    return next((each for each in inside if issubclass(type(each), _OWNERS)), None)


_STEPS = {
    "FutureIter",
    "async_generator_asend",
    "async_generator_athrow",
    "coroutine_wrapper",
}
_OWNERS = (AsyncGeneratorType, CoroutineType, asyncio.Task)


class _Whose(Enum):
    OURS = "the tool's own code"
    MEASURED = "code that is measured"
    INSTALLED = "a library"
    STANDARD = "the standard library"


@lru_cache(maxsize=1_000)
def _whose(path: str) -> _Whose:
    if is_own(path):
        return _Whose.OURS
    if is_standard(path):
        return _Whose.STANDARD
    return _Whose.INSTALLED if is_library(path) else _Whose.MEASURED
