"""A store for callers that must not wait for it, such as a screen: on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cortex_tui.store.port import Mode, Store, open_store, state_of

T = TypeVar("T")

Work = Callable[[Store], Awaitable[T]]
"""What is to be done with the store once it is open."""


class BackgroundStore:
    """Does one piece of work after the other, in the order in which they were asked for.

    The store is opened for each and closed after it, so that a file which was moved, replaced or
    repaired meanwhile is simply the one that is there. Futures fail with SnapshotError; their
    callbacks are called on the thread. May be used from any thread.
    """

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    def read(self, work: Work[T]) -> Future[T]:
        """Work that changes nothing; a store that does not exist is an empty one."""
        return self._submit(work, "read")

    def write(self, work: Work[T]) -> Future[T]:
        """Work that may change the store, which is made where there is none."""
        return self._submit(work, "write")

    def state(self) -> Future[object]:
        """`port.state_of`, in turn with the work."""
        return self._thread.submit(state_of, self.url)

    def close(self) -> None:
        """No more work is taken; what was asked for is still done, also when the program ends."""
        self._thread.shutdown(wait=False)

    def _submit(self, work: Work[T], mode: Mode) -> Future[T]:
        return self._thread.submit(self._do, work, mode)

    def _do(self, work: Work[T], mode: Mode) -> T:
        async def do() -> T:
            async with await open_store(self.url, mode) as store:
                return await work(store)

        return asyncio.run(do())
