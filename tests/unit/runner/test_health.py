"""What blocked the loop belongs to every interval that it spans."""

from __future__ import annotations

import gc

import pytest

from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Pause, Resume, Stop
from cortex_tui.protocol.messages import Health, Pulse, Samples
from cortex_tui.runner.health import Block, HealthMeter, HealthReport
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event
from tests.unit.runner.person import HOUR_NS

MS = 1_000_000


def interval_at(at_ns: int) -> int:
    return max(0, at_ns // (100 * MS))


def test_a_block_is_booked_on_all_its_intervals_with_its_whole_length() -> None:
    total = Health(loop_lag_ns=130 * MS, cpu_ns=7, wall_ns=100 * MS, steal_ns=3)
    report = HealthReport(total, blocks=(Block(90 * MS, 220 * MS), Block(230 * MS, 240 * MS)))
    health, spanned = report.by_interval(2, interval_at, since_ns=0)
    assert health == Health(loop_lag_ns=130 * MS, cpu_ns=7, wall_ns=100 * MS, steal_ns=3)
    assert spanned == {0: Health(loop_lag_ns=130 * MS), 1: Health(loop_lag_ns=130 * MS)}


def test_a_block_that_was_over_before_the_interval_is_not_booked_on_it() -> None:
    report = HealthReport(Health(loop_lag_ns=50 * MS), blocks=(Block(110 * MS, 160 * MS),))
    health, spanned = report.by_interval(2, interval_at, since_ns=0)
    assert (health.loop_lag_ns, spanned) == (0, {1: Health(loop_lag_ns=50 * MS)})


def test_pauses_of_the_garbage_collector_are_booked_alike() -> None:
    total = Health(gc_pause_ns=6 * MS, gc_pauses=2)
    report = HealthReport(total, pauses_ns=((98 * MS, 102 * MS), (150 * MS, 152 * MS)))
    health, spanned = report.by_interval(1, interval_at, since_ns=0)
    assert (health.gc_pauses, health.gc_pause_ns) == (2, 6 * MS)
    assert spanned == {0: Health(gc_pauses=1, gc_pause_ns=4 * MS)}


def test_a_collection_within_any_allocation_of_a_take_does_no_harm() -> None:
    meter = HealthMeter(None)
    meter.begin()
    thresholds = gc.get_threshold()
    gc.disable()
    try:
        for pauses in range(64):
            # The collection comes with each of the first allocations in turn.
            for threshold in range(1, 60):
                meter.take()
                for _ in range(pauses):
                    gc.collect(0)
                gc.set_threshold(threshold, 1_000_000, 1_000_000)
                gc.enable()
                taken = meter.take()
                gc.disable()
                assert pauses <= len(taken.pauses_ns) <= pauses + 60
                assert all(from_ns <= until_ns for from_ns, until_ns in taken.pauses_ns)
    finally:
        gc.set_threshold(*thresholds)
        gc.enable()
        meter.end()
        meter.close()


async def test_a_block_over_the_end_of_an_interval_is_seen_in_both(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def stalling():
            began = time.perf_counter_ns()
            async def operation(i):
                await asyncio.sleep(0.001)
                if i == 20:
                    # Until well into the next interval but one.
                    time.sleep(0.06)
            yield operation
        """
    )
    recorded = await bench.run(bench.profile("stalling"), interval_ns=20 * MS)
    blocked: set[int] = set()
    for samples in recorded.measured():
        found = {samples.interval: samples.health, **samples.spanned}
        blocked |= {index for index, health in found.items() if health.loop_lag_ns >= 40 * MS}
    assert len(blocked) >= 3
    assert max(pulse.health.loop_lag_ns for pulse in recorded.of(Pulse)) >= 40 * MS


@pytest.mark.parametrize(
    ("from_ms", "until_ms", "inside_ms"), [(40, 95, 0), (40, 100, 0), (40, 130, 30), (110, 130, 20)]
)
def test_of_a_block_that_began_before_its_phase_only_the_rest_is_booked(
    from_ms: int, until_ms: int, inside_ms: int
) -> None:
    span = (from_ms * MS, until_ms * MS)
    report = HealthReport(Health(), blocks=(Block(*span),), pauses_ns=(span,))
    health, spanned = report.by_interval(0, lambda at_ns: 0, since_ns=100 * MS)
    pauses = 1 if inside_ms else 0
    assert health == Health(
        loop_lag_ns=inside_ms * MS, gc_pause_ns=inside_ms * MS, gc_pauses=pauses
    )
    assert spanned == {}


async def test_what_is_collected_before_a_phase_is_booked_on_none_of_its_intervals(
    bench: Bench,
) -> None:
    """All that set-up made is looked through before anything is measured."""
    bench.write(
        """
        import gc

        async def operation():
            pass

        @workload
        async def uncollected():
            gc.disable()
            yield operation
            gc.enable()
        """
    )
    recorded = await bench.run(bench.profile("uncollected"))
    of_intervals = [
        health for each in recorded.measured() for health in (each.health, *each.spanned.values())
    ]
    assert of_intervals
    assert sum(health.gc_pauses for health in of_intervals) == 0


def recorder() -> Recorder:
    """Began at 1 s; was paused after 150 ms."""
    found = Recorder(0, "measure", 1_000 * MS, 100 * MS)
    found.pause(1_150 * MS)
    return found


PAUSED = (
    Block(1_140 * MS, 1_170 * MS),
    Block(1_500 * MS, 1_530 * MS),
    Block(9_990 * MS, 9_998 * MS),
)


@pytest.mark.parametrize("resumed", [False, True])
def test_what_happened_in_a_pause_lies_where_it_began(resumed: bool) -> None:
    paused = recorder()
    if resumed:
        paused.resume(10_000 * MS)
    report = HealthReport(Health(), blocks=PAUSED)
    _, spanned = report.by_interval(7, paused.interval_at, since_ns=paused.began_ns)
    assert spanned == {1: Health(loop_lag_ns=30 * MS)}
    left = report.but_within(paused.pause_ns)
    assert left.blocks == PAUSED[:1]
    # Arrivals since the pause waited for what lasted longer than it.
    paused.resume(9_995 * MS)
    assert report.but_within(paused.pause_ns).blocks == (PAUSED[0], PAUSED[2])


def test_what_happens_behind_a_pause_lies_behind_it() -> None:
    paused = recorder()
    paused.resume(10_000 * MS)
    moments = {1_090: 0, 1_149: 1, 10_000: 1, 10_049: 1, 10_051: 2, 10_151: 3}
    assert {each: paused.interval_at(each * MS) for each in moments} == moments
    report = HealthReport(Health(), blocks=(Block(10_040 * MS, 10_060 * MS),))
    assert report.but_within(paused.pause_ns) == report


async def test_what_happens_in_the_pause_of_a_run_is_not_booked_on_it(bench: Bench) -> None:
    """Its neighbours are measured meanwhile."""
    bench.write(
        """
        @workload
        async def subject():
            async def operation(i):
                await asyncio.sleep(0)
            yield operation
        """
    )
    seen, in_pause = 0, list[Health]()

    def on_message(session: Session, message: Event) -> None:
        nonlocal seen
        if not (isinstance(message, Samples) and message.run == 0 and message.phase == "measure"):
            return
        seen += 1
        if seen == 2:
            session.execute(Pause(0))
        elif seen in (10, 12, 14):
            gc.collect()
            in_pause.append(message.health)
        elif seen == 18:
            session.execute(Resume(0))
        elif seen == 34:
            session.execute(Stop(None))

    profiles = [bench.profile("subject", stop=Length(duration_ns=HOUR_NS)) for _ in range(2)]
    gc.disable()
    try:
        recorded = await bench.run(*profiles, interval_ns=10 * MS, on_message=on_message)
    finally:
        gc.enable()
    pauses = [
        sum(
            health.gc_pauses
            for each in recorded.measured(run)
            for health in (each.health, *each.spanned.values())
        )
        for run in (0, 1)
    ]
    assert pauses[0] == 0
    assert pauses[1] >= 3  # one that lasts until the next interval is in both
    assert in_pause == [Health()] * 3
