"""What a test can read of its own measurement: `benchmark.stats`, as in pytest-benchmark.

All values are seconds a call. With pytest-benchmark installed its own class is used.
"""

from __future__ import annotations

import statistics
from array import array
from functools import cached_property
from typing import Any


class Stats:
    """Of all rounds of a test; a round is one call, or the mean of as many as were timed as one."""

    def __init__(self, data: list[float]) -> None:
        self.data = data

    @cached_property
    def sorted_data(self) -> list[float]:
        return sorted(self.data)

    @property
    def rounds(self) -> int:
        return len(self.data)

    @cached_property
    def total(self) -> float:
        return sum(self.data)

    @cached_property
    def min(self) -> float:
        return self.sorted_data[0]

    @cached_property
    def max(self) -> float:
        return self.sorted_data[-1]

    @cached_property
    def mean(self) -> float:
        return self.total / len(self.data)

    @cached_property
    def stddev(self) -> float:
        return statistics.stdev(self.data) if len(self.data) > 1 else 0.0

    @cached_property
    def median(self) -> float:
        return statistics.median(self.data)

    @cached_property
    def q1(self) -> float:
        return self._quartiles[0]

    @cached_property
    def q3(self) -> float:
        return self._quartiles[2]

    @property
    def iqr(self) -> float:
        return self.q3 - self.q1

    @property
    def ops(self) -> float:
        return self.rounds / self.total if self.total else 0.0

    @cached_property
    def _quartiles(self) -> list[float]:
        return (
            statistics.quantiles(self.data, method="inclusive")
            if self.rounds > 1
            else (self.data * 3)
        )


class Measured:
    """`benchmark.stats`: the numbers themselves under `.stats`, or by name in brackets."""

    def __init__(self, fixture: Any, values_ns: array[int], iterations: int) -> None:
        self.name = fixture.name
        self.fullname = fixture.fullname
        self.group = fixture.group
        self.param = fixture.param
        self.params = fixture.params
        self.extra_info = fixture.extra_info
        self.iterations = iterations
        self.stats = _stats([value / 1e9 / iterations for value in values_ns])

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self.stats, key, getattr(self, key, default))

    def __getitem__(self, key: str) -> Any:
        return getattr(self.stats, key) if hasattr(self.stats, key) else getattr(self, key)

    def __bool__(self) -> bool:
        return bool(self.stats.data)


def _stats(data: list[float]) -> Any:
    try:
        from pytest_benchmark.stats import Stats as Theirs
    except ImportError:
        return Stats(data)
    stats: Any = Theirs()  # type: ignore[no-untyped-call]
    stats.data = data
    return stats
