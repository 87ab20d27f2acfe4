"""How many runners' streams one intake takes, what that costs, and how late its views are.

Streams are simulated: what a runner sends ten times a second, over a link of its own, without the
runner. All else is what a session has: links, the fleet's merging, the fold, and a view four times
a second. Where agents merge what their runners send, a stream is that of 100 runners. Senders and
intake share this machine, which should have nothing else to do.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.fleet import open_fleet
from cortex_tui.placement.groups import groups_of
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.frames import FrameReader, decode_messages
from cortex_tui.protocol.joining import joined
from cortex_tui.protocol.messages import Samples
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.session_fold import SessionFold
from tests.performance._measure import Measurements
from tests.performance._streams import INTERVAL_NS, channel_of, start_senders

VIEW_S = 0.25
VALUES = 20
"""Operations of a runner in an interval: 200 a second."""
SENDERS = 2
MERGED = 100
"""Runners whose agent merges what they send."""


@dataclass(frozen=True)
class Taken:
    """What came of one fleet."""

    messages_per_s: float
    """Messages with values, over the time in which they came."""
    operations_per_s: float
    """Over that time."""
    offered_per_s: float
    cores: float
    """Processor time of the intake over that time."""
    late_ns: int
    """How old values were when a view could have them, at p99: of those that were joined, the
    newest; others are up to GATHER_S older."""
    memory_mb: float
    """At its most."""


def taken(runners: int, group: int, seconds: float) -> Taken:
    """In a process of its own: its memory is that of one fleet."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measured, runners, group, seconds).result()


def _measured(runners: int, group: int, seconds: float) -> Taken:
    return asyncio.run(_taken(runners, group, round(seconds * 1e9 / INTERVAL_NS)))


async def _taken(runners: int, group: int, intervals: int) -> Taken:
    server = LinkServer()
    await server.start("127.0.0.1")

    @asynccontextmanager
    async def open_one(plan: SessionPlan) -> AsyncIterator[Stream]:
        stream = Stream(lambda request: None, lambda reason: None)
        frames = FrameReader()

        def receive(body: bytes) -> None:
            for frame in frames.feed(body):
                messages = decode_messages(frame)
                seen.received(sum(isinstance(message, Samples) for message in messages))
                stream.deliver(messages)

        channel = channel_of(plan.runner // group)
        link = server.expect(channel, receive, lambda state: None)
        try:
            yield stream
        finally:
            link.close()

    with tempfile.TemporaryDirectory() as scratch:
        profile = Profile(
            suite="performance", name="streams", workload="a:b",
            load=ClosedLoad(workers=runners), stop=Length(INTERVAL_NS * intervals),
        )  # fmt: skip
        runs = (RunPlan(0, profile, runners=tuple(range(runners))),)
        plan = SessionPlan(session="scale", runs=runs, scratch=scratch, cache=scratch)
        groups = groups_of(plan, lambda runner: runner // group, 2)
        senders = start_senders(
            server.ticket("here"), runners // group, VALUES, intervals, group=group, senders=SENDERS
        )
        fold = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z")
        seen = _Seen(fold)
        looking = asyncio.ensure_future(seen.look())
        async with open_fleet(plan, open_one, groups=groups) as stream:
            async for batch in stream:
                for message in joined(batch):
                    fold.apply(message)
                seen.take([message for message in batch if isinstance(message, Samples)])
        looking.cancel()
        for sender in senders:
            sender.join()
        await server.close()
    assert fold.finished, fold.died
    operations = fold.runs[0].operations
    assert operations == runners * VALUES * intervals, "values were lost, or counted twice"
    return seen.summary(operations, runners * VALUES * 1e9 / INTERVAL_NS)


class _Seen:
    """How fast messages come, and how late they are seen."""

    def __init__(self, fold: SessionFold) -> None:
        self._fold = fold
        self._messages = 0
        self._first = self._last = (0, 0)
        """Time and processor time, in ns, at the first and last message."""
        self._ages_ns: list[int] = []

    def received(self, messages: int) -> None:
        self._messages += messages

    def take(self, samples: list[Samples]) -> None:
        if samples:
            self._last = time.perf_counter_ns(), time.process_time_ns()
            self._first = self._first if self._ages_ns else self._last
            now_ns = time.perf_counter_ns()
            self._ages_ns += [now_ns - message.at_ns for message in samples]

    async def look(self) -> None:
        while True:
            await asyncio.sleep(VIEW_S)
            if self._ages_ns:
                self._fold.view(time.perf_counter_ns(), stored=True, store_error="")

    def summary(self, operations: int, offered_per_s: float) -> Taken:
        took_s = (self._last[0] - self._first[0]) / 1e9
        return Taken(
            messages_per_s=self._messages / took_s,
            operations_per_s=operations / took_s,
            offered_per_s=offered_per_s,
            cores=(self._last[1] - self._first[1]) / 1e9 / took_s,
            late_ns=sorted(self._ages_ns)[len(self._ages_ns) * 99 // 100],
            memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


def main() -> None:
    measurements = Measurements("What one intake takes of a large fleet.")
    seconds = 3.0 if measurements.quick else 20.0
    few = taken(10, 1, seconds)
    for runners, group, what in (
        (1_000, 1, "1,000 runners"),
        (10_000, MERGED, f"10,000 runners, merged by {10_000 // MERGED} agents"),
    ):
        if not measurements.wants(what):
            continue
        found = taken(runners, group, seconds)
        measurements.show(
            f"{what}: operations received a second, and sent", found.operations_per_s,
            found.offered_per_s, unit="operations/s",
        )  # fmt: skip
        measurements.ratio(
            f"{what}: age of values once they can be seen, p99, and time between views",
            found.late_ns / 1e6, VIEW_S * 1e3, unit="ms", goal=1.0,
        )  # fmt: skip
        measurements.show(
            f"{what}: processor of the intake, and with 10 runners", found.cores, few.cores,
            unit="cores",
        )  # fmt: skip
        measurements.show(
            f"{what}: messages a second, and with 10 runners", found.messages_per_s,
            few.messages_per_s, unit="messages/s",
        )  # fmt: skip
        measurements.show(
            f"{what}: memory of the intake, and with 10 runners", found.memory_mb, few.memory_mb,
            unit="MB",
        )  # fmt: skip
    measurements.exit()


if __name__ == "__main__":
    main()
