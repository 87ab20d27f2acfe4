"""A load with stages has a result of each."""

from __future__ import annotations

from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import RunPlanned
from cortex_tui.results.interval import Interval
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.interval_histogram import IntervalHistogram
from tests.unit.session.messages import SECOND_NS, profile

TENTH_NS = SECOND_NS // 10


def fold(*, measured_ns: int, length: int = 1) -> RunFold:
    """Stages of 0.4 s and 0.6 s; operations take 1 µs in the first, and 5 µs in the second."""
    load = StagedLoad("workers", (Stage(1.0, 4 * TENTH_NS), Stage(4.0, 6 * TENTH_NS, ramp=True)))
    run = RunFold(RunPlanned(0, profile(load=load, stop=Length(SECOND_NS)), (), 1))
    run.intervals.length = length
    for number in range(measured_ns // TENTH_NS):
        time_ns = 1_000 if number < 4 else 5_000
        values = time_ns.to_bytes(8, "little") * 10
        run.intervals.add(number, Interval(service=IntervalHistogram.of(values)))
    run.measured_ns = measured_ns
    run.life = RunLife("ended", outcome="finished")
    return run


def test_each_stage_has_its_own_operations_and_times() -> None:
    for length in (1, 2):
        first, second = result_of(fold(measured_ns=SECOND_NS, length=length), {}).stages
        assert (first.operations, second.operations) == (40, 60)
        assert (first.percentiles_ns["p50"], second.percentiles_ns["p50"]) == (1_000, 5_000)
        assert (first.throughput_per_s, second.throughput_per_s) == (100.0, 100.0)
        assert (first.from_level, first.until_level) == (1.0, 1.0)
        assert (second.from_level, second.until_level) == (1.0, 4.0)


def test_a_stage_that_was_not_reached_is_not_there_and_one_cut_short_is_shorter() -> None:
    (first,) = result_of(fold(measured_ns=3 * TENTH_NS), {}).stages
    assert (first.until_ns, first.operations) == (3 * TENTH_NS, 30)


def test_a_load_whose_level_stays_has_none() -> None:
    run = RunFold(RunPlanned(0, profile(), (), 1))
    run.measured_ns, run.life = SECOND_NS, RunLife("ended", outcome="finished")
    assert result_of(run, {}).stages == ()
