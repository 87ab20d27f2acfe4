"""What a look over all intervals of a run tells."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Precision
from cortex_tui.protocol.messages import MAX_MEASURE, Health, RunFinished
from cortex_tui.quantities import format_half_width
from cortex_tui.results.interval import Interval
from cortex_tui.results.interval_file import IntervalFile, Place
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from tests.unit.results.folds import TENTH_NS, measuring
from tests.unit.session.messages import samples

QUIET = Health(loop_lag_ns=100_000, wall_ns=TENTH_NS)


def run(intervals: int, *, is_open: bool = False) -> RunFold:
    fold = measuring(load=OpenLoad(rate_per_s=500.0)) if is_open else measuring()
    noise = random.Random(1)
    for index in range(intervals):
        values = [noise.randrange(10_000, 20_000) for _ in range(100)]
        more: dict[str, Any] = {}
        if is_open:
            more = {"response": [2 * v for v in values], "lateness": [1] * 100}
        fold.add(samples(index, values, at_ns=(index + 1) * TENTH_NS, health=QUIET, **more))
    return fold


def finish(fold: RunFold) -> None:
    fold.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=fold.measured_ns))


def test_percentiles_come_with_their_confidence_interval() -> None:
    fold = run(40)
    view = result_of(fold, {})
    assert set(view.confidence_ns) == {"p50", "p75", "p90", "p95", "p99"}
    for name, (low_ns, high_ns) in view.confidence_ns.items():
        value_ns = view.percentiles_ns[name]
        assert value_ns is not None
        assert low_ns <= value_ns <= high_ns


def test_the_largest_numbers_that_a_frame_can_have_are_looked_over() -> None:
    fold = run(40)
    most = MAX_MEASURE
    health = Health(most, most, most, most, most, most, most, most, most)
    for index in range(40, 43):
        fold.add(samples(index, [1_000_000] * 100, health=health, unstarted=(1 << 64) - 1))
    assert set(result_of(fold, {}).confidence_ns) == {"p50", "p75", "p90", "p95", "p99"}
    finish(fold)
    assert result_of(fold, {}).confidence_ns


def test_an_open_load_has_them_of_response_and_in_the_end_of_all_its_times() -> None:
    fold = run(40, is_open=True)
    assert set(fold.findings().confidence_ns) == {"response"}
    assert result_of(fold, {}).confidence_ns == fold.findings().confidence_ns["response"]
    finish(fold)
    assert set(fold.findings().confidence_ns) == {"service", "response", "lateness"}


def test_the_end_is_looked_over_whole_however_recent_the_last_look_was() -> None:
    fold = run(40)
    assert result_of(fold, {}).confidence_ns
    fold.add(samples(40, [900_000] * 2_000, at_ns=41 * TENTH_NS))
    # Those of the last look do not hold the new values, so they are not shown with them.
    assert result_of(fold, {}).confidence_ns == {}
    finish(fold)
    assert result_of(fold, {}).confidence_ns["p90"][1] >= 900_000


TARGETS = ("p95 < 15us", "p50 < 12us", "error_rate < 10%", "throughput > 1/s", "mean < 15us")


def judged(
    folder: Path,
    intervals: int,
    reads: list[int],
    gap: range = range(0),
    targets: tuple[str, ...] = TARGETS,
) -> RunFold:
    """A run with targets that are looked at closely, whose reads of many intervals are noted."""
    file = IntervalFile(folder, lambda: reads.append(1))
    fold = measuring(file, targets=targets)
    noise = random.Random(1)
    for index in range(intervals):
        values = [noise.randrange(10_000, 20_000) for _ in range(100)]
        errors = {"TimeoutError": index % 3}
        if index not in gap:
            fold.add(samples(index, values, errors=errors, at_ns=(index + 1) * TENTH_NS))
    return fold


@pytest.mark.parametrize("gap", [range(0), range(300, 340)])
def test_how_targets_varied_is_the_same_in_one_look_with_the_rest_and_in_two(
    gap: range, tmp_path: Path
) -> None:
    both, apart = judged(tmp_path, 600, [], gap), judged(tmp_path, 600, [], gap)
    both.spreads()  # so that the next look is asked for them, too
    both.look_again()
    assert both.findings() == apart.findings()
    assert both.spreads() == apart.spreads()
    assert set(both.spreads()) == set(TARGETS)
    for fold in (both, apart):
        finish(fold)
    assert both.findings() == apart.findings()
    assert both.spreads() == apart.spreads()


def test_intervals_are_read_once_for_findings_and_for_targets(tmp_path: Path) -> None:
    reads: list[int] = []
    # The mean of each interval would be looked for on its own.
    fold = judged(tmp_path, 1_000, reads, targets=TARGETS[:-1])
    fold.findings()
    once = len(reads)
    assert once > 3
    fold.spreads()
    assert len(reads) == 2 * once
    reads.clear()
    fold.look_again()
    fold.findings()
    fold.spreads()
    assert len(reads) == once
    # Nobody has asked since, so the next look leaves them out until somebody does.
    fold.look_again()
    fold.findings()
    assert len(reads) == 2 * once


def test_the_slowest_intervals_are_matched_with_the_health_of_the_loop() -> None:
    fold = run(60)
    for index in range(60, 63):
        hit = Health(loop_lag_ns=12_000_000, wall_ns=TENTH_NS)
        fold.add(samples(index, [900_000], at_ns=(index + 1) * TENTH_NS, health=hit))
    finish(fold)
    assert result_of(fold, {}).slowest == (
        "3 of the 5 slowest intervals had the event loop blocked for up to 12.0ms"
    )


def test_an_interval_in_which_nothing_ended_is_not_among_the_slowest() -> None:
    fold = measuring()
    for index in range(60):
        health = Health(gc_pauses=1, gc_pause_ns=9_000_000) if index == 0 else QUIET
        fold.add(samples(index, at_ns=(index + 1) * TENTH_NS, health=health))
    finish(fold)
    assert result_of(fold, {}).slowest == ""


def test_a_short_run_has_neither() -> None:
    fold = run(10)
    finish(fold)
    view = result_of(fold, {})
    assert (view.confidence_ns, view.slowest) == ({}, "")


@pytest.mark.parametrize(
    ("statistic", "intervals", "lacking"),
    [
        ("p50", 2, "more intervals are needed"),
        ("p99.9", 40, "6,000 more operations are needed"),
        ("mean", 40, "mean is no percentile"),
    ],
)
def test_a_run_that_was_to_be_precise_says_what_it_lacked(
    statistic: str, intervals: int, lacking: str
) -> None:
    wanted = Precision(statistic, half_width=0.02, at_least_ns=0, at_most_ns=TENTH_NS)
    fold = measuring(precision=wanted)
    for index in range(intervals):
        fold.add(samples(index, [10_000 + index] * 100, at_ns=(index + 1) * TENTH_NS))
    finish(fold)
    (warning,) = (each for each in result_of(fold, {}).warnings if "should be known" in each)
    width = format_half_width(wanted.half_width)
    assert warning.startswith(f"{statistic} should be known within {width}, but after 100ms ")
    assert warning.endswith(lacking)


def test_a_look_at_a_live_run_reads_each_of_its_intervals_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, read = IntervalFile(tmp_path), list[Place]()
    targets = ("p95 < 10us", "throughput > 1/s", "error_rate < 1%")
    fold = measuring(file, targets=targets)
    for index in range(80):
        values = [10_000 + number for number in range(100)]
        fold.add(samples(index, values, at_ns=(index + 1) * TENTH_NS, health=QUIET))
    real = file.read_each

    def noting(parts: Iterable[Interval | Place]) -> Iterator[Interval]:
        known = list(parts)
        read.extend(part for part in known if isinstance(part, Place))
        return real(known)

    monkeypatch.setattr(file, "read_each", noting)
    assert fold.findings().confidence_ns
    once = read.copy()
    assert once
    assert len(once) == len(set(once))

    read.clear()
    assert set(fold.spreads()) == set(targets)
    assert read == once
