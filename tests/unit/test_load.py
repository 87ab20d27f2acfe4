"""Arrival schedules."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.load import ConstantArrivals
from cortex_tui.profiles.model import OpenLoad


@given(
    st.floats(0.01, 1e6, allow_nan=False), st.integers(0, 10**18), st.integers(1, 300), st.data()
)
def test_constant_arrivals_are_exact_however_they_are_taken(
    rate_per_s: float, start_ns: int, limit: int, data: st.DataObject
) -> None:
    arrivals = ConstantArrivals(OpenLoad(rate_per_s=rate_per_s), start_ns, None, limit)
    taken: list[int] = []
    while arrivals.next_ns is not None:
        step_ns = data.draw(st.integers(0, round(3e9 / rate_per_s)))
        taken += arrivals.take_due(arrivals.next_ns + step_ns)
    period_ns = Fraction(10**9) / Fraction(rate_per_s)
    assert taken == [start_ns + int(k * period_ns) for k in range(limit)]


def test_arrivals_end_before_the_phase_does() -> None:
    arrivals = ConstantArrivals(OpenLoad(rate_per_s=10.0), 0, 1_000_000_000)
    assert len(arrivals.take_due(5_000_000_000)) == 10
    assert arrivals.next_ns is None


def test_nothing_is_due_before_its_time() -> None:
    arrivals = ConstantArrivals(OpenLoad(rate_per_s=10.0), 0, None)
    assert arrivals.take_due(99_999_999) == [0]
    assert arrivals.take_due(99_999_999) == []
    assert arrivals.take_due(100_000_000) == [100_000_000]
