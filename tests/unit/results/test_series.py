"""Intervals as slices, and a run made anew from those within a window."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import Mark, RunPlanned, Samples, StateChanged
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.series import TimeWindow
from cortex_tui.results.window import lacking_within, windowed
from cortex_tui.stats.binning import log_bins
from cortex_tui.stats.histogram import Histogram
from tests.unit.report.stand_in import profile

TENTH_NS = 100_000_000
MS = 1_000_000
LONG = msgspec.structs.replace(profile(), stop=Length(10**12))


def samples(interval: int, values_ns: Sequence[int], **fields: object) -> Samples:
    raw = np.array(values_ns, np.int64).tobytes()
    return Samples(
        run=0,
        phase="measure",
        interval=interval,
        at_ns=(interval + 1) * TENTH_NS,
        service=raw,
        **fields,  # type: ignore[arg-type]
    )


def fold(per_interval: Sequence[Sequence[int]]) -> RunFold:
    run = RunFold(RunPlanned(0, LONG, ()), interval_ns=TENTH_NS)
    run.change(StateChanged(0, RunLife("measure"), 0))
    for number, values in enumerate(per_interval):
        run.add(samples(number, values))
    return run


def test_slices_lie_on_the_time_since_measure_began() -> None:
    series = fold([[MS] * 3, [2 * MS] * 5]).series()
    assert [(s.from_ns, s.until_ns, s.service.total) for s in series.slices] == [
        (0, TENTH_NS, 3),
        (TENTH_NS, 2 * TENTH_NS, 5),
    ]
    assert (series.end_ns, series.headline) == (2 * TENTH_NS, "service")


def test_a_slice_is_the_same_object_until_its_interval_changes() -> None:
    run = fold([[MS], [MS]])
    first, second = run.series().slices
    run.add(samples(1, [MS]))
    again, changed = run.series().slices
    assert again is first
    assert changed is not second
    assert (second.service.total, changed.service.total) == (1, 2)


def test_a_run_longer_than_its_slots_still_has_every_value() -> None:
    run = fold([[MS * (1 + n % 7)] for n in range(3_000)])
    series = run.series()
    assert len(series.slices) < 3_000
    assert sum(each.service.total for each in series.slices) == 3_000
    assert series.slices[-1].until_ns >= 3_000 * TENTH_NS


def random_run() -> tuple[RunFold, list[list[int]]]:
    rng = np.random.default_rng(7)
    values = [rng.lognormal(14, 0.5, rng.integers(0, 80)).astype(int).tolist() for _ in range(90)]
    return fold(values), values


@pytest.mark.parametrize(("first", "last"), [(0, 90), (0, 1), (17, 42), (89, 90)])
def test_the_percentiles_of_a_window_are_those_of_its_values_alone(first: int, last: int) -> None:
    run, values = random_run()
    window = TimeWindow(first * TENTH_NS, last * TENTH_NS)
    within = [value for each in values[first:last] for value in each]
    expected = Histogram()
    expected.fold(np.array(within, np.int64).tobytes())
    part = windowed(result_of(run, {}), run.series(), window)
    assert part.operations == len(within)
    assert part.max_ns == max(within)
    assert part.percentiles_ns["p50"] == expected.percentiles([0.5])[0]
    assert part.throughput_per_s == pytest.approx(len(within) / ((last - first) / 10))
    assert [point.value_ns for point in part.shape.curve] == [ns for _, ns in expected.curve()]
    assert part.shape.bins == log_bins(expected.ordered())


def test_a_window_ends_at_the_borders_of_intervals() -> None:
    run, values = random_run()
    window = TimeWindow(int(4.4 * TENTH_NS), int(5.6 * TENTH_NS))
    assert run.series().snapped(window) == TimeWindow(4 * TENTH_NS, 6 * TENTH_NS)
    part = windowed(result_of(run, {}), run.series(), window)
    assert part.operations == len(values[4]) + len(values[5])
    # What is counted and the time that it is divided by are of the same intervals.
    assert part.measured_ns == 2 * TENTH_NS
    assert part.throughput_per_s == pytest.approx(part.operations / 0.2)
    empty = TimeWindow(5 * TENTH_NS, 5 * TENTH_NS)
    assert run.series().snapped(empty).length_ns == TENTH_NS


def test_errors_marks_and_what_never_started_are_those_of_the_window() -> None:
    run = fold([[MS]] * 2)
    run.add(samples(2, [MS], errors={"OSError": 2}, unstarted=3))
    run.add(samples(3, [MS], errors={"OSError": 1, "KeyError": 4}))
    run.mark(Mark(0, 2 * TENTH_NS, "rate 500 → 625/s", 0))
    run.mark(Mark(0, 3 * TENTH_NS, "pause", 0))
    part = windowed(result_of(run, {}), run.series(), TimeWindow(2 * TENTH_NS, 3 * TENTH_NS))
    assert (part.errors, part.unstarted) == ({"OSError": 2}, 3)
    assert [mark.text for mark in part.marks] == ["rate 500 → 625/s"]


def test_a_window_without_a_value_has_no_percentiles_and_no_curve() -> None:
    run = fold([[MS], [], [MS]])
    part = windowed(result_of(run, {}), run.series(), TimeWindow(TENTH_NS, 2 * TENTH_NS))
    assert part.operations == 0
    assert set(part.percentiles_ns.values()) == {None}
    assert (part.max_ns, part.shape.curve, part.shape.bins.counts) == (None, (), ())


def test_a_window_of_the_whole_run_is_as_sure_as_the_run() -> None:
    run, values = random_run()
    run.add(samples(len(values) + 5, [MS] * 30))  # the intervals before it are missing
    whole = result_of(run, {})
    part = windowed(whole, run.series(), TimeWindow(0, run.series().last_ns))
    assert part.confidence_ns == whole.confidence_ns
    assert "p50" in part.confidence_ns


@pytest.mark.parametrize(("length", "known"), [(19, False), (20, True)])
def test_a_window_with_too_few_intervals_does_not_claim_to_be_sure(
    length: int, known: bool
) -> None:
    run, _ = random_run()
    window = TimeWindow(10 * TENTH_NS, (10 + length) * TENTH_NS)
    part = windowed(result_of(run, {}), run.series(), window)
    assert bool(part.confidence_ns) is known
    assert (f"{length} intervals" in lacking_within(run.series(), window)) is not known


def test_confidence_within_a_window_is_right_as_often_as_it_says() -> None:
    noise = np.random.default_rng(3)
    right = 0
    for _ in range(100):
        values = [noise.lognormal(14, 0.5, 50).astype(int).tolist() for _ in range(40)]
        run = fold(values)
        window = TimeWindow(5 * TENTH_NS, 35 * TENTH_NS)
        low, high = windowed(result_of(run, {}), run.series(), window).confidence_ns["p50"]
        right += low <= np.exp(14) <= high
    assert right >= 88  # of 100 at 95 %, fewer are seen once in 400 times


def test_the_mean_of_a_part_under_a_rate_is_of_response_times() -> None:
    steady = msgspec.structs.replace(LONG, load=OpenLoad(rate_per_s=1_000.0))
    run = RunFold(RunPlanned(0, steady, ()), interval_ns=TENTH_NS)
    run.change(StateChanged(0, RunLife("measure"), 0))
    for number, response_ns in enumerate((3 * MS, 5 * MS)):
        waited = np.array([response_ns] * 4, np.int64).tobytes()
        run.add(samples(number, [MS] * 4, response=waited, lateness=waited))
    part = windowed(result_of(run, {}), run.series(), TimeWindow(TENTH_NS, 2 * TENTH_NS))
    assert part.mean_ns == 5 * MS
    assert part.service_p50_ns == pytest.approx(MS, rel=0.01)
