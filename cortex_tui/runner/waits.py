"""Where operations in flight are: what each of some of them waits for.

Whoever looks does so on the event loop, so every operation in flight is suspended at an `await`
then. Looks come at any moment of each interval, whatever operations do: a place at which half of
the looks find them is one at which they spend half of their time.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from itertools import islice
from random import Random
from types import (
    AsyncGeneratorType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
)
from typing import Any

from cortex_tui.isolation import asyncio
from cortex_tui.limits import MAX_FRAMES, MAX_WAIT_CHARS, MAX_WAIT_PLACES
from cortex_tui.protocol.messages import ELSEWHERE
from cortex_tui.runner.loops import LOOP_CODE
from cortex_tui.runner.stack import is_library, is_own, is_standard, place_text, shown_path
from cortex_tui.text import encodable, one_line

AT_ONCE = 5
"""Operations that are looked at at one time: it takes 5 to 13 us each."""
_FROM_FIRST = 1_000
"""Among how many of those in flight they are: finding the n-th takes as long as counting to it."""

_PARTS = 16
"""Of what an operation waits for together, as many are looked at for one that has not ended."""
_FORKS = 8
"""How often what waits for several things is followed on to one of them."""

_Key = tuple[CodeType, int, CodeType | None, type | None]
"""The line, what it awaits, and of which kind that is, where it is a method."""
_Draw = Callable[[int], int]
"""A random number below that."""


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
            if (key := _place_of(task.get_coro(), self._draw)) is not None:
                place = self._text(key)
                found[place] = found.get(place, 0) + 1
        return found

    def _text(self, key: _Key) -> str:
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= MAX_WAIT_PLACES:
                return ELSEWHERE
            code, line, awaited, kind = key
            text = place_text(code, line, self._folder)
            if awaited is not None:
                file = shown_path(awaited.co_filename, self._folder)
                text += f", awaiting {_name(awaited, kind)} ({file})"
            text = self._texts[key] = one_line(encodable(text))[:MAX_WAIT_CHARS]
        return text


def _place_of(coroutine: Any, draw: _Draw) -> _Key | None:
    """Where the operation that a worker or an arrival awaits is: the innermost line of the measured
    code, and what that awaits of a library. None between two operations, and for an operation of
    which nothing can be seen."""
    frames = islice(_frames(coroutine, draw), MAX_FRAMES)
    for frame, _ in frames:
        if frame.f_code in LOOP_CODE:
            break
    place: FrameType | None = None
    awaited: CodeType | None = None
    owner: Any = None
    for frame, whole in frames:
        whose = _whose(frame.f_code.co_filename)
        if whose is _Whose.OURS:
            # A worker that rests, or yields to others.
            if place is None:
                return None
        elif place is None or whose is _Whose.MEASURED:
            place, awaited = frame, None
        elif awaited is None or whose is _Whose.INSTALLED or awaited in _WAITING_FOR_OTHERS:
            # Of a pool that waits for a lock, the pool.
            awaited, owner = frame.f_code, whole
    if place is None:
        return None
    kind = None if awaited is None else _kind_of(owner, awaited)
    return place.f_code, place.f_lineno, awaited, kind


def _frames(awaitable: Any, draw: _Draw) -> Iterator[tuple[FrameType, Any]]:
    """From the outermost to the innermost, each with what it is the frame of, as far as they can be
    seen: not those of an awaitable that is made of anything but Python's own kinds. Of several
    things that are waited for together one is followed, drawn by chance."""
    forks = 0
    above: list[Any] = []
    while awaitable is not None:
        whole, kind = awaitable, type(awaitable)
        frame: FrameType | None
        if kind is CoroutineType:
            frame, awaitable = whole.cr_frame, whole.cr_await
        elif kind is GeneratorType:
            frame, awaitable = whole.gi_frame, whole.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            frame, awaitable = whole.ag_frame, whole.ag_await
        elif kind is _Gathering:
            forks += 1
            awaitable = _one_of(getattr(whole, "_children", ()), draw) if forks <= _FORKS else None
            continue
        elif kind is asyncio.Future:
            forks += 1
            awaitable = _shielded(whole) if forks <= _FORKS else None
            continue
        else:
            awaitable = _behind(whole)
            continue
        if frame is None:
            return
        yield frame, whole
        if frame.f_code in _WAITING_FOR_OTHERS and forks < _FORKS:
            forks += 1
            others = _others(whole, above)
            awaitable = awaitable if others is None else _one_of(others, draw)
        above.append(whole)


def _behind(awaitable: Any) -> Any:
    """What a step of an awaitable belongs to: the asynchronous generator of an `async with`, the
    coroutine of a task, or what `gather` or `shield` returned."""
    # Their types are asked, and nothing that code of the workload could answer.
    kind = type(awaitable)
    if issubclass(kind, asyncio.Task):
        return asyncio.Task.get_coro(awaitable)
    if _type_name(kind) not in _STEPS:
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
# Private names of asyncio, which a later Python may not have: then less is seen.
_Gathering: type | None = getattr(asyncio.tasks, "_GatheringFuture", None)
_Completing: type | None = getattr(asyncio.tasks, "_AsCompletedIterator", None)
_OWNERS = (AsyncGeneratorType, CoroutineType, asyncio.Future)


def _within(function: Any, name: str) -> CodeType | None:
    """The code of a function that another defines."""
    codes = (each for each in function.__code__.co_consts if type(each) is CodeType)
    return next((code for code in codes if code.co_name == name), None)


_SHIELD_ENDED = _within(asyncio.shield, "_outer_done_callback")
# Until Python 3.12, of the generator that `as_completed` was, a coroutine for each task.
_ONE_COMPLETED = _within(asyncio.as_completed, "_wait_for_one")
_ONE_OF_ITERATOR = getattr(_Completing, "_wait_for_one", None)
_WAITING_FOR_OTHERS: set[CodeType] = {
    asyncio.wait_for.__code__,
    asyncio.wait.__code__,
    getattr(asyncio.tasks, "_wait", asyncio.wait).__code__,
    asyncio.TaskGroup.__aexit__.__code__,
    *filter(None, (_ONE_COMPLETED, getattr(_ONE_OF_ITERATOR, "__code__", None))),
}
"""Coroutines that wait for tasks, and most of them by a future that says nothing of these."""


def _others(coroutine: Any, above: Sequence[Any]) -> Collection[Any] | None:
    """The tasks for which one of those waits; None where it has none. They are among its locals,
    which reading its frame would copy and keep. `above` is what awaits it, the outermost first."""
    inside = gc.get_referents(coroutine)
    if coroutine.cr_code is _ONE_COMPLETED:
        return _completing(inside, above)
    for each in inside:
        kind = type(each)
        if kind is _Completing:
            todo: Collection[Any] = getattr(each, "_todo", ())
            return todo
        if kind is asyncio.TaskGroup:
            tasks: Collection[Any] = getattr(each, "_tasks", ())
            return tasks
        if kind is set:
            return each  # type: ignore[no-any-return]
        if issubclass(kind, asyncio.Task) or (
            kind is asyncio.Future and _shielded(each) is not None
        ):
            return (each,)
    return None


def _completing(inside: Sequence[Any], above: Sequence[Any]) -> Collection[Any] | None:
    """The tasks of `as_completed`, of whose coroutine the referents are `inside`. It knows none of
    them, but has a variable in common with the generator that does, over which a loop goes in some
    function `above`; None where there is no such loop any more."""
    cells = {id(each) for each in inside if type(each) is CellType}
    for owner in islice(reversed(above), _PARTS):
        for each in gc.get_referents(owner):
            if type(each) is not GeneratorType or each.gi_code is not asyncio.as_completed.__code__:
                continue
            variables = [cell for cell in gc.get_referents(each) if type(cell) is CellType]
            if any(id(cell) in cells for cell in variables):
                values = (value for cell in variables for value in gc.get_referents(cell))
                return next((value for value in values if type(value) is set), None)
    return None


def _shielded(future: Any) -> Any:
    """What `shield` guards with that future, which says nothing of it, but for a function that is
    called when it ends; None for another future."""
    for callback, _ in _callbacks(future) or ():
        if type(callback) is FunctionType and callback.__code__ is _SHIELD_ENDED:
            inside = gc.get_referents(*(callback.__closure__ or ()))
            return next((each for each in inside if issubclass(type(each), asyncio.Future)), None)
    return None


def _no_callbacks(future: Any) -> None:
    """Of a Python whose futures do not have theirs."""


_callbacks = getattr(asyncio.Future.__dict__.get("_callbacks"), "__get__", _no_callbacks)


def _one_of(waited_for: Collection[Any], draw: _Draw) -> Any:
    """One of those that have not ended; None where none is found among as many as are looked at."""
    count = min(len(waited_for), _FROM_FIRST)
    first = draw(count - _PARTS + 1) if count > _PARTS else 0
    under_way = [each for each in islice(waited_for, first, first + _PARTS) if _is_under_way(each)]
    return under_way[draw(len(under_way))] if under_way else None


def _is_under_way(future: Any) -> bool:
    kind = type(future)
    if issubclass(kind, asyncio.Task):
        return not asyncio.Task.done(future)
    if kind is not _Gathering and (kind is not asyncio.Future or _shielded(future) is None):
        return False
    return not asyncio.Future.done(future)


def _kind_of(owner: Any, code: CodeType) -> type | None:
    """The type of the object of which a coroutine is a method; None where it is none. That of a
    `Semaphore` or of a pool says more than the class from which it has the method."""
    if not code.co_argcount or "." not in code.co_qualname:
        return None
    for each in gc.get_referents(owner):
        kind = type(each)
        if kind is FunctionType or kind is CodeType:
            continue
        for base in _bases(kind):
            method = _members(base).get(code.co_name)
            if type(method) is FunctionType and method.__code__ is code:
                return kind
    return None


# A metaclass of the workload could answer for them.
_bases = type.__dict__["__mro__"].__get__
_members = type.__dict__["__dict__"].__get__
_type_name = type.__dict__["__name__"].__get__
_BEGINNINGS = ("__aenter__", "__await__")
"""Methods whose names say nothing of what is waited for."""


def _name(awaited: CodeType, kind: type | None) -> str:
    """Such as `Queue.get`, and `Semaphore` of an `async with`."""
    if kind is None:
        return awaited.co_qualname
    name: str = _type_name(kind)
    return name if awaited.co_name in _BEGINNINGS else f"{name}.{awaited.co_name}"


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
