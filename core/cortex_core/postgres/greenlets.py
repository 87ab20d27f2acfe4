"""Runs a plain function that waits for futures, without a thread.

A unit is a synchronous function, and what it asks takes a round trip to the server. In a greenlet
it can be left in the middle while the event loop waits, as SQLAlchemy does for its asyncio
extension. Measured with one look-up in a unit: 34 to 99 µs and 17,000 to 27,000 a second with 64 at
once, against 160 to 380 µs and 4,500 to 16,000 with synchronous connections on threads.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from cortex_core.errors import StoreError

T = TypeVar("T")


async def in_greenlet(function: Callable[[], T]) -> T:
    """What `function` returns; `waited_for` may be called in it."""
    task: Any = greenlet(function)
    task.gr_context = copy_context()
    asked = task.switch()
    while not task.dead:
        try:
            answer = await asked
        except BaseException as error:
            asked = task.throw(error)
        else:
            asked = task.switch(answer)
    value: T = asked
    return value


def in_thread(function: Callable[[], T]) -> T:
    """What `function` returns, on another thread: the event loop is not blocked meanwhile."""
    return waited_for(asyncio.get_running_loop().run_in_executor(None, function))


def waited_for(future: asyncio.Future[T]) -> T:
    """The outcome of `future`, in a function that `in_greenlet` runs."""
    around: Any = getcurrent().parent
    if around is None:
        future.cancel()
        raise StoreError("a unit's transaction was used outside of the unit")
    value: T = around.switch(future)
    return value
