"""The closed load: workers that start their next operation when the last has ended."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from cortex_tui.limits import MAX_WORKERS
from cortex_tui.loads.levels import Segment
from cortex_tui.loads.port import Load, WorkerRules
from cortex_tui.loads.settings import (
    OF_WORKERS,
    processes_lines,
    processes_text,
    with_no_idle_process,
)
from cortex_tui.quantities import format_duration
from cortex_tui.toml.reading import Key, counts, read_count


class ClosedLoad(Load, msgspec.Struct, frozen=True, tag_field="model", tag="closed"):
    """Each of `workers` starts its next operation when its last one has ended.

    With a `think_time_ns`, only that long after it has ended.
    """

    workers: int = 1
    think_time_ns: int = 0
    processes: int = 1

    key = "workers"
    example = "{ workers = 1 }"
    keys = {
        "workers": Key(
            partial(read_count, at_most=MAX_WORKERS),
            counts(1, MAX_WORKERS),
            "Closed: workers, each starting its next operation when its last has ended.",
        ),
        **OF_WORKERS,
    }

    @classmethod
    def read(cls, keys: dict[str, Any], path: str) -> ClosedLoad:
        think_time_ns, processes = keys.get("think_time", 0), keys.get("processes", 1)
        return with_no_idle_process(ClosedLoad(keys["workers"], think_time_ns, processes), path)

    @property
    def worker_rules(self) -> WorkerRules:
        return WorkerRules(self.think_time_ns)

    def segments(self, start_ns: int) -> list[Segment]:
        return [Segment(start_ns, None, self.workers, self.workers)]

    @property
    def text(self) -> str:
        think = f", think {format_duration(self.think_time_ns)}" if self.think_time_ns else ""
        return self.level_text(self.workers) + think + processes_text(self)

    @property
    def lines(self) -> tuple[str, ...]:
        workers = f"{self.level_text(self.workers)}, closed: cannot see queueing"
        think = f"think time {format_duration(self.think_time_ns)}"
        return (workers, *([think] if self.think_time_ns else []), *processes_lines(self))
