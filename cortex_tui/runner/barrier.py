"""A barrier whose parties may leave: a run that failed does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cortex_tui.isolation import asyncio
from cortex_tui.runner.clock import CLOCK

Gate = Callable[[Callable[[int], None]], None]
"""Called when all parties have arrived; calls its argument with the moment to continue."""


def open_gate(release: Callable[[int], None]) -> None:
    """Where nobody else is to be waited for."""
    release(CLOCK.read_ns())


class Barrier:
    """Holds each party until all that have not left have arrived."""

    def __init__(
        self,
        parties: Iterable[int],
        gate: Gate = open_gate,
        *,
        prepare: Callable[[], None] = lambda: None,
        at_release: Callable[[int], None] = lambda at_ns: None,
    ) -> None:
        """When the last party arrives or leaves, `prepare` is called. Then `gate` may wait for
        other runners, and `at_release` is called with the moment at which all continue."""
        self._missing = set(parties)
        self._gate = gate
        self._prepare = prepare
        self._at_release = at_release
        self._released: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def arrive(self, party: int) -> int:
        """Waits for the others; returns the moment at which all continue."""
        self.leave(party)
        return await self.wait()

    async def wait(self) -> int:
        """Waits until all have arrived or left; returns the moment at which all continue."""
        return await asyncio.shield(self._released)

    def leave(self, party: int) -> None:
        """Holds nobody up any more; nothing happens where the party had already arrived or left."""
        if party in self._missing:
            self._missing.remove(party)
            if not self._missing:
                # Not at once: the last to arrive would not have to wait, and begin alone.
                asyncio.get_running_loop().call_soon(self._all_here)

    def _all_here(self) -> None:
        self._prepare()
        self._gate(self._release)

    def _release(self, at_ns: int) -> None:
        self._at_release(at_ns)
        self._released.set_result(at_ns)
