"""Simulated sides of comparisons, of which the truth is known: five kinds of latencies on a machine
that drifts.

All are log-normal at heart (spread 0.3). A round has a level, which drifts by 6 % from one to the
next (a random walk) for both sides alike. Each side has one of its own in each round (1.2 %): that
is what no number of operations averages away.

- independent: nothing else.
- autocorrelated: a fifth of the variance is of a level with a memory of some ten operations.
- heavy-tailed: 2 % of the operations have a Pareto tail (index 1.5).
- bimodal: a fifth of the operations takes three times as long (a cache that is missed).
- bursty: autocorrelated, a Pareto tail (index 2.5), and 0.7 times a round 40 operations in a row
  take 1.5 to 4 times as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.analysis.arms import Arm, Round
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.stats.histogram import Histogram

Model = Literal["independent", "autocorrelated", "heavy-tailed", "bimodal", "bursty"]
MODELS: tuple[Model, ...] = ("independent", "autocorrelated", "heavy-tailed", "bimodal", "bursty")
Times = NDArray[np.float64]

SPREAD = 0.3
DRIFT = 0.06
OWN = 0.012
STEP = 10
"""Operations that share a level: a tenth of the work, and much the same dependence."""
MEMORY = 0.9**STEP
BASE = math.log(442_000)
"""Of times in ns: of a few hundred microseconds."""


class Sides(NamedTuple):
    """The times of a profile in ns, a row a round."""

    a: Times
    b: Times


def logs(random: np.random.Generator, model: Model, rounds: int, size: int) -> Times:
    """Logarithms of times around 0, a row a round."""
    noise = random.standard_normal((rounds, size))
    if model in ("autocorrelated", "bursty"):
        noise = math.sqrt(0.8) * noise + math.sqrt(0.2) * _levels(random, rounds, size)
    if model == "bimodal":
        slow = random.random((rounds, size)) < 0.2
        return 0.1 * noise + math.log(3) * slow
    found: Times = SPREAD * noise
    if model in ("heavy-tailed", "bursty"):
        tail = random.random((rounds, size)) < 0.02
        index = 1.5 if model == "heavy-tailed" else 2.5
        found[tail] += random.exponential(1 / index, int(tail.sum()))
    if model == "bursty":
        for row, bursts in zip(found, random.poisson(0.7, rounds), strict=True):
            for start in random.integers(0, max(1, size - 40), bursts):
                row[start : start + 40] += math.log(random.uniform(1.5, 4))
    return found


def _levels(random: np.random.Generator, rounds: int, size: int) -> Times:
    steps = random.standard_normal((-(-size // STEP), rounds))
    steps[1:] *= math.sqrt(1 - MEMORY**2)
    for at in range(1, len(steps)):
        steps[at] += MEMORY * steps[at - 1]
    return np.repeat(steps.T, STEP, axis=1)[:, :size]


def profiles_on_a_machine(
    random: np.random.Generator,
    model: Model,
    rounds: int,
    size: int,
    *,
    count: int = 10,
    slower: float = 1.0,
    in_turns: bool = True,
) -> list[Sides]:
    """`count` profiles, measured in turns or all rounds of A before those of B; the first is
    `slower` times as slow in B."""
    walk = np.cumsum(DRIFT * random.standard_normal(rounds if in_turns else 2 * rounds))
    levels = np.concatenate((walk, walk)) if in_turns else walk
    found = []
    for number in range(count):
        times = logs(random, model, 2 * rounds, size)
        times += (BASE + levels + OWN * random.standard_normal(2 * rounds))[:, None]
        if number == 0:
            times[rounds:] += math.log(slower)
        times = np.exp(times)
        found.append(Sides(times[:rounds], times[rounds:]))
    return found


def profile(number: int) -> Profile:
    return Profile(suite="simulated", name=f"p{number}", workload="x:y", stop=Length(iterations=1))


def arm(number: int, rounds: Sequence[Times] | Times) -> Arm:
    """The side of a profile as the product takes it."""
    return Arm(profile(number), tuple(_round(at, times) for at, times in enumerate(rounds, 1)))


def _round(number: int, times: Times) -> Round:
    histogram = Histogram()
    histogram.fold(times.astype(np.int64).tobytes())
    return Round(
        number=number,
        times=histogram,
        operations=times.size,
        in_window=times.size,
        measured_ns=int(times.sum()),
        mean_ns=histogram.mean_ns,
    )
