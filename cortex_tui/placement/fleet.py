"""A session of several runners: a process each, and one stream of all.

Runs begin, warm up, measure and end together over all processes: whoever arrives at a barrier waits
until every other has, and all continue at one moment. Processes of a machine share the clock; what
goes to another machine and comes from there is moved to its clock, and back, by `open_one`.

A runner is started when its first runs are next and ends with its last, so that a comparison of
variants in many rounds has a fresh process for each: what is particular to one process (where its
objects lie, the seed of its hashes) then differs between rounds, and does not pass for a difference
between variants.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from cortex_tui.placement.gathering import Gathering
from cortex_tui.placement.merging import SessionMerge
from cortex_tui.placement.port import Stream
from cortex_tui.placement.silence import SILENT_NS, Silence
from cortex_tui.protocol.commands import Release, Request, Stop, ToRunner
from cortex_tui.protocol.messages import (
    LogLine,
    Message,
    RunFinished,
    RunnerDied,
    ShardChanged,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.quantities import format_seconds

TOGETHER_NS = 20_000_000
"""How long before its moment a release or a command is sent to runners of this machine."""

GATHERED_FROM = 32
"""From that many runners on, their values wait for one another: each is seen up to 50 ms later."""

_LOOK_S = 0.25
_OWN = -1
"""The number of commands that nobody waits for."""

Open = Callable[[SessionPlan], AbstractAsyncContextManager[Stream]]


@asynccontextmanager
async def open_fleet(
    plan: SessionPlan,
    open_one: Open,
    lead_ns: Callable[[], int] = lambda: TOGETHER_NS,
    groups: Mapping[int, tuple[int, ...]] | None = None,
) -> AsyncIterator[Stream]:
    """The session of all runners of the plan; `open_one` starts the one of a plan's `runner`, and
    all of its `group`.

    `lead_ns` is asked how long before its moment something is to be sent, so that all runners have
    received it by then. All times are on this program's clock.
    """
    async with running(Fleet(plan, open_one, lead_ns, groups=groups)) as stream:
        yield stream


@asynccontextmanager
async def running(fleet: Fleet) -> AsyncIterator[Stream]:
    """Starts the runners in their turn; nothing of them is left behind."""
    fleet.advance()
    looking = asyncio.ensure_future(fleet.watch_silence())
    try:
        yield fleet.stream
    finally:
        looking.cancel()
        await fleet.close()


class Fleet:
    """The runners that are there now. On one event loop."""

    def __init__(
        self,
        plan: SessionPlan,
        open_one: Open,
        lead_ns: Callable[[], int] = lambda: TOGETHER_NS,
        *,
        members: Iterable[int] | None = None,
        groups: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        """`members` are the runners that belong to it, all of the plan if None. Of each of the
        `groups` the first is started, and stands for the others."""
        self._plan = plan
        self._open_one = open_one
        self._lead_ns = lead_ns
        self._groups = groups or {}
        represented = {runner for group in self._groups.values() for runner in group[1:]}
        self._all = set(plan.runner_numbers if members is None else members) - represented
        # A part of a fleet joins what it sends, so of parts nothing is joined once more.
        gathers = members is not None or (len(self._all) >= GATHERED_FROM and not self._groups)
        kind = Gathering if gathers else Stream
        self.stream: Stream = kind(self._send, self._kill)
        self._merge = SessionMerge(plan, self._all, self._groups)
        self._parts: defaultdict[int, list[RunPlan]] = defaultdict(list)
        """By runner, the groups of runs in which it has a part: what it is given of the plan, so
        that one that measures a round does not have to read all rounds."""
        for group in plan.groups:
            for runner in self._all & {runner for run in group for runner in run.runners}:
                self._parts[runner] += group
        self._begun: set[int] = set()
        """Those that were started, or never will be."""
        self._streams: dict[int, Stream] = {}
        self._early: dict[int, list[ToRunner]] = {}
        """Commands for runners that are not there yet."""
        self._lives: dict[int, asyncio.Task[None]] = {}
        self._ending: set[int] = set()
        """Those whose stream has ended, and that are being cleared away."""
        self._silence = Silence()
        self._stopping: defaultdict[int, set[int]] = defaultdict(set)
        """By run, the runners that were asked to stop it, since a part of it was lost."""
        self._stopped_ns: int | None = None

    async def watch_silence(self) -> None:
        """Reports runners that send nothing, and kills those that do not stop when they are asked
        to, until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now_ns, busy = time.perf_counter_ns(), self._merge.busy() & set(self._streams)
            for runner in self._silence.begun(busy, now_ns):
                why = self._streams[runner].blocked
                what = f"has sent nothing for {SILENT_NS / 1e9:g} s: {why}"
                self.stream.deliver(self._merge.shards.silence(runner, what, now_ns, silent=True))
            if self._stopped_ns is None or now_ns - self._stopped_ns < SILENT_NS:
                continue
            for runner in busy:
                if self._silence.lasts_ns(runner, now_ns) > SILENT_NS:
                    stream = self._streams[runner]
                    stream.kill(
                        f"it was asked to stop and did not answer for {SILENT_NS / 1e9:g} s "
                        f"({stream.blocked}), so it was killed"
                    )

    def advance(self) -> None:
        """Starts the runners whose turn it is, when those have ended that have nothing left to
        do: their end must not disturb what is measured."""
        if any(not self._merge.has_more(runner) for runner in self._lives):
            return
        for runner in sorted(self._merge.turn() - self._begun):
            self._begun.add(runner)
            self._lives[runner] = asyncio.ensure_future(self._live(runner))

    async def close(self) -> None:
        self._begun |= self._all
        lives = dict(self._lives)
        for runner, life in lives.items():
            # One that is ending by itself leaves nothing behind only if it is let.
            if runner not in self._ending:
                life.cancel()
        await asyncio.gather(*lives.values(), return_exceptions=True)

    async def _live(self, runner: int) -> None:
        """One runner from its start to its end."""
        # Each has databases of its own.
        scratch = os.path.join(self._plan.scratch, f"process-{runner + 1}")
        runs = tuple(self._parts[runner])
        own = msgspec.structs.replace(
            self._plan, runner=runner, runs=runs, fleet=True, scratch=scratch,
            group=self._groups.get(runner, ()),
        )  # fmt: skip
        own = msgspec.structs.replace(own, loop=own.spec.loop or self._plan.loop)
        try:
            os.makedirs(scratch, mode=0o700, exist_ok=True)
            async with self._open_one(own) as stream:
                self._streams[runner] = stream
                for request in self._early.pop(runner, ()):
                    stream.send(request)
                async for batch in stream:
                    if not self._merged(runner, batch):
                        break
                self._ending.add(runner)
        except Exception as error:
            reason = f"it could not be started: {error}"
            self._merged(runner, [RunnerDied(reason, time.perf_counter_ns())])
        finally:
            self._streams.pop(runner, None)
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
            self._lives.pop(runner, None)
            self.advance()

    def _merged(self, runner: int, batch: list[Message]) -> bool:
        """Takes messages in; whether that could be done."""
        try:
            self._take(runner, batch)
        except Exception as error:
            # Without this stream the others would wait for ever, and so would the reader of all.
            reason = f"the messages of process {runner + 1} could not be merged: {error!r}"
            self._kill(reason)
            self.stream.deliver([RunnerDied(reason, time.perf_counter_ns())])
            return False
        return True

    def _take(self, runner: int, batch: list[Message]) -> None:
        now_ns = time.perf_counter_ns()
        merged = [each for message in batch for each in self._merge.take(runner, message)]
        died = any(isinstance(message, RunnerDied) for message in batch)
        # What is printed, such as by a thread, is no answer of the event loop.
        answers = any(not isinstance(m, LogLine) or m.stream == "runner" for m in batch)
        silent_ns = self._silence.received(runner, now_ns) if answers else None
        if silent_ns is not None and not died:
            what = f"answers again after {format_seconds(silent_ns, 1)}"
            merged += self._merge.shards.silence(runner, what, now_ns, silent=False)
        if merged:
            self.stream.deliver(merged)
        for barrier, waiting in self._merge.released().items():
            self._release(barrier, waiting)
        for message in merged:
            if isinstance(message, ShardChanged) and message.state == "lost":
                self._stop_what_lost(message.run)
        if any(isinstance(message, RunFinished | RunnerDied) for message in batch):
            self.advance()

    def _release(self, barrier: str, waiting: set[int]) -> None:
        """Nobody is missing any more."""
        self._continue(Release(barrier, time.perf_counter_ns() + self._lead_ns()), waiting)

    def _continue(self, release: Release, waiting: set[int]) -> None:
        for runner in waiting & set(self._streams):
            self._streams[runner].send(release)

    def _send(self, request: ToRunner) -> None:
        if not isinstance(request, Request):
            return
        command = request.command
        if command == Stop():
            self._stopped_ns = self._stopped_ns or time.perf_counter_ns()
            self._start_no_more()
        runners = self._merge.runners_of(command.run)
        if command.run is None:
            runners &= self._begun
        if len(runners) > 1:
            request = self._together(request)
        self._merge.ask(request.id, runners)
        self._send_to(runners, request)

    def _stop_what_lost(self, run: int) -> None:
        """Ends a run of which a part was lost on all its runners, if its profile has it so."""
        if self._merge.stops_when_lost(run) and (runners := self._merge.left_in(run)):
            request = self._together(Request(_OWN, Stop(run)))
            self._send_to(runners - self._stopping[run], request)
            self._stopping[run] |= runners

    def _together(self, request: Request) -> Request:
        """With the moment at which all do it."""
        at_ns = time.perf_counter_ns() + self._lead_ns()
        return msgspec.structs.replace(request, apply_at_ns=at_ns)

    def _send_to(self, runners: Iterable[int], request: ToRunner) -> None:
        """Now, or when they have been started."""
        for runner in runners:
            if (stream := self._streams.get(runner)) is not None:
                stream.send(request)
            else:
                self._early.setdefault(runner, []).append(request)

    def _start_no_more(self) -> None:
        never = self._all - self._begun
        self._begun |= never
        ended = self._merge.without(never, time.perf_counter_ns())
        if ended:
            self.stream.deliver(ended)

    def _kill(self, reason: str) -> None:
        for stream in self._streams.values():
            stream.kill(reason)
        self._start_no_more()
