"""A person who acts on a session while it runs, for tests of what they may do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Command, EndPhase, Pause, Resume
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event, Waiting

MS = 1_000_000
HOUR_NS = 3_600_000_000_000

SUBJECT = """
@workload
async def subject():
    async def operation(i):
        await reached(i)
    yield operation

async def neighbour():
    await asyncio.sleep(0)
"""

LOADS = [ClosedLoad(workers=3), OpenLoad(rate_per_s=2_000.0)]


class Person:
    """Gives commands when operations of certain numbers are reached, and looks at what happens."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._plans: dict[int, Callable[[], None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.started: list[int] = []
        """When each operation began."""
        bench.write(SUBJECT, reached=self.reached)

    async def reached(self, i: int) -> None:
        self.started.append(time.perf_counter_ns())
        if i in self._plans:
            self._plans.pop(i)()
        await asyncio.sleep(0)

    def at(self, i: int, *commands: Command) -> None:
        self.do_at(i, lambda: self.give(*commands))

    def do_at(self, i: int, action: Callable[[], None]) -> None:
        self._plans[i] = action

    def give(self, *commands: Command) -> None:
        for command in commands:
            self._bench.session.execute(command)

    def pause_at(self, i: int, for_ns: int, then: Command | None = None) -> list[tuple[int, int]]:
        """Pauses, and resumes after that time, or does what is to be done `then`; when that was."""
        return self.wait_at(i, Pause(), for_ns, then or Resume())

    def wait_at(self, i: int, first: Command, for_ns: int, then: Command) -> list[tuple[int, int]]:
        """Gives a command, and another after that time; when that was is in what is returned."""
        waits: list[tuple[int, int]] = []

        async def wait() -> None:
            from_ns = time.perf_counter_ns()
            while time.perf_counter_ns() < from_ns + for_ns:  # noqa: ASYNC110
                await asyncio.sleep(0)
            waits.append((from_ns, time.perf_counter_ns()))
            self.give(then)

        def begin() -> None:
            self.give(first)
            self._tasks.append(asyncio.ensure_future(wait()))

        self._plans[i] = begin
        return waits


def after_the_first(*commands: Command) -> Callable[[Session, Event], None]:
    """Gives the commands when run 1 has warmed up and waits for run 0; then ends its warm-up."""

    def on_message(session: Session, message: Event) -> None:
        if isinstance(message, Waiting) and message.run == 1:
            for command in (*commands, EndPhase(0, "warmup")):
                session.execute(command)

    return on_message


def long_and_short(bench: Bench) -> list[Profile]:
    """Run 0 warms up until it is asked to end that, run 1 for a few operations."""
    bench.write("async def subject(): await asyncio.sleep(0)")
    return [
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS)),
        bench.profile("subject", warmup=Length(iterations=5)),
    ]
