"""Sessions on the machines of a cluster: runners there, one stream of all here.

The agents are started ahead of time or with the first session, and serve all that follow, until the
program ends or one of them is lost: then the next session starts all of them anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import zip_longest

from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.listening import listening
from cortex_tui.placement.cluster.member import Member
from cortex_tui.placement.cluster.port import Adapter, ClusterError, Machine
from cortex_tui.placement.cluster.session_setup import SessionSetup, examine, set_up
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.timing import BEAT_S, link_timing
from cortex_tui.placement.fleet import open_fleet
from cortex_tui.placement.groups import groups_of
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.messages import ClockKnown, LogLine, Message
from cortex_tui.protocol.plan import SessionPlan

MOST_BOUND_NS = 5_000_000
"""A session is refused where a clock is less well known, unless a person allows it: the intervals
of that machine would not be those of the others."""
PATIENCE_S = 5.0
"""How long it is then tried to know it better."""

START_S = 60.0
"""How long the agents may take to start and to connect."""


class OnCluster:
    """See `placement.port.Placement`."""

    def __init__(self, adapter: Adapter, settings: ClusterSettings) -> None:
        self._adapter = adapter
        self._settings = settings
        self._cluster: _Cluster | None = None
        self._opening: asyncio.Task[_Cluster] | None = None
        """Ahead of time."""
        self._setup: SessionSetup | None = None
        """Of the newest session, until the next one is made ready for."""

    @asynccontextmanager
    async def open(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        cluster = await self._opened()
        setup = self._setup
        if setup is None or setup.session != plan.session:
            setup = await asyncio.to_thread(examine, plan)
        allowed = self._settings.allow_differences
        first = await set_up(setup, cluster.members, allow_differences=allowed)
        if setup is self._setup:
            # All parts of a session have the code of the first, which has reported this.
            first = []
        self._setup = setup
        first += await cluster.known_clocks()
        # One runner is a fleet, too: its times are those of another machine.
        groups = groups_of(plan, cluster.machine_of(plan), self._settings.merge_from)
        async with open_fleet(plan, cluster.open_runner, cluster.lead_ns, groups=groups) as stream:
            stream.deliver(first)
            yield stream

    def prepare(self) -> None:
        """Starts the agents. Runners are started when the session's code is known.

        The code of the session before is forgotten: with large data it takes 100 MB, and the next
        session packs its own.
        """
        self._setup = None
        if self._cluster is not None:
            self._cluster.forget_code()
        if self._cluster is None and self._opening is None:
            self._opening = asyncio.ensure_future(_Cluster.start(self._adapter, self._settings))

    async def aclose(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await self._opened_before()
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            await cluster.close()

    async def _opened(self) -> _Cluster:
        """The cluster, all of whose machines are there."""
        if self._cluster is not None and self._cluster.lost:
            await self.aclose()
        await self._opened_before()
        if self._cluster is None:
            self._cluster = await _Cluster.start(self._adapter, self._settings)
        return self._cluster

    async def _opened_before(self) -> None:
        """Waits for what was begun ahead of time. Where that has failed, the next session tries
        again, and reports what is wrong then."""
        opening, self._opening = self._opening, None
        if opening is not None:
            (found,) = await asyncio.gather(opening, return_exceptions=True)
            self._cluster = found if isinstance(found, _Cluster) else self._cluster


class _Cluster:
    """Machines with an agent each."""

    def __init__(
        self,
        stack: AsyncExitStack,
        settings: ClusterSettings,
        members: Sequence[Member],
        order: Sequence[Member],
    ) -> None:
        self._stack = stack
        self.members = members
        self._settings = settings
        self._order = order

    @classmethod
    async def start(cls, adapter: Adapter, settings: ClusterSettings) -> _Cluster:
        """Starts an agent on each machine; raises ClusterError unless all are there."""
        async with AsyncExitStack() as stack:
            machines = await stack.enter_async_context(adapter.machines())
            timing = link_timing(settings.lost_after_ns)
            server = await stack.enter_async_context(
                listening(adapter.listen, settings.listen, timing)
            )
            members = {machine.name: Member(machine, server, settings) for machine in machines}
            for member in members.values():
                stack.callback(member.close)
            await _all_ready(list(members.values()), server)
            looking = asyncio.ensure_future(_look_after(list(members.values())))
            stack.callback(looking.cancel)
            order = [members[machine.name] for machine in slots_in_turn(machines)]
            return cls(stack.pop_all(), settings, list(members.values()), order)
        raise AssertionError

    @property
    def lost(self) -> bool:
        return any(member.lost for member in self.members)

    def lead_ns(self) -> int:
        """How long before its moment something is sent, so that all machines have it by then."""
        return max(member.clock.lead_ns for member in self.members)

    async def known_clocks(self) -> list[Message]:
        """What is known of the machines' clocks. Raises ClusterError where that stays too little,
        unless it is allowed."""
        clocks = [member.clock for member in self.members]
        await asyncio.gather(*(clock.sharpen(MOST_BOUND_NS, PATIENCE_S) for clock in clocks))
        known = [member.clock_known() for member in self.members]
        for each in known:
            if each.bound_ns > MOST_BOUND_NS and not self._settings.loose_clock:
                raise ClusterError(
                    f"the clock of machine {each.machine} is only known within "
                    f"{each.bound_ns / 1e6:.1f} ms (expected at most {MOST_BOUND_NS / 1e6:g} ms): "
                    "the network is slow, or the machine is busy; --loose-clock measures there "
                    "nevertheless"
                )
        first, last = min(known, key=_bound_ns), max(known, key=_bound_ns)
        text = f"clocks of the machines: known within {first.bound_ns / 1e6:.2f} ms"
        if last is not first:
            text += f" ({first.machine}) to {last.bound_ns / 1e6:.2f} ms ({last.machine})"
        return [*known, LogLine(-1, "runner", text, last.at_ns)]

    def forget_code(self) -> None:
        for member in self.members:
            member.forget_code()

    async def close(self) -> None:
        await self._stack.aclose()

    def machine_of(self, plan: SessionPlan) -> Callable[[int], str]:
        """The machine's name of each runner of a plan."""
        places = {runner: place for run in plan.runs for place, runner in enumerate(run.runners)}
        return lambda runner: self._order[places[runner] % len(self._order)].name

    def open_runner(self, plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
        """The runner of the plan's `runner`, on its machine."""
        return self._order[place_in_run(plan) % len(self._order)].open_runner(plan)


def _bound_ns(known: ClockKnown) -> int:
    return known.bound_ns


def place_in_run(plan: SessionPlan) -> int:
    """Which of the runners that share its runs the plan's own is.

    It decides on the machine: so the variants of a comparison are measured on the same ones.
    """
    return next(run.runners.index(plan.runner) for run in plan.runs if plan.runner in run.runners)


def slots_in_turn(machines: Sequence[Machine]) -> list[Machine]:
    """Each machine as often as it has room for runners: all once, then those with more room."""
    turns = zip_longest(*([machine] * max(1, machine.slots) for machine in machines))
    return [machine for turn in turns for machine in turn if machine is not None]


async def _all_ready(members: Sequence[Member], server: LinkServer) -> None:
    try:
        async with asyncio.timeout(START_S):
            # What is starting while another one fails has to be there to be closed.
            starts = await asyncio.gather(
                *(member.start() for member in members), return_exceptions=True
            )
            for error in filter(None, starts):
                raise error
            await asyncio.gather(*(asyncio.shield(member.ready) for member in members))
    except TimeoutError:
        missing = ", ".join(member.name for member in members if not member.ready.done())
        refused = f" ({server.refusals[-1]})" if server.refusals else ""
        raise ClusterError(
            f"the agents of these machines did not connect to {server.address} within "
            f"{START_S:g} s: {missing}{refused}"
        ) from None


async def _look_after(members: Sequence[Member]) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        for member in members:
            member.look()
