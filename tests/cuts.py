"""Where several runners have really begun, and really cut their intervals.

A workload notes the wall clock before and after each operation; that clock is the same for all
processes of this machine, however wrong the clock is that they measure with. With the number of
operations in each interval, which the runner reports, each cut lies between two of those notes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, TypeVar

from cortex_tui.loads.port import Load
from cortex_tui.placement.port import Placement, Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import ClockKnown, Message, RunnerPlaced, Samples
from cortex_tui.protocol.plan import RunPlan, SessionPlan

M = TypeVar("M")

SOURCE = '''
import os
import time
from array import array
from cortex_tui import workload
from cortex_tui.workloads.context import current_run

@workload
async def noted(folder: str, busy_us: int = 20):
    """Notes when each operation begins and ends, by the wall clock."""
    notes = array("q")

    async def operation():
        notes.append(time.clock_gettime_ns(time.CLOCK_REALTIME))
        until_ns = notes[-1] + busy_us * 1_000
        while (now_ns := time.clock_gettime_ns(time.CLOCK_REALTIME)) < until_ns:
            pass
        notes.append(now_ns)

    yield operation
    # Of a cluster the machine's name, of runners on this machine the folder of the process.
    name = os.environ.get("NOTES") or current_run.get().scratch.name
    with open(f"{folder}/{name}.notes", "wb") as file:
        file.write(notes.tobytes())
'''


class Cut(NamedTuple):
    """When an interval ended, by the wall clock: between these; ns."""

    after_ns: int
    before_ns: int

    @property
    def middle_ns(self) -> int:
        return (self.after_ns + self.before_ns) // 2

    @property
    def width_ns(self) -> int:
        return self.before_ns - self.after_ns


class Notes:
    """Of one runner, which measured one run with one worker and without warm-up."""

    def __init__(self, file: Path, messages: Iterable[Message], runner: int) -> None:
        """`messages` are those of the session."""
        times = array("q", file.read_bytes())
        self._begun_ns, self._ended_ns = times[::2], times[1::2]
        counts: dict[int, int] = {}
        for message in messages:
            if isinstance(message, Samples) and message.runner == runner and message.service:
                count = len(message.service) // 8
                counts[message.interval] = counts.get(message.interval, 0) + count
        # The last one ends with the phase.
        self._counts = [counts.get(number, 0) for number in range(max(counts, default=0))]

    @property
    def first_ns(self) -> int:
        """When the first operation began."""
        return self._begun_ns[0]

    def cuts(self) -> list[Cut]:
        """The end of each interval but the last, in their order.

        The last operation of an interval was noted as ended before the cut; the first of the next
        one ended behind it, and that was before the operation after it was noted as begun.
        """
        return [
            Cut(self._ended_ns[before - 1], self._begun_ns[before + 1])
            for before in accumulate(self._counts)
            if 0 < before < len(self._begun_ns) - 1
        ]


class Noted:
    """A session with one run, without warm-up, that several runners share with a worker each."""

    def __init__(self, folder: Path) -> None:
        """Needs an empty folder."""
        self._folder = folder
        # What lies with the suite has another path on another machine.
        self._notes, self._suite = folder / "notes", folder / "suite"
        self._notes.mkdir()
        self._suite.mkdir()
        (self._suite / "noting.py").write_text(SOURCE, encoding="utf-8")
        self.messages: list[Message] = []
        self.notes: list[Notes] = []
        """Of each runner, at the end."""

    async def run(
        self,
        placement: Placement,
        load: Load,
        duration_ns: int,
        react: Callable[[Stream, Message], None] = lambda stream, message: None,
    ) -> None:
        """Measures in as many runners as the load says."""
        runners = tuple(range(load.shared_by))
        profile = Profile(
            suite="clocks",
            name="noted",
            workload="noting:noted",
            source=str(self._suite / "clocks.toml"),
            params={"folder": str(self._notes)},
            load=load,
            stop=Length(duration_ns=duration_ns),
        )
        plan = SessionPlan(
            session="clocks",
            runs=(RunPlan(0, profile, runners=runners),),
            scratch=str(self._folder / "scratch"),
            cache=str(self._folder / "cache"),
        )
        async with placement.open(plan) as stream:
            async for batch in stream:
                for message in batch:
                    self.messages.append(message)
                    react(stream, message)
        machines = {placed.runner: placed.machine for placed in self.of(RunnerPlaced)}
        names = [machines.get(runner, f"process-{runner + 1}") for runner in runners]
        self.notes = [
            Notes(self._notes / f"{name}.notes", self.messages, runner)
            for runner, name in enumerate(names)
        ]

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    def bound_ns(self) -> int:
        """How far the clocks of two machines may be apart, as it was stated meanwhile."""
        bounds: dict[str, int] = {}
        for known in self.of(ClockKnown):
            bounds[known.machine] = max(bounds.get(known.machine, 0), known.bound_ns)
        return sum(sorted(bounds.values())[-2:])
