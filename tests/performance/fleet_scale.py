"""How many runners' streams one intake takes, what that costs, and how late its views are.

Streams are simulated: what a runner sends ten times a second, over a link of its own, without the
runner. All else is what a session has: links, the fleet's merging, the fold, and a view four times
a second. Senders and intake share this machine.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.fleet import open_fleet
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
"""Operations in each message: 200 a second of each runner."""
SENDERS = 2


@dataclass
class Taken:
    """What came of one measurement."""

    messages_per_s: float
    """Messages with values, over the time in which they came."""
    offered_per_s: float
    cores: float
    """Processor time of the intake over that time."""
    late_ns: int
    """How old the values of a view's newest message were when the view was made, at the median."""
    memory_mb: float
    operations: int


def taken(streams: int, seconds: float) -> Taken:
    return asyncio.run(_taken(streams, round(seconds * 1e9 / INTERVAL_NS)))


async def _taken(streams: int, intervals: int) -> Taken:
    server = LinkServer()
    await server.start("127.0.0.1")

    @asynccontextmanager
    async def open_one(plan: SessionPlan) -> AsyncIterator[Stream]:
        stream = Stream(lambda request: None, lambda reason: None)
        frames = FrameReader()

        def receive(body: bytes) -> None:
            for frame in frames.feed(body):
                stream.deliver(decode_messages(frame))

        link = server.expect(channel_of(plan.runner), receive, lambda state: None)
        try:
            yield stream
        finally:
            link.close()

    with tempfile.TemporaryDirectory() as scratch:
        profile = Profile(
            suite="performance", name="streams", workload="a:b",
            load=ClosedLoad(workers=streams), stop=Length(INTERVAL_NS * intervals),
        )  # fmt: skip
        runs = (RunPlan(0, profile, runners=tuple(range(streams))),)
        plan = SessionPlan(session="scale", runs=runs, scratch=scratch, cache=scratch)
        fold = SessionFold(plan, "cluster", "2026-01-01T00:00:00Z")
        begun = start_senders(server.ticket("here"), streams, VALUES, intervals, SENDERS)
        newest_ns, first_ns, last_ns, messages, lates_ns = 0, 0, 0, 0, list[int]()
        cpu_ns = first_cpu_ns = 0

        async def look() -> None:
            while True:
                await asyncio.sleep(VIEW_S)
                if newest_ns:
                    fold.view(time.perf_counter_ns(), stored=True, store_error="")
                    lates_ns.append(time.perf_counter_ns() - newest_ns)

        looking = asyncio.ensure_future(look())
        async with open_fleet(plan, open_one) as stream:
            async for batch in stream:
                samples = [message for message in batch if isinstance(message, Samples)]
                for message in joined(batch):
                    fold.apply(message)
                if samples:
                    if not first_ns:
                        first_ns, first_cpu_ns = time.perf_counter_ns(), time.process_time_ns()
                    messages += len(samples)
                    newest_ns = max(message.at_ns for message in samples)
                    last_ns, cpu_ns = time.perf_counter_ns(), time.process_time_ns()
        looking.cancel()
        for process in begun:
            process.join()
        await server.close()
    assert fold.finished, fold.died
    operations = fold.runs[0].operations
    assert operations == streams * VALUES * intervals, operations
    return Taken(
        messages_per_s=messages / ((last_ns - first_ns) / 1e9),
        offered_per_s=streams * 1e9 / INTERVAL_NS,
        cores=(cpu_ns - first_cpu_ns) / (last_ns - first_ns),
        late_ns=round(median(lates_ns)),
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        operations=operations,
    )


def main() -> None:
    measurements = Measurements("What one intake takes of a large fleet.")
    seconds = 4.0 if measurements.quick else 20.0
    for streams in (10, 100, 1_000):
        print(streams, taken(streams, seconds))
    measurements.exit()


if __name__ == "__main__":
    main()
