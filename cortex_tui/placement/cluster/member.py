"""One machine of a cluster as the program sees it: its agent's link, how it fares, its runners."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec

from cortex_tui.placement.cluster.control import (
    CodePiece,
    CodeState,
    Describe,
    Described,
    EndRunner,
    KillRunner,
    OfferCode,
    Probe,
    ProbeAnswer,
    Ready,
    Report,
    RunnerEnded,
    StartRunner,
    ToAgent,
    agent_channel,
    decode_from_agent,
    encode,
)
from cortex_tui.placement.cluster.link import Broken, Ended, LinkState
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.moving import MachineFolders, UserCode, plan_at
from cortex_tui.placement.cluster.port import ClusterError, Machine
from cortex_tui.placement.cluster.probing import MachineClock
from cortex_tui.placement.cluster.remote_runner import RemoteRunner
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.timing import BEAT_S, SILENT_BEATS
from cortex_tui.placement.cluster.versions import Installed
from cortex_tui.placement.port import BLOCKED, Stream
from cortex_tui.protocol.messages import (
    ClockKnown,
    LogLine,
    MachineChanged,
    MachineState,
    Message,
    RunnerPlaced,
)
from cortex_tui.protocol.plan import SessionPlan

_END_S = 10.0
"""How long the end of a runner is waited for: its folders may be large."""
_RETURN_S = 1.0
"""How long an agent may take to connect again that is there and was not asked to end."""
_PIECE_BYTES = 256 * 1024
_UNDERWAY_BYTES = 4 * 1024 * 1024
"""Of code that is sent, before it is waited for what has arrived."""

A = TypeVar("A", bound=msgspec.Struct)


class Member:
    """On the intake's loop."""

    def __init__(self, machine: Machine, server: LinkServer, settings: ClusterSettings) -> None:
        self.name = machine.name
        self.lost = ""
        """Why it is lost; "" while it is not."""
        self.ready: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        """Has a result when its agent has connected and its clock is known."""
        self.clock = MachineClock(lambda probe: self.send(Probe(probe)), self._note_jump)
        self._probing: asyncio.Task[None] | None = None
        self._left = ""
        """Why what has started its agent is gone; "" while it is not."""
        self._machine = machine
        self._server = server
        self._settings = settings
        self._link = server.expect(agent_channel(machine.name), self._receive, self._changed)
        self._answers: dict[type[msgspec.Struct], asyncio.Future[Any]] = {}
        self._code, self._code_folder = UserCode(), ""
        """Of the session, and where it is on the machine."""
        self._runners: dict[str, RemoteRunner] = {}
        self._opened = 0
        self._silent_beats = 0
        self._seen_ns = 0
        """When it gave the newest sign of life."""
        self._silent_since_ns: int | None = None
        self.clock.watch(lambda _: self._deliver(self.clock_known()))

    async def start(self) -> None:
        """Starts its agent. Raises ClusterError."""
        ticket = self._server.ticket(self.name)
        ticket = msgspec.structs.replace(ticket, lost_after_ns=self._settings.lost_after_ns)
        await self._machine.start_agent(ticket)
        self._machine.lost.add_done_callback(self._note_lost)

    def send(self, message: ToAgent) -> None:
        self._link.send(encode(message))

    def close(self) -> None:
        """Has its agent end, and takes nothing from it any more."""
        self.lost = self.lost or "it is not needed any more"
        self._link.close(self.lost)

    # --- how it fares ---------------------------------------------------------------------------

    def look(self) -> None:
        """Sees whether there was a sign of life; to be called every BEAT_S.

        Calls are counted, not time: after a time in which this process did nothing, what waits to
        be read is read first.
        """
        if self.lost or not self.ready.done():
            return
        if self._link.received_ns != self._seen_ns:
            self._seen_ns, self._silent_beats = self._link.received_ns, 0
            if self._silent_since_ns is not None:
                since_ns, self._silent_since_ns = self._silent_since_ns, None
                self._report("connected", since_ns)
            return
        self._silent_beats += 1
        if self._silent_beats == SILENT_BEATS:
            self._silent_since_ns = self._seen_ns
            self._report("silent", self._seen_ns)
        lost_after_s = self._settings.lost_after_ns / 1e9
        if self._silent_beats * BEAT_S >= lost_after_s:
            self._lose(f"it sent nothing for {lost_after_s:g} s")

    def _changed(self, state: LinkState) -> None:
        if isinstance(state, Ended):
            self._lose(state.reason)
        else:
            self._lose_if_left()

    def _note_lost(self, lost: asyncio.Future[str]) -> None:
        if lost.cancelled():
            return
        self._left = lost.result()
        if self._machine.lost_is_certain:
            self._lose(self._left)
        else:
            self._lose_if_left()

    def _lose_if_left(self) -> None:
        """What started the agent is gone, and the agent's own connection was closed there: unless
        it makes another one at once, it is gone, too."""

        state = self._link.state
        if not (self._left and isinstance(state, Broken) and state.closed):
            return
        closed_ns = state.since_ns

        def lose() -> None:
            now = self._link.state
            if isinstance(now, Broken) and now.since_ns == closed_ns:
                self._lose(self._left)

        asyncio.get_running_loop().call_later(_RETURN_S, lose)

    def _lose(self, reason: str) -> None:
        """From now on nothing is taken from it."""
        if self.lost:
            return
        self.lost = reason
        if not self.ready.done():
            self.ready.set_exception(ClusterError(f"machine {self.name} was lost: {reason}"))
            self.ready.exception()  # nobody may wait for it
        self._report("lost", time.perf_counter_ns(), reason)
        self._stop_probing()
        self._link.close(f"this machine counts as lost: {reason}")
        for runner in self._runners.values():
            runner.end(f"machine {self.name} was lost: {reason}")
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ClusterError(f"machine {self.name} was lost: {reason}"))

    def _report(self, state: MachineState, since_ns: int, reason: str = "") -> None:
        changed = MachineChanged(
            machine=self.name,
            state=state,
            reason=reason,
            since_ns=since_ns,
            at_ns=time.perf_counter_ns(),
        )
        for runner in self._runners.values():
            runner.stream.blocked = BLOCKED if state == "connected" else "its machine is silent"
        self._deliver(changed)

    # --- before a session -----------------------------------------------------------------------

    @property
    def installed(self) -> Installed:
        """What it measures with, once it is ready."""
        return self.ready.result().installed

    async def give_code(self, code: UserCode) -> None:
        """Has the code of the next session unpacked there. Raises ClusterError."""
        self._code, self._code_folder = code, ""
        bundle = code.bundle
        if bundle is None:
            return
        found = await self._ask(OfferCode(bundle.digest), CodeState)
        if not found.folder:
            *pieces, last = range(0, len(bundle.packed), _PIECE_BYTES)
            for at in pieces:
                self.send(CodePiece(bundle.digest, bundle.packed[at : at + _PIECE_BYTES], False))
                if self._link.unacknowledged > _UNDERWAY_BYTES:
                    await self._link.drained()
            rest = CodePiece(bundle.digest, bundle.packed[last:], True)
            found = await self._ask(rest, CodeState)
        if found.error:
            raise ClusterError(f"machine {self.name}: {found.error}")
        self._code_folder = found.folder

    def forget_code(self) -> None:
        """To be called when a session is over. The machine keeps what it has unpacked."""
        self._code, self._code_folder = UserCode(), ""

    async def describe(self) -> Mapping[str, Any]:
        """The facts of its environment. Raises ClusterError."""
        return (await self._ask(Describe(), Described)).facts

    async def _ask(self, question: ToAgent, kind: type[A]) -> A:
        """Its answer, which is of that kind; one question of a kind at a time."""
        if self.lost:
            raise ClusterError(f"machine {self.name} was lost: {self.lost}")
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._answers[kind] = answer
        self.send(question)
        return await answer

    # --- its clock ------------------------------------------------------------------------------

    def _stop_probing(self) -> None:
        if self._probing is not None:
            self._probing.cancel()

    def _note_jump(self, by_ns: int) -> None:
        text = (
            f"the clock of machine {self.name} was set, or stood still: it went "
            f"{abs(by_ns) / 1e9:.3f} s {'ahead' if by_ns > 0 else 'back'}; what it measured until "
            "then may lie in the wrong place on the timeline"
        )
        self._deliver(LogLine(-1, "runner", text, time.perf_counter_ns()))

    def clock_known(self) -> ClockKnown:
        """How well its clock is known, once it is ready."""
        now_ns = time.perf_counter_ns()
        return ClockKnown(self.name, self.clock.bound_ns or 0, self.clock.map, now_ns)

    def _deliver(self, message: Message) -> None:
        """Reports something to the session that has runners here; all of them are in one."""
        for runner in list(self._runners.values())[:1]:
            runner.stream.deliver([message])

    # --- its runners ----------------------------------------------------------------------------

    @asynccontextmanager
    async def open_runner(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        """The part of the plan's `runner`, on this machine. Raises ClusterError where it is
        lost."""
        if self.lost:
            raise ClusterError(f"machine {self.name} was lost: {self.lost}")
        self._opened += 1
        channel = f"{self.name} runner {self._opened}"
        folder = self.ready.result().folder
        there = MachineFolders(
            code=self._code_folder,
            scratch=f"{folder}/scratch-{self._opened}",
            cache=f"{folder}/cache",
            python_path=self.installed.python_path,
        )
        moved = plan_at(plan, self._code, there)
        runner = RemoteRunner(
            self._server,
            channel,
            clock=self.clock,
            code=self._code_folder,
            kill=self._killer(channel),
        )
        self._runners[channel] = runner
        now_ns = time.perf_counter_ns()
        runner.stream.deliver(
            [RunnerPlaced(each, self.name, now_ns) for each in plan.group or (plan.runner,)]
        )
        if self._silent_since_ns is not None:
            self._report("silent", self._silent_since_ns)
        self.send(StartRunner(channel))
        runner.start(moved)
        try:
            yield runner.stream
        finally:
            self.send(EndRunner(channel))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await runner.ended.wait()
            runner.close()
            del self._runners[channel]

    def _killer(self, channel: str) -> Callable[[str], None]:
        def kill(reason: str) -> None:
            if self._silent_since_ns is not None:
                self._lose(f"it was silent, and {reason}")
            else:
                self.send(KillRunner(channel, reason))

        return kill

    def _be_ready(self, ready: Ready) -> None:
        if not self.ready.done():
            self.ready.set_result(ready)

    def _receive(self, body: bytes) -> None:
        match decode_from_agent(body):
            case Ready() as ready:
                self._seen_ns = self._link.received_ns
                if self._probing is None:
                    self._probing = asyncio.ensure_future(self.clock.keep())
                    self.clock.known.add_done_callback(lambda _: self._be_ready(ready))
            case CodeState() | Described() as answer:
                waiting = self._answers.pop(type(answer), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
            case ProbeAnswer(id, received_ns, sent_ns):
                self.clock.answered(id, received_ns, sent_ns)
            case Report(text):
                line = f"machine {self.name}: {text}"
                self._deliver(LogLine(-1, "runner", line, time.perf_counter_ns()))
            case RunnerEnded(channel):
                if channel in self._runners:
                    self._runners[channel].note_ended()
