"""A barrier whose parties may leave: a run that failed does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cortex_tui.isolation import asyncio
from cortex_tui.runner.clock import CLOCK


class Barrier:
    """Holds each party until all that have not left have arrived."""

    def __init__(
        self, parties: Iterable[int], at_release: Callable[[], int] = CLOCK.read_ns
    ) -> None:
        """`at_release` is called once, when the last arrives or leaves; all get what it returns."""
        self._missing = set(parties)
        self._at_release = at_release
        self._released: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def arrive(self, party: int) -> int:
        """Waits for the others; what `at_release` returned."""
        self.leave(party)
        return await self.wait()

    async def wait(self) -> int:
        """Waits until all have arrived or left; what `at_release` returned."""
        return await asyncio.shield(self._released)

    def leave(self, party: int) -> None:
        """Holds nobody up any more; nothing happens where the party had already arrived or left."""
        if party in self._missing:
            self._missing.remove(party)
            if not self._missing:
                # Not at once: the last to arrive would not have to wait, and begin alone.
                asyncio.get_running_loop().call_soon(self._release)

    def _release(self) -> None:
        self._released.set_result(self._at_release())
