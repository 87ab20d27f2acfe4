"""What starts the operations of a phase, as the run's load says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from cortex_tui.loads.port import Load
from cortex_tui.loads.share import Share
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import ActivePhase
from cortex_tui.runner.timer import ArrivalTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverTask:
    """What a driver has to do in one phase of a run, and what it has for that."""

    load: Load
    share: Share
    """The part of the load that is this runner's."""
    phase: ActivePhase
    operations: Operations
    indices: Iterator[int]
    """What the operations are given, those of this share."""
    iterations: int | None
    """How many operations all runners together are to start; None where time ends the phase."""
    seed: int
    timeout_ns: int | None
    turns: LoopTurns
    timer: ArrivalTimer


class Driver(Protocol):
    """Starts the operations of one phase. All on the measuring loop."""

    def begin(self) -> None: ...
    @property
    def level(self) -> float:
        """The level of the whole load now, whatever this runner's share in it is."""
        ...

    def started_ns(self) -> Sequence[int]:
        """When each operation under way began."""
        ...

    @property
    def next_start_ns(self) -> int | None:
        """When it starts its next operation; None where that is whenever one has ended."""
        ...

    def pause(self) -> None: ...
    def put_off(self, by_ns: int, from_ns: int) -> None:
        """Moves what is to come after `from_ns`: after a pause, or a little, also back, to follow
        the session's clock."""
        ...

    def adjust(self, factor: float, at_ns: int) -> None:
        """Multiplies the level from that moment on, which may have passed."""
        ...

    async def finish(self) -> None:
        """Starts nothing new any more."""
        ...


def make_driver(task: DriverTask) -> Driver:
    """The driver that the load names."""
    return find_driver(task.load.driver)(task)


@cache
def find_driver(name: str) -> Callable[[DriverTask], Driver]:
    """What makes the driver of that name. Its module is imported, which takes 2 ms the first time:
    not to be done when a phase is to begin."""
    module, _, attribute = name.partition(":")
    return cast("Callable[[DriverTask], Driver]", getattr(import_module(module), attribute))
