"""Whatever numbers a damaged store holds, comparing them ends in verdicts or in one error."""

from __future__ import annotations

from array import array
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_tui.analysis.noise import floors_for, machine_key, profile_key, smallest_differences
from cortex_tui.analysis.sessions import compare_sources, sources_of
from cortex_tui.analysis.stored_arms import stored_arms
from cortex_tui.protocol.messages import Health
from cortex_tui.report.comparison import comparison_text
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    StoredSession,
)
from tests.unit.analysis.sides import profile

whole = st.sampled_from([-(2**62), -1, 0, 1, 7, 50, 10**9, 2**62])
real = st.sampled_from([-1e300, -1.0, 0.0, 1e-300, 0.02, 5.0, 1e300])
moments = st.builds(
    Moments,
    count=st.sampled_from([50] * 20 + [0, 51]),
    mean_ns=real,
    m2=real,
    min_ns=st.none() | whole,
    max_ns=st.none() | whole,
    overflow=whole,
)
runs = st.fixed_dictionaries(
    {
        "service": moments,
        "batch": whole,
        "measured_ns": whole,
        "drained": whole,
        "failed_in_batches": whole,
        "errors": st.dictionaries(st.just("E"), whole),
        "confidence_ns": st.just({})
        | st.builds(lambda low, high: {"service": {"p50": (low, high)}}, whole, whole),
        "steal_ns": whole,
        "wall_ns": whole,
        "foreign_ns": whole,
    }
)
BLOB = IntervalHistogram.of(array("q", [1_000 * at for at in range(50)])).encode()


def session(name: str, found: list[dict[str, Any]]) -> StoredSession:
    records, intervals = [], []
    for number, fields in enumerate(found):
        of_health = ("steal_ns", "wall_ns", "foreign_ns")
        health = Health(**{name: fields[name] for name in of_health})
        rest = {key: value for key, value in fields.items() if key not in of_health}
        records.append(
            RunRecord(run=number, round=number + 1, profile=profile(), state="finished", **rest)
        )
        encoded = EncodedHistogram(BLOB, fields["service"])
        intervals.append(IntervalRecord(run=number, first=0, service=encoded, health=health))
    return StoredSession(
        session=SessionRecord(id=name, started_at=""),
        state="finished",
        runs=tuple(records),
        intervals=tuple(intervals),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(runs, min_size=1, max_size=4),
    st.lists(runs, min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["p50", "p95", "mean", "throughput"]), real),
    st.integers(-3, 9),
)
def test_any_numbers_are_compared_or_refused(
    a: list[dict[str, Any]], b: list[dict[str, Any]], deviations: dict[str, float], sessions: int
) -> None:
    one, other = session("a", a), session("b", b)
    try:
        sources = sources_of([("a", one), ("b", other)])
        arms = stored_arms(other)
    except HistogramFormatError:
        return
    noise = [
        NoiseRecord(
            profile=profile_key(arm, other.session),
            machine=machine_key({}),
            deviations=deviations,
            successive=deviations,
            sessions=sessions,
        )
        for arm in arms.values()
    ]
    for arm in arms.values():
        floors_for(arm, other.session, noise)
    smallest_differences(other, noise)
    try:
        (found,) = compare_sources(sources, noise, forced=True)
    except HistogramFormatError:
        return  # of an interval that was left out at first
    assert comparison_text(found, width=100, colour=False)
