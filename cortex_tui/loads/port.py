"""What a load is: the one interface behind which all loads are interchangeable.

A load is a frozen struct in a module of its own, with its keys in TOML, its wording, its levels
over time, and the name of what starts its operations. `registry.py` lists the loads that there are.
Nothing outside asks which load it has before it, only what that load can do.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple, Self, cast

import msgspec

from cortex_tui.limits import MAX_RATE_PER_S, MAX_WORKERS
from cortex_tui.loads.levels import Levels, Segment
from cortex_tui.quantities import format_count
from cortex_tui.toml.reading import Keys

Arrivals = Literal["constant", "poisson"]


class ArrivalRules(NamedTuple):
    """How a load with a schedule starts its operations."""

    arrivals: Arrivals
    max_in_flight: int
    """An arrival that finds as many operations under way is counted as unstarted."""
    precise: bool
    """Whether the loop turns for the last moments before an arrival."""


class WorkerRules(NamedTuple):
    """How a load with workers starts its operations."""

    think_time_ns: int
    """How long a worker rests after each operation."""


class Load:
    """How the operations of a run are started.

    A subclass is a frozen `msgspec.Struct` too, whose tag `model` is its name on the wire, in the
    store and in JSON.
    """

    __slots__ = ()

    key: ClassVar[str]
    """The key in TOML that every load of this kind has, and no other kind."""
    example: ClassVar[str]
    """The least that is to be written, for messages."""
    keys: ClassVar[Keys]
    """All keys of such a load; one that other loads have too is the same `Key` there."""

    @classmethod
    def read(cls, keys: dict[str, Any], path: str) -> Self:
        """The load of these keys, read one by one already; raises RefusedError.

        `path` is that of the key `load`.
        """
        raise NotImplementedError  # each kind of load has its own

    @property
    def shared_by(self) -> int:
        """How many runner processes share it; one for a load that cannot be shared."""
        processes: int = getattr(self, "processes", 1)
        return processes

    def among(self, processes: int) -> Self:
        """The same load, shared by that many."""
        if processes == self.shared_by:
            return self
        replaced = msgspec.structs.replace(cast("msgspec.Struct", self), processes=processes)
        return cast("Self", replaced)

    def idle_among(self, processes: int) -> str:
        """Why it cannot be shared by that many processes; "" where each of them has a part."""
        if processes > 1 and not hasattr(self, "processes"):
            return "such a load cannot be shared"
        rules = self.arrival_rules
        if rules is None:
            most, what = round(self.levels().most), "workers"
        else:
            most, what = rules.max_in_flight, "max_in_flight"
        if processes <= most:
            return ""
        return f"expected at most as many as {what} ({most:,}), got {processes:,}"

    # --- what it can do -----------------------------------------------------------------------

    @property
    def arrival_rules(self) -> ArrivalRules | None:
        """None where operations do not start on a schedule."""
        return None

    @property
    def worker_rules(self) -> WorkerRules | None:
        """None where there are no workers."""
        return None

    @property
    def has_schedule(self) -> bool:
        """Whether operations start on a schedule, so that response time and lateness exist."""
        return self.arrival_rules is not None

    @property
    def has_workers(self) -> bool:
        """Whether workers start operations, so that each can have an operation of its own."""
        return self.worker_rules is not None

    @property
    def driver(self) -> str:
        """What starts its operations, as `module:attribute` (see `runner/driver.py`).

        A name, so that who only lists profiles imports no event loop.
        """
        if self.has_schedule:
            return "cortex_tui.runner.open:OpenDriver"
        return "cortex_tui.runner.closed:ClosedDriver"

    @property
    def cautions(self) -> tuple[str, ...]:
        """What somebody must know before believing what such a load measures."""
        rules = self.arrival_rules
        if rules is None or not rules.precise:
            return ()
        return (
            "precise: the loop turns before each arrival, which takes time from its neighbours",
        )

    # --- over time ----------------------------------------------------------------------------

    @property
    def duration_ns(self) -> int | None:
        """How long it lasts by itself; None where the profile's stop rule decides that."""
        return None

    def segments(self, start_ns: int) -> list[Segment]:
        """Its levels from `start_ns` on."""
        raise NotImplementedError  # each kind of load has its own

    def levels(self, start_ns: int = 0) -> Levels:
        return Levels(self.segments(start_ns))

    def most_operations(self, duration_ns: int) -> float | None:
        """How many operations can start within a time at most; None where only their own times
        bound that."""
        workers = self.worker_rules
        if workers is not None and not workers.think_time_ns:
            return None
        units = sum(
            segment.units(min(duration_ns, segment.end_ns or duration_ns))
            for segment in self.segments(0)
            if segment.start_ns < duration_ns
        )
        if workers is None:
            return units
        # Seconds of workers over their rest, and the first operation of each, which has none.
        return units * 1e9 / workers.think_time_ns + self.levels().most

    def steady(self) -> Load:
        """The load to warm up with, whose level does not change."""
        return self

    def stretched(self, duration_ns: int) -> Load:
        """The load for a measure phase of that length."""
        return self

    def adjusted(self, level: float, factor: float) -> float:
        """What becomes of a level that a person multiplies, within the bounds of all loads.

        Workers change by one at least, and one is left in each process that shares the load.
        """
        if self.has_schedule or not level:
            return min(level * factor, MAX_RATE_PER_S)
        now, wanted = round(level), round(level * factor)
        wanted = max(wanted, now + 1) if factor > 1 else min(wanted, now - 1)
        return min(max(min(now, self.shared_by), wanted), MAX_WORKERS)

    # --- in words -----------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """In the few words that a row of a table has room for, such as `500/s poisson`."""
        raise NotImplementedError  # each kind of load has its own

    @property
    def lines(self) -> tuple[str, ...]:
        """In full."""
        raise NotImplementedError  # each kind of load has its own

    @property
    def unit(self) -> str:
        """What stands behind a level."""
        return "/s" if self.has_schedule else " workers"

    def level_text(self, level: float) -> str:
        """A level of this load: `500/s`, or `4 workers`."""
        if level == 1 and not self.has_schedule:
            return "1 worker"
        return f"{format_count(level)}{self.unit}"
