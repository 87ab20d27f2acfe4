"""Keeps track of the clock of a machine, over the link of its agent.

On the intake's loop, for as long as the agent is there: also between sessions, so that the speed of
a clock is known when a session begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable

from cortex_tui.placement.cluster.clocks import GROUP, ClockFit, Exchange, followed, sightings
from cortex_tui.placement.cluster.shifting import shifted
from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.messages import Message
from cortex_tui.protocol.moments import ClockMap

FIRST = 64
"""How many exchanges there are before a clock counts as known."""
APART_S = 0.016
"""So those take a second."""
EVERY_S = 10.0
"""How often there is another group, in the end. At first it is after one second, two, four, …: the
longer a clock was watched, the better its speed is known."""

_MOST_ASKED = 1_024
"""Probes, the newest, whose answers are waited for: that of an older one took 16 s at least."""
LEAD_NS = 200_000_000
"""How long before its moment something is sent to machines at least, and LEAD_TRIPS round trips."""
LEAD_TRIPS = 5
MAX_LEAD_NS = 5_000_000_000
"""At most, whatever a broken connection made of a round trip."""


class MachineClock:
    """The clock of one machine. Times are in ns."""

    def __init__(
        self,
        ask: Callable[[int], None],
        jumped: Callable[[int], None] = lambda by_ns: None,
    ) -> None:
        """`ask` sends the probe of that number; `jumped` is called when the machine's clock was set
        or stopped, with how far it went ahead."""
        self._ask = ask
        self._jumped = jumped
        self._asked: dict[int, int] = {}
        """By the number of a probe: when it was sent."""
        self._asked_count = 0
        self._fresh: list[Exchange] = []
        self._trips_ns: deque[int] = deque(maxlen=FIRST)
        self._answers = 0
        self._fit: ClockFit | None = None
        self.known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Has a result when the first exchanges are over."""
        self._pause_s = 1.0
        """How long there are no probes after the last ones."""
        self._watchers: dict[object, Callable[[ClockMap], None]] = {}

    # --- what is known ------------------------------------------------------------------------

    @property
    def map(self) -> ClockMap:
        """As well as it is known; that of an equal clock before anything is."""
        return ClockMap() if self._fit is None else self._fit.map

    @property
    def bound_ns(self) -> int | None:
        """How wrong the map may be, from now until there are more exchanges; None before anything
        is known."""
        if self._fit is None:
            return None
        now_ns = time.perf_counter_ns()
        until_ns = now_ns + round((self._pause_s + GROUP * APART_S) * 1e9)
        return max(self._fit.bound_ns(now_ns), self._fit.bound_ns(until_ns))

    @property
    def lead_ns(self) -> int:
        """How long before its moment something is sent, so that it has arrived by then."""
        return min(MAX_LEAD_NS, max(LEAD_NS, LEAD_TRIPS * max(self._trips_ns, default=0)))

    def watch(self, changed: Callable[[ClockMap], None]) -> Callable[[], None]:
        """Has `changed` called with the map, now and whenever it is better; what is returned ends
        that."""
        key = object()
        self._watchers[key] = changed
        changed(self.map)
        return lambda: self._watchers.pop(key, None) and None

    def from_machine(self, batch: Iterable[Message]) -> list[Message]:
        """Messages of the machine, with their times on the session's clock."""
        return [shifted(message, self.map.to_session) for message in batch]

    def for_machine(self, request: ToRunner) -> ToRunner:
        """A request, with its time on the machine's clock."""
        return shifted(request, self.map.to_machine)

    # --- how it becomes known -----------------------------------------------------------------

    async def keep(self) -> None:
        """Sends probes, until it is cancelled."""
        await self._probe(FIRST)
        while True:
            await asyncio.sleep(self._pause_s)
            await self._probe(GROUP)
            self._pause_s = min(2 * self._pause_s, EVERY_S)

    async def sharpen(self, bound_ns: int, patience_s: float) -> None:
        """Sends more probes while the bound is above that, at most for some time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while (self.bound_ns or 0) > bound_ns:
                    await self._probe(GROUP)

    async def _probe(self, count: int) -> None:
        for _ in range(count):
            self._asked_count += 1
            # Over a broken connection nothing is answered, for as long as that lasts.
            self._asked.pop(self._asked_count - _MOST_ASKED, None)
            self._asked[self._asked_count] = time.perf_counter_ns()
            self._ask(self._asked_count)
            await asyncio.sleep(APART_S)

    def answered(self, probe: int, received_ns: int, sent_ns: int) -> None:
        """Takes an answer in, at the moment at which it arrives: when the machine received the
        probe of that number and when it answered, on its own clock."""
        back_ns = time.perf_counter_ns()
        asked_ns = self._asked.pop(probe, None)
        if asked_ns is None:
            return
        self._answers += 1
        self._trips_ns.append(back_ns - asked_ns)
        self._fresh.append(Exchange(asked_ns, received_ns, sent_ns, back_ns))
        if len(self._fresh) >= GROUP:
            self._refit()
        if self._answers >= FIRST and not self.known.done():
            self.known.set_result(None)

    def _refit(self) -> None:
        seen = sightings(self._fresh)
        self._fresh.clear()
        if not seen:
            return
        self._fit, jumped_ns = followed(self._fit, seen)
        if jumped_ns:
            self._jumped(jumped_ns)
        for changed in list(self._watchers.values()):
            changed(self._fit.map)
