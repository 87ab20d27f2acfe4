"""What being in a fleet costs the measured loop, and that merging changes no count."""

from __future__ import annotations

import asyncio

from hdrh.histogram import HdrHistogram

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement.cluster.adapters import adapter_of
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Placement, Stream
from cortex_tui.protocol.messages import Message, Samples
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.histogram import Histogram
from tests.performance._measure import Measurements
from tests.performance._sessions import React, Subjects, folded

WORK = """
import asyncio

async def read():
    await asyncio.sleep(0)
    for _ in range(2_000):
        pass
"""
"""Some 50 us of a processor."""

RATE_PER_S = 500.0


def add_rows(measurements: Measurements) -> None:
    duration_ns = 2_000_000_000 if measurements.quick else 10_000_000_000

    def p99_ns(cluster: str) -> float:
        with Subjects(WORK) as subjects:
            plan = subjects.plan("read", OpenLoad(RATE_PER_S), duration_ns)
            run = _run(cluster, plan)
        (value,) = run.service.percentiles([0.99])
        assert value is not None
        return float(value)

    measurements.at_most(
        "service p99 of 500/s on an agent, and in a runner of this program",
        lambda: p99_ns("agents:1"),
        lambda: p99_ns(""),
        unit="ns", goal=1.1, rounds=measurements.rounds(quick=5, full=9),
    )  # fmt: skip
    what = "buckets in which four merged runners differ from all their values in one histogram"
    if measurements.wants(what):
        measurements.absolute(what, _different_buckets(), unit="buckets", goal=0.0)


def _different_buckets() -> int:
    whole = Histogram()

    def react(stream: Stream, message: Message) -> None:
        if isinstance(message, Samples) and message.phase == "measure":
            whole.fold(message.service)

    with Subjects(WORK) as subjects:
        plan = subjects.plan("read", ClosedLoad(workers=8, processes=4), 1_000_000_000, 4)
        run = _run("agents:2", plan, react)
    merged, one = (buckets_of(each) for each in (run.service, whole))
    return sum(merged.get(bucket) != one.get(bucket) for bucket in {*merged, *one})


def buckets_of(histogram: Histogram) -> dict[int, int]:
    """How many values each bucket has that has any."""
    decoded = HdrHistogram.decode(histogram.encode_text())
    return {
        each.value_iterated_to: each.count_at_value_iterated_to
        for each in decoded.get_recorded_iterator()
    }


def _run(cluster: str, plan: SessionPlan, react: React = lambda stream, message: None) -> RunFold:
    """In a runner of this program, or on a cluster."""
    return asyncio.run(_folded(cluster, plan, react))


async def _folded(cluster: str, plan: SessionPlan, react: React) -> RunFold:
    settings = ClusterSettings()
    placement: Placement = (
        OnCluster(adapter_of(cluster, settings), settings) if cluster else InRunnerProcess()
    )
    try:
        run = (await folded(plan, placement, react)).runs[0]
    finally:
        await placement.aclose()
    assert run.life.outcome == "finished", run.reason
    return run
