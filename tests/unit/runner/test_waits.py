"""Where operations in flight are seen."""

from __future__ import annotations

import asyncio
import random
import textwrap
from collections import Counter

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import ELSEWHERE, Samples
from cortex_tui.runner.run import LOOKS
from cortex_tui.runner.session import Session
from cortex_tui.runner.waits import AT_ONCE
from tests.patience import PATIENCE_S
from tests.unit.runner.bench import Bench, Event

LOADS = pytest.mark.parametrize(
    "load",
    [
        ClosedLoad(workers=3),
        ClosedLoad(workers=3, think_time_ns=1_000_000),
        OpenLoad(rate_per_s=2_000.0),
        OpenLoad(rate_per_s=2_000.0, precise=True),
    ],
    ids=["workers", "workers that think", "rate", "precise rate"],
)


async def seen(
    bench: Bench, source: str, load: Load, count: int = 3, *, parts: int = 0
) -> dict[str, int]:
    """What is seen of that number of operations named `operation`, which all wait for the `gate`
    until all of them were seen; places without their folder. That many `parts` of theirs are
    waited for before, each of which notes in `begun` that it has."""
    gate, begun = asyncio.Event(), list[None]()
    bench.write(source, gate=gate, begun=begun)
    found: Counter[str] = Counter()
    since = 0

    def release(session: Session, message: Event) -> None:
        nonlocal since
        if not isinstance(message, Samples) or len(begun) < parts or gate.is_set():
            return
        since += 1
        if parts and since <= LOOKS:
            return  # what it says may have been seen before all had begun
        if sum(message.waits.values()) >= min(count, AT_ONCE):
            found.update(message.waits)
            gate.set()

    profile = bench.profile("operation", load=load, stop=Length(iterations=count))
    async with asyncio.timeout(PATIENCE_S):
        await bench.run(profile, on_message=release)
    return {_short(place): number for place, number in found.items()}


def _short(place: str) -> str:
    where, comma, awaited = place.partition(", ")
    return where.rpartition("/")[2] + comma + awaited


def line_of(bench: Bench, text: str) -> int:
    lines = (bench.folder / f"{bench.module}.py").read_text(encoding="utf-8").split("\n")
    (found,) = (number for number, line in enumerate(lines, 1) if text in line)
    return found


@LOADS
async def test_an_operation_is_where_the_innermost_of_the_measured_code_waits(
    bench: Bench, load: Load
) -> None:
    source = """
        async def acquire():
            await gate.wait()  # here

        async def operation():
            await acquire()
        """
    ((place, count),) = (await seen(bench, source, load)).items()
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in acquire"
    assert awaited == "Event.wait (asyncio/locks.py)"
    assert count == 3


async def test_of_a_library_that_waits_for_a_lock_the_library_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = bench.folder / "site-packages"
    installed.mkdir()
    module = f"pool_of_{bench.module}"
    (installed / f"{module}.py").write_text(
        "class Pool:\n    async def acquire(self, gate):\n        await gate.wait()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(installed)
    source = f"""
        import {module}

        async def operation():
            await {module}.Pool().acquire(gate)  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in operation"
    assert awaited == f"Pool.acquire ({module}.py)"


INDIRECT = {
    "async with": """
        @contextlib.asynccontextmanager
        async def connection():
            await gate.wait()  # here
            yield

        async def operation():
            async with connection():
                pass
        """,
    "leaving async with": """
        @contextlib.asynccontextmanager
        async def connection():
            yield
            await gate.wait()  # here

        async def operation():
            async with connection():
                pass
        """,
    "async for": """
        async def rows():
            await gate.wait()  # here
            yield

        async def operation():
            async for _ in rows():
                pass
        """,
    "task": """
        async def query():
            await gate.wait()  # here

        async def operation():
            await asyncio.create_task(query())
        """,
    "object": """
        class Query:
            def __await__(self):
                return gate.wait().__await__()

        async def operation():
            await Query()  # here
        """,
    "object with a generator": """
        class Query:
            def __await__(self):
                yield from gate.wait().__await__()  # here

        async def operation():
            await Query()
        """,
}


@pytest.mark.parametrize("kind", INDIRECT)
async def test_what_is_awaited_is_followed_through(bench: Bench, kind: str) -> None:
    source = "import contextlib\n" + textwrap.dedent(INDIRECT[kind])
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    assert place.startswith(f"{bench.module}.py:{line_of(bench, '# here')} in ")
    assert place.endswith(", awaiting Event.wait (asyncio/locks.py)")


async def test_an_operation_that_awaits_a_future_is_at_its_own_line(bench: Bench) -> None:
    source = """
        async def operation():
            future = asyncio.get_running_loop().create_future()
            asyncio.ensure_future(gate.wait()).add_done_callback(lambda _: future.set_result(None))
            await future  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    assert place == f"{bench.module}.py:{line_of(bench, '# here')} in operation"


ENTERED = {
    "Semaphore": "thing = asyncio.Semaphore(0)",
    "BoundedSemaphore": "thing = asyncio.BoundedSemaphore(1); thing._value = 0",
    "Lock": "thing = asyncio.Lock(); thing._locked = True",
    "Condition": "lock = asyncio.Lock(); lock._locked = True; thing = asyncio.Condition(lock)",
    "Limit": "class Limit(asyncio.Semaphore): pass\n        thing = Limit(0)",
}
"""What cannot be entered until somebody else has left it, by the name of its kind."""


@pytest.mark.parametrize("kind", ENTERED)
async def test_what_is_entered_is_named_by_its_kind(bench: Bench, kind: str) -> None:
    source = f"""
        {ENTERED[kind]}

        async def let_in():
            await gate.wait()
            thing.release()

        async def operation():
            letting = asyncio.ensure_future(let_in())
            async with thing:  # here
                pass
            await letting
        """
    if kind == "Condition":
        source = source.replace("thing.release()", "lock.release()")
    (place,) = await seen(bench, source, ClosedLoad(workers=1), count=1)
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in operation"
    assert awaited == f"{kind} (asyncio/locks.py)"


async def test_a_method_is_named_by_the_kind_that_has_it(bench: Bench) -> None:
    source = """
        class Jobs(asyncio.Queue):
            pass

        class Type(type):
            __name__ = __mro__ = __dict__ = property(lambda cls: 1 / 0)

        class Later(Jobs, metaclass=Type):
            pass

        jobs = Later()

        async def operation():
            adding = asyncio.ensure_future(gate.wait())
            adding.add_done_callback(jobs.put_nowait)
            await jobs.get()  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in operation"
    assert awaited == "Later.get (asyncio/queues.py)"


TOGETHER = {
    "gather": (2, "await asyncio.gather(ended(), part(), part())"),
    "gather of gather": (1, "await asyncio.gather(asyncio.gather(part(), ended()))"),
    "wait_for": (1, "await asyncio.wait_for(part(), 600)"),
    "wait_for of a task": (1, "await asyncio.wait_for(asyncio.ensure_future(part()), 600)"),
    "wait": (
        1,
        "await asyncio.wait([asyncio.ensure_future(part()), asyncio.ensure_future(ended())])",
    ),
    "TaskGroup": (
        1,
        """async with asyncio.TaskGroup() as group:
                group.create_task(ended())
                group.create_task(part())""",
    ),
    "shield": (1, "await asyncio.shield(asyncio.ensure_future(part()))"),
    "shield with a timeout": (1, "await asyncio.wait_for(asyncio.shield(part()), 600)"),
    "shield among others": (1, "await asyncio.gather(ended(), asyncio.shield(part()))"),
    "shield of gather": (2, "await asyncio.shield(asyncio.gather(part(), ended(), part()))"),
    "as_completed": (
        2,
        """for each in asyncio.as_completed([part(), ended(), part()]):
                await each""",
    ),
    "as_completed below another": (
        2,
        """async def waited(each):
                return await each
            for first in asyncio.as_completed([ended()]):
                await first
                for each in asyncio.as_completed([part(), part()]):
                    await waited(each)""",
    ),
    "many": (2_000, "await asyncio.gather(*[part() for _ in range(2_000)])"),
}
"""An operation that waits for parts of itself, and for how many of them."""


@pytest.mark.parametrize("kind", TOGETHER)
async def test_what_waits_for_tasks_is_where_one_of_them_is(bench: Bench, kind: str) -> None:
    parts, waiting = TOGETHER[kind]
    source = f"""
        async def part():
            begun.append(None)
            await gate.wait()  # here

        async def ended():
            pass

        async def operation():
            {waiting}
        """
    found = await seen(bench, source, ClosedLoad(workers=3), parts=3 * parts)
    ((place, count),) = found.items()
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in part"
    assert awaited == "Event.wait (asyncio/locks.py)"
    assert count == 3


async def test_what_waits_for_a_lock_with_a_timeout_waits_for_the_lock(bench: Bench) -> None:
    source = """
        async def operation():
            await asyncio.wait_for(gate.wait(), 600)  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    where, _, awaited = place.partition(", awaiting ")
    assert where == f"{bench.module}.py:{line_of(bench, '# here')} in operation"
    assert awaited == "Event.wait (asyncio/locks.py)"


async def test_tasks_that_wait_for_tasks_are_followed_up_to_a_bound(bench: Bench) -> None:
    source = """
        async def part():
            await gate.wait()

        async def operation():
            waited = part()
            for _ in range(100):
                waited = asyncio.gather(waited)
            await waited  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    assert place == f"{bench.module}.py:{line_of(bench, '# here')} in operation"


async def test_an_object_that_raises_when_it_is_asked_for_its_class_disturbs_nothing(
    bench: Bench,
) -> None:
    """As a proxy does outside of its context."""
    source = """
        class Proxy:
            __class__ = property(lambda self: 1 / 0)

            def __await__(self):
                self.steps = gate.wait().__await__()
                return self

            def __next__(self):
                return next(self.steps)

        async def operation():
            await Proxy()  # here
        """
    (place,) = await seen(bench, source, ClosedLoad(workers=3))
    assert place == f"{bench.module}.py:{line_of(bench, '# here')} in operation"


async def test_of_many_operations_some_are_looked_at(bench: Bench) -> None:
    source = """
        async def operation():
            await gate.wait()
        """
    (count,) = (await seen(bench, source, ClosedLoad(workers=40), count=40)).values()
    assert count == AT_ONCE


async def test_workers_that_rest_are_nowhere(bench: Bench) -> None:
    bench.write("async def operation(): pass")
    load = ClosedLoad(workers=3, think_time_ns=300_000_000)
    recorded = await bench.run(
        bench.profile("operation", load=load, stop=Length(duration_ns=400_000_000))
    )
    assert [samples.waits for samples in recorded.measured() if samples.waits] == []


async def test_an_operation_has_the_random_numbers_that_it_would_have_without_looks(
    bench: Bench,
) -> None:
    drawn: list[float] = []
    bench.write(
        """
        async def operation():
            drawn.append(random.random())
            await asyncio.sleep(0)
        """,
        drawn=drawn,
        random=random,
    )
    random.seed(7)
    load = ClosedLoad(workers=20)
    await bench.run(bench.profile("operation", load=load, stop=Length(iterations=2_000)))
    random.seed(7)
    assert drawn == [random.random() for _ in drawn]


async def test_places_beyond_the_bound_are_counted_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_tui.runner.waits.MAX_WAIT_PLACES", 1)
    source = """
        numbers = iter(range(4))

        async def operation():
            if next(numbers) % 2:
                await gate.wait()
            else:
                await gate.wait()
        """
    found = await seen(bench, source, ClosedLoad(workers=4), count=4)
    assert found.pop(ELSEWHERE) == 2
    assert list(found.values()) == [2]
