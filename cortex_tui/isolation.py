"""asyncio out of reach of workloads: its original names, our own tasks, a loop that stays running.

Workloads replace functions of asyncio (tests patch `asyncio.sleep` so as not to wait), cancel every
task that `asyncio.all_tasks()` lists, set a task factory, and stop the loop. All of these are
shared by the whole process, so our own code uses what is here instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio as asyncio
else:
    import asyncio as _asyncio
    from types import SimpleNamespace

    asyncio = SimpleNamespace(**vars(_asyncio))
    """A copy, made before any workload is imported."""

T = TypeVar("T")

_KEPT = {"asyncio": dict(vars(asyncio)), "time": dict(vars(time))}

# Documented for those who extend asyncio, and the same from Python 3.11 to 3.14.
_forget = asyncio._unregister_task


def own_task(
    coroutine: Coroutine[Any, Any, T], *, context: Context | None = None
) -> asyncio.Task[T]:
    """Starts a task that `asyncio.all_tasks()` does not list and no task factory has made."""
    task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), context=context)
    _forget(task)
    return task


@contextmanager
def tasks_hidden() -> Iterator[None]:
    """Takes the tasks that run on this loop by now out of `asyncio.all_tasks()` for a time."""
    tasks = asyncio.all_tasks()
    for task in tasks:
        _forget(task)
    try:
        yield
    finally:
        for task in tasks:
            asyncio._register_task(task)


def replaced_names() -> tuple[str, ...]:
    """Functions of asyncio and time that are no longer those of the standard library."""
    return tuple(
        f"{module}.{name}"
        for module, kept in _KEPT.items()
        for name, value in kept.items()
        if callable(value) and getattr(sys.modules.get(module), name, value) is not value
    )


def run_to_end(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, T],
    interrupted: Callable[[BaseException | None], None],
) -> T:
    """Runs the loop until the coroutine has ended, and starts it again if it ends before.

    It does where somebody calls `loop.stop()`, or where a task or a callback raises SystemExit or
    KeyboardInterrupt, which asyncio lets out of the loop. `interrupted` is called with what was
    raised, or None.
    """
    task = loop.create_task(coroutine)
    task.add_done_callback(lambda done: loop.stop())
    while not task.done():
        error: BaseException | None = None
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt) as raised:
            error = raised
        if not task.done():
            interrupted(error)
    return task.result()
