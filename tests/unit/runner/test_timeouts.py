"""Operations that take longer than they may."""

from __future__ import annotations

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import Samples
from tests.unit.runner.bench import Bench, Recorded

MS = 1_000_000
HOUR_NS = 3_600_000_000_000
TIMEOUT_NS = 5 * MS

LOADS = [ClosedLoad(workers=3), OpenLoad(rate_per_s=2_000.0)]


def tracebacks(recorded: Recorded) -> dict[str, str]:
    return {name: text for s in recorded.of(Samples) for name, text in s.tracebacks.items()}


@pytest.mark.parametrize("load", LOADS)
async def test_what_takes_too_long_is_a_failure_with_its_time(
    bench: Bench, load: ClosedLoad | OpenLoad
) -> None:
    bench.write(
        """
        @workload
        async def sticky():
            async def operation(i):
                if i % 4 == 0:
                    await asyncio.Event().wait()
            yield operation
        """
    )
    limit_ns = 500 * MS  # on a busy machine those that only end may take milliseconds
    profile = bench.profile("sticky", load=load, timeout_ns=limit_ns, stop=Length(iterations=40))
    recorded = await bench.run(profile)
    assert recorded.finished().state == "finished"
    assert recorded.finished().unfinished_ns == ()
    assert recorded.errors() == {"TimeoutError": 10}
    assert len(recorded.values("service")) == 30
    assert len(recorded.values("failures")) == 10
    assert min(recorded.values("failures")) >= limit_ns
    # Where it was stuck, and why that was the end of it.
    assert "asyncio.Event().wait()" in tracebacks(recorded)["TimeoutError"]
    assert "not finished after 0.5 s" in tracebacks(recorded)["TimeoutError"]


STUBBORN = """
async def blocks_the_loop():
    time.sleep(0.01)

async def swallows_its_cancellation():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        pass

async def raises_something_else():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise LookupError from None

async def takes_its_time_to_end():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.001)
"""


@pytest.mark.parametrize(
    "function",
    [
        "blocks_the_loop",
        "swallows_its_cancellation",
        "raises_something_else",
        "takes_its_time_to_end",
    ],
)
@pytest.mark.parametrize("load", LOADS)
async def test_too_late_is_too_late_however_it_ends(
    bench: Bench, function: str, load: ClosedLoad | OpenLoad
) -> None:
    bench.write(STUBBORN)
    recorded = await bench.run(
        bench.profile(function, load=load, timeout_ns=TIMEOUT_NS, stop=Length(iterations=5))
    )
    assert recorded.errors() == {"TimeoutError": 5}
    assert min(recorded.values("failures")) >= TIMEOUT_NS
    assert recorded.values("service") == []
    assert recorded.finished().state == "finished"


async def test_the_last_operations_get_all_their_time(bench: Bench) -> None:
    bench.write("async def stuck(): await asyncio.Event().wait()")
    load, stop = ClosedLoad(workers=5), Length(duration_ns=200 * MS)
    profile = bench.profile("stuck", load=load, stop=stop, timeout_ns=TIMEOUT_NS)
    recorded = await bench.run(profile)
    # The last of each worker began before the end and had to be waited for.
    assert recorded.finished().unfinished_ns == ()
    assert recorded.errors().keys() == {"TimeoutError"}
    assert len(recorded.values("failures")) >= 5


async def test_a_limit_that_is_shorter_than_a_look_up_holds(bench: Bench) -> None:
    bench.write(
        """
        async def slow():
            until = time.perf_counter_ns() + 100_000
            while time.perf_counter_ns() < until: pass
        """
    )
    recorded = await bench.run(bench.profile("slow", timeout_ns=50_000))
    assert recorded.errors() == {"TimeoutError": 50}
    assert recorded.values("service") == []


async def test_a_workloads_own_limit_is_its_own_affair(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def careful():
            async def operation(i):
                try:
                    async with asyncio.timeout(0.001):
                        await asyncio.Event().wait()
                except TimeoutError:
                    if i % 2:
                        raise
            yield operation
        """
    )
    profile = bench.profile("careful", timeout_ns=HOUR_NS, stop=Length(iterations=10))
    recorded = await bench.run(profile)
    assert recorded.errors() == {"TimeoutError": 5}
    assert len(recorded.values("service")) == 5


async def test_a_set_up_and_a_teardown_have_no_such_limit(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def slow_to_start():
            await asyncio.sleep(0.01)
            async def operation(i): pass
            yield operation
            await asyncio.sleep(0.01)
        """
    )
    recorded = await bench.run(bench.profile("slow_to_start", timeout_ns=MS))
    assert recorded.finished().state == "finished"
    assert recorded.finished().reason == ""


@pytest.mark.parametrize("load", LOADS)
async def test_an_operation_that_cancels_its_own_task_has_failed(
    bench: Bench, load: ClosedLoad | OpenLoad
) -> None:
    bench.write(
        """
        @workload
        async def quitter():
            async def operation(i):
                if i == 20:
                    asyncio.current_task().cancel()
                    await asyncio.sleep(0)
            yield operation
        """
    )
    recorded = await bench.run(bench.profile("quitter", load=load))
    assert recorded.errors() == {"CancelledError": 1}
    assert len(recorded.values("service")) == 49
    assert recorded.finished().state == "finished"


async def test_a_crowd_that_is_stuck_is_ended_at_once(bench: Bench) -> None:
    bench.write("async def stuck(): await asyncio.Event().wait()")
    profile = bench.profile(
        "stuck", load=ClosedLoad(workers=2_000), stop=Length(iterations=4_000), timeout_ns=50 * MS
    )
    recorded = await bench.run(profile)
    assert recorded.errors() == {"TimeoutError": 4_000}


async def test_what_is_not_async_cannot_have_a_limit(bench: Bench) -> None:
    bench.write("def blocking(): pass")
    recorded = await bench.run(bench.profile("blocking", timeout_ns=MS))
    assert recorded.finished().state == "failed"
    assert "leave the timeout out" in recorded.finished().reason


async def test_the_failures_of_a_batch_that_is_too_late_are_in_no_value(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def blocking():
            async def operation(i):
                if i % 2:
                    time.sleep(0.03)
                else:
                    raise ValueError
            yield operation
        """
    )
    recorded = await bench.run(
        bench.profile("blocking", timeout_ns=20 * MS, batch=2, stop=Length(iterations=6))
    )
    assert recorded.errors() == {"ValueError": 3, "TimeoutError": 3}
    assert recorded.values("service") == []
    assert sum(samples.failed_in_batches for samples in recorded.measured()) == 0
