"""A load that the product does not have: a number of operations at once, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from cortex_tui.loads.levels import Segment
from cortex_tui.loads.port import Load
from cortex_tui.quantities import format_duration
from cortex_tui.runner.driver import DriverTask
from cortex_tui.toml.reading import DURATION, Key, counts, read_count, read_duration_ns


class BurstLoad(Load, msgspec.Struct, frozen=True, tag_field="model", tag="burst"):
    burst: int
    every_ns: int

    key = "burst"
    example = '{ burst = 8, every = "10ms" }'
    keys = {
        "burst": Key(lambda value, path: read_count(value, path, 1_000), counts(1, 1_000), "Size."),
        "every": Key(read_duration_ns, DURATION, "The time between two bursts."),
    }

    @classmethod
    def read(cls, keys: dict[str, Any], path: str) -> BurstLoad:
        return BurstLoad(keys["burst"], keys["every"])

    @property
    def driver(self) -> str:
        return f"{__name__}:BurstDriver"

    def segments(self, start_ns: int) -> list[Segment]:
        return [Segment(start_ns, None, self.burst, self.burst)]

    @property
    def text(self) -> str:
        return f"{self.burst} each {format_duration(self.every_ns)}"

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"bursts of {self.burst}", f"each {format_duration(self.every_ns)}")

    @property
    def unit(self) -> str:
        return " at once"


class BurstDriver:
    """Does as little as a driver may."""

    def __init__(self, task: DriverTask) -> None:
        assert isinstance(task.load, BurstLoad)
        self._load = task.load
        self._task = task
        self._indices = islice(task.indices, task.iterations)
        self._started: dict[int, int] = {}

    @property
    def level(self) -> float:
        return self._load.burst

    def begin(self) -> None:
        phase = self._task.phase
        if phase.over.is_set():
            return
        batch = list(islice(self._indices, self._load.burst))
        for i in batch:
            phase.spawn(self._operate(i), lambda: None)
        if len(batch) < self._load.burst:
            phase.over.set()
        else:
            self._task.timer.at(phase.clock() + self._load.every_ns, self.begin)

    async def _operate(self, i: int) -> None:
        phase = self._task.phase
        self._started[i] = start_ns = phase.clock()
        await asyncio.ensure_future(self._task.operations.first.function())
        phase.recorder.record(start_ns, phase.clock())
        del self._started[i]

    def started_ns(self) -> Sequence[int]:
        return list(self._started.values())

    @property
    def next_start_ns(self) -> None:
        """A burst follows the last one whenever that has ended."""

    def pause(self) -> None: ...
    def put_off(self, by_ns: int, from_ns: int) -> None: ...
    def adjust(self, factor: float, at_ns: int) -> None: ...
    async def finish(self) -> None: ...
