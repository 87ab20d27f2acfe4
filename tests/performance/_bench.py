"""A loop, a folder of seeded files, and rounds of operations on them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from cortex_core import Cortex
from cortex_core.data import seed_file
from cortex_core.settings import Synchronous
from cortex_core.sqlite.store import SqliteStore
from cortex_tui.runner.serving import new_event_loop
from tests.performance._measure import Measurements, Round

T = TypeVar("T")

Operation = Callable[[int], Awaitable[object]]

PATTERNS = 100
"""How many of them every seeded file holds."""


class Bench:
    def __init__(
        self,
        measurements: Measurements,
        runner: asyncio.Runner,
        folder: Path,
        *,
        own_loop: bool = False,
    ) -> None:
        self.measurements = measurements
        self.rounds = measurements.rounds
        self._folder = folder
        self._own_loop = own_loop
        self._loop = runner.get_loop()
        self._copies = count()

    def run(self, start: Callable[[], Awaitable[T]]) -> T:
        """What `start`, called on the loop, comes to."""

        async def started() -> T:
            return await start()

        return self._loop.run_until_complete(started())

    # --- subjects ----------------------------------------------------------------------------

    def file(self, rows: int) -> Path:
        """A fresh copy of a file with that number of conversations."""
        seeded = self._folder / f"seeded-{rows}.db"
        if not seeded.exists():
            seed_file(seeded, conversations=rows, patterns=PATTERNS)
        copy = Path(shutil.copyfile(seeded, self._folder / f"{next(self._copies)}.db"))
        with copy.open("rb+") as file:
            os.fsync(file.fileno())  # not while something is timed
        return copy

    @contextmanager
    def open(self, opening: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """What an async context manager gives, while the loop stands still between rounds."""
        stack = AsyncExitStack()
        try:
            yield self.run(lambda: stack.enter_async_context(opening))
        finally:
            self.run(stack.aclose)

    @contextmanager
    def core(self, of: int | Path, synchronous: Synchronous = "NORMAL") -> Iterator[Cortex]:
        """A core on this file, or on one with that number of conversations, with all behaviours."""
        path = of if isinstance(of, Path) else self.file(of)

        with self.open(Cortex.open(path, synchronous=synchronous)) as cortex:
            yield cortex

    # --- comparisons -------------------------------------------------------------------------

    def at_most(
        self,
        what: str,
        ours: Round,
        reference: Round,
        *,
        unit: str,
        goal: float | None,
        rounds: int,
    ) -> None:
        """The measurements' own, with the loop's name where it is not the runner's."""
        if self._own_loop:
            what, goal = f"{what}, asyncio's own loop", None
        self.measurements.at_most(what, ours, reference, unit=unit, goal=goal, rounds=rounds)

    # --- rounds ------------------------------------------------------------------------------

    def one_by_one(self, operation: Operation, each: int) -> Round:
        """`each` operations, one after the other; nanoseconds by operation."""
        firsts = count(step=each)

        async def all_of(first: int) -> float:
            start_ns = time.perf_counter_ns()
            for i in range(first, first + each):
                await operation(i)
            return (time.perf_counter_ns() - start_ns) / each

        return lambda: self.run(partial(all_of, next(firsts)))

    def reopened(self, path: Path, operation_on: Callable[[Cortex], Operation], each: int) -> Round:
        """The same on a core that is opened for every round.

        A hop takes 25 µs while the scheduler keeps both threads on one processor, and 50 or more
        where it does not, which it decides when the threads are new: so no one draw counts.
        """
        numbers = count()

        def once() -> float:
            with self.core(path) as cortex:
                operation = operation_on(cortex)

                async def numbered(_: int) -> None:
                    await operation(next(numbers))

                self.one_by_one(numbered, each // 10)()
                return self.one_by_one(numbered, each)()

        return once

    def called(self, function: Callable[[int], object], each: int) -> Round:
        """The same for a plain function."""
        firsts = count(step=each)

        def all_of() -> float:
            first = next(firsts)
            start_ns = time.perf_counter_ns()
            for i in range(first, first + each):
                function(i)
            return (time.perf_counter_ns() - start_ns) / each

        return all_of

    def sends(self, send: Callable[[Any], Awaitable[object]], request: Any, each: int) -> Round:
        """The same for one request; its handler never suspends, so no call may be in between."""

        async def all_of() -> float:
            start_ns = time.perf_counter_ns()
            for _ in range(each):
                await send(request)
            return (time.perf_counter_ns() - start_ns) / each

        return lambda: self.run(all_of)

    def at_once(
        self, operation: Operation, workers: int, each: int, p99s: list[float] | None = None
    ) -> Round:
        """`workers` at a time; nanoseconds of wall time by operation."""

        async def work(worker: int, taken_ns: list[int]) -> None:
            for n in range(each):
                start_ns = time.perf_counter_ns()
                await operation(n * workers + worker)
                taken_ns.append(time.perf_counter_ns() - start_ns)

        async def all_of() -> float:
            taken_ns: list[int] = []
            start_ns = time.perf_counter_ns()
            await asyncio.gather(*(work(worker, taken_ns) for worker in range(workers)))
            wall_ns = time.perf_counter_ns() - start_ns
            if p99s is not None:
                p99s.append(percentile(taken_ns, 0.99))
            return wall_ns / len(taken_ns)

        return lambda: self.run(all_of)


async def p99_of(operation: Operation, each: int) -> float:
    """Of `each` operations, one after the other."""
    taken_ns: list[int] = []
    for i in range(each):
        start_ns = time.perf_counter_ns()
        await operation(i)
        taken_ns.append(time.perf_counter_ns() - start_ns)
    return percentile(taken_ns, 0.99)


def percentile(taken_ns: list[int], quantile: float) -> float:
    """By nearest rank."""
    return float(sorted(taken_ns)[min(len(taken_ns) - 1, int(len(taken_ns) * quantile))])


async def on_the_writer(cortex: Cortex, run: Callable[[sqlite3.Connection], T]) -> T:
    """Runs SQL of its own in a transaction of the core's."""
    assert isinstance(cortex.store, SqliteStore)
    return await cortex.store.database.write(run)


@contextmanager
def opened_bench(measurements: Measurements, *, own_loop: bool = False) -> Iterator[Bench]:
    """On the loop that the runner measures on, uvloop where it is installed, or on asyncio's own.

    In a folder next to the working one: `/tmp` is a file system in memory on many machines.
    """
    factory = new_event_loop("asyncio" if own_loop else "auto")
    with (
        asyncio.Runner(loop_factory=factory) as runner,
        tempfile.TemporaryDirectory(prefix=".core-limits-", dir=".") as folder,
    ):
        yield Bench(measurements, runner, Path(folder), own_loop=own_loop)
