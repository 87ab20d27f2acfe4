"""Counts and times requests by type."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from cortex_core.behaviours.buckets import Buckets
from cortex_core.mediator import Handle
from cortex_core.request import Request
from cortex_core.result import Result


class TimingSummary(msgspec.Struct, frozen=True):
    """One request type up to now. Mean and percentiles are within 1 %; None without data."""

    count: int
    failed: int
    raised: int
    mean_ns: float | None
    p50_ns: int | None
    p95_ns: int | None
    p99_ns: int | None
    max_ns: int | None


class _Record:
    __slots__ = ("buckets", "failed", "raised")

    def __init__(self) -> None:
        self.buckets = Buckets()
        self.failed = 0
        self.raised = 0


class Timing:
    """Times every request on the event loop, from its first step to its result.

    `failed` counts results with errors, `raised` counts exceptions, cancellation among
    them; both are in `count` and in the percentiles.
    """

    def __init__(self) -> None:
        self._records: dict[type[Request[Any]], _Record] = {}

    def wrap(self, request_type: type[Request[Any]], handle: Handle) -> Handle:
        record = self._records[request_type] = _Record()
        add = record.buckets.record
        clock_ns = time.perf_counter_ns

        async def timed(request: Request[Any]) -> Result[Any]:
            began_ns = clock_ns()
            try:
                result = await handle(request)
            except BaseException:
                record.raised += 1
                add(clock_ns() - began_ns)
                raise
            add(clock_ns() - began_ns)
            if result.errors:
                record.failed += 1
            return result

        return timed

    def summary(self) -> Mapping[type[Request[Any]], TimingSummary]:
        """Every request type that the mediator knows, with what was measured so far."""
        return {request_type: _summarised(r) for request_type, r in self._records.items()}


def _summarised(record: _Record) -> TimingSummary:
    buckets = record.buckets
    count = buckets.count
    return TimingSummary(
        count=count,
        failed=record.failed,
        raised=record.raised,
        mean_ns=buckets.mean_ns,
        p50_ns=buckets.percentile_ns(50),
        p95_ns=buckets.percentile_ns(95),
        p99_ns=buckets.percentile_ns(99),
        max_ns=buckets.max_ns if count else None,
    )
