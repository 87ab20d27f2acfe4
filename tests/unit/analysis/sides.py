"""Sides of comparisons, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortex_tui.analysis.arms import Arm, Round
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.stats.histogram import Histogram

Times = NDArray[np.float64]


def profile(name: str = "p", **fields: Any) -> Profile:
    fields = {"suite": "s", "workload": "x:y", "stop": Length(iterations=1), **fields}
    return Profile(name=name, **fields)


def one_round(number: int, times_ns: Times, **fields: Any) -> Round:
    histogram = Histogram()
    histogram.fold(times_ns.astype(np.int64).tobytes())
    fields = {
        "operations": times_ns.size,
        "in_window": times_ns.size,
        "measured_ns": int(times_ns.sum()),
        "mean_ns": histogram.mean_ns,
        **fields,
    }
    return Round(number=number, times=histogram, **fields)


def side(rounds: Sequence[Times], of: Profile | None = None, **fields: Any) -> Arm:
    return Arm(
        of or profile(),
        tuple(one_round(number, times, **fields) for number, times in enumerate(rounds, 1)),
    )


def latencies(
    seed: int,
    rounds: int = 8,
    *,
    size: int = 2_000,
    slower: float = 1.0,
    drift: float = 0.06,
    own: float = 0.01,
) -> tuple[list[Times], list[Times]]:
    """Both sides, B `slower` times as slow: log-normal around a level that drifts from round to
    round on both sides alike, with some noise that each has of its own."""
    noise = np.random.default_rng(seed)
    level = 13 + np.cumsum(drift * noise.standard_normal(rounds))

    def times(factor: float) -> list[Times]:
        own_level = level + own * noise.standard_normal(rounds)
        return [factor * np.exp(each + 0.3 * noise.standard_normal(size)) for each in own_level]

    return times(1.0), times(slower)
