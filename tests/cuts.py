"""Where several runners have really begun, and really cut their intervals.

A workload notes the wall clock before and after each operation; that clock is the same for all
processes of this machine, however wrong the clock is that they measure with. With the number of
operations in each interval, which the runner reports, each cut lies between two of those notes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from cortex_tui.protocol.messages import Message, Samples

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
