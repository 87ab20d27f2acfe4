"""What runs behind a screen: coroutines as Textual's workers, and what threads do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from textual.dom import DOMNode
from textual.worker import WorkType, active_worker

P = ParamSpec("P")
T = TypeVar("T")


def begin(
    node: DOMNode,
    function: Callable[P, Coroutine[Any, Any, None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Calls the function in a worker of the node, which ends with it.

    The worker is given the function, not its coroutine: one that is cancelled before its first step
    would leave that behind, never awaited.
    """
    node.run_worker(cast(WorkType[None], partial(function, *args, **kwargs)))


def begin_alone(
    node: DOMNode,
    group: str,
    function: Callable[P, Coroutine[Any, Any, None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """The same; others of the node's group are cancelled."""
    work = cast(WorkType[None], partial(function, *args, **kwargs))
    node.run_worker(work, group=group, exclusive=True)


async def done(asked: Future[T]) -> T:
    """What came of it. Shielded: what was asked of a thread is done, even if nobody waits."""
    return await asyncio.shield(asyncio.wrap_future(asked))


def begin_on_thread(
    node: DOMNode, name: str, function: Callable[[], object], *, exit_on_error: bool = True
) -> None:
    """Calls the function on a thread.

    Textual notes there which worker the thread runs, and the thread, which waits for the next one,
    would keep the note: with it the worker, and the screen that was in front when it began. Each
    comparison that was left stayed until its thread had something else to do.
    """
    work = partial(_noted_nowhere, function)
    node.run_worker(work, thread=True, name=name, exit_on_error=exit_on_error)


def _noted_nowhere(function: Callable[[], T]) -> T:
    try:
        return function()
    finally:
        active_worker.set(cast(Any, None))
