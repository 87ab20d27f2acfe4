"""The shape of a run's times: curves of service and response, bins, and how many modes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import RunFinished, RunPlanned, Samples, StateChanged
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import TimeWindow
from cortex_tui.results.shape import curve_of, modes_of_run
from cortex_tui.results.window import windowed
from cortex_tui.stats.log_bins import bin_of
from cortex_tui.stats.ordered import Ordered
from tests.unit.report.stand_in import profile
from tests.unit.session.messages import raw

TENTH_NS = 100_000_000
MS = 1_000_000
OPEN = msgspec.structs.replace(profile(), load=OpenLoad(500.0))


def fold(per_interval: Sequence[Sequence[int]], *, waiting_ns: int | None = None) -> RunFold:
    run = RunFold(RunPlanned(0, profile() if waiting_ns is None else OPEN, ()))
    run.change(StateChanged(0, RunLife("measure"), 0))
    for number, values in enumerate(per_interval):
        run.add(samples(number, values, waiting_ns))
    return run


def samples(number: int, values: Sequence[int], waiting_ns: int | None = None) -> Samples:
    waited = [value + waiting_ns for value in values] if waiting_ns is not None else []
    return Samples(
        run=0,
        phase="measure",
        interval=number,
        at_ns=(number + 1) * TENTH_NS,
        service=raw(values),
        response=raw(waited),
        lateness=raw([waiting_ns or 0] * len(waited)),
    )


def ended(run: RunFold) -> RunResult:
    at_ns = run.measured_ns
    run.finish(RunFinished(run=0, state="finished", at_ns=at_ns, measured_ns=at_ns))
    return result_of(run, {})


def test_an_open_load_has_a_curve_of_service_below_that_of_response() -> None:
    run = fold([[MS, 2 * MS]] * 20, waiting_ns=5 * MS)
    whole = result_of(run, {})
    for part in (whole, windowed(whole, run.series(), TimeWindow(0, 10 * TENTH_NS))):
        assert part.shape.curve[0].value_ns > 6 * MS * 0.99
        assert part.shape.service_curve[0].value_ns < 1.01 * MS
        assert part.shape.bins.first >= bin_of(5.9 * MS)
    assert whole.shape.service_curve == curve_of(run.service.ordered())


def test_a_closed_load_has_one_curve() -> None:
    whole = result_of(fold([[MS]] * 3), {})
    assert whole.shape.curve
    assert whole.shape.service_curve == ()


def test_where_few_operations_are_independent_a_second_heap_is_no_mode() -> None:
    random = np.random.default_rng(1)
    heaps = np.append(random.normal(1, 0.1, 3_600), random.normal(2, 0.2, 400))
    values = (random.permutation(heaps) * MS).astype(int).reshape(40, 100)
    run = ended(fold(values.tolist()))
    assert len(modes_of_run(run)) == 2
    unsure = msgspec.structs.replace(run, confidence_ns={"p90": (int(1.0 * MS), int(2.2 * MS))})
    assert len(modes_of_run(unsure)) == 1


def test_the_shape_of_a_live_run_is_that_of_its_moment_whenever_it_is_looked_at() -> None:
    run = fold([[MS, 2 * MS]] * 20, waiting_ns=5 * MS)
    looked_at, kept = result_of(run, {}).shape, result_of(run, {}).shape
    curve, service_curve, bins = looked_at.curve, looked_at.service_curve, looked_at.bins
    run.add(samples(20, [900 * MS], 0))
    assert result_of(run, {}).shape != looked_at
    assert (kept.curve, kept.service_curve, kept.bins) == (curve, service_curve, bins)
    assert kept == looked_at


def test_views_of_a_run_of_which_nothing_comes_are_compared_without_its_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = fold([[MS, 2 * MS]] * 20, waiting_ns=5 * MS)

    def curve(values: Ordered) -> list[tuple[float, int]]:
        raise AssertionError("nobody looks at it")

    monkeypatch.setattr(Ordered, "curve", curve)
    assert result_of(run, {}) == result_of(run, {})
