"""Counts what is under way, so that closing can wait for it."""

import asyncio


class UnderWay:
    """`with` it around a piece of work, or call `begin` and `end`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._count = 0
        self._none: asyncio.Future[None] | None = None

    def begin(self) -> None:
        self._count += 1

    def end(self) -> None:
        self._count -= 1
        if not self._count and self._none is not None and not self._none.done():
            self._none.set_result(None)

    __enter__ = begin

    def __exit__(self, *_: object) -> None:
        self.end()

    async def drained(self) -> None:
        """Return when nothing is under way."""
        while self._count:
            self._none = self._loop.create_future()
            await self._none
