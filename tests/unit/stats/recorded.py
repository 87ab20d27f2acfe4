"""Values as they are recorded, for tests of histograms."""

from __future__ import annotations

from array import array

from hypothesis import strategies as st

from cortex_tui.stats.buckets import (
    HIGHEST_NS,
)
from cortex_tui.stats.histogram import Histogram

EDGES = [0, 1, 2, 1_022, 1_023, 1_024, 1_025, 2_046, 2_047, 2_048, 2_049, HIGHEST_NS]
durations = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, 4_096),
    st.integers(0, 50_000_000),
    st.integers(0, HIGHEST_NS),
)
lists = st.lists(durations, max_size=300)


def raw(values: list[int]) -> bytes:
    return array("q", values).tobytes()


def folded(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.fold(raw(values))
    return histogram
