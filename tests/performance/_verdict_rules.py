"""What other tools conclude from the same data: each says of every profile whether it differs.

The tests are corrected for the number of profiles (Bonferroni), which most tools do not do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from tests.performance._verdict_models import Sides, Times

ALPHA = 0.05
RESAMPLES = 200
INTERVAL = 100
"""Operations."""

Rule = Callable[[Sides, int, np.random.Generator], bool]
"""Whether the sides differ, where that number of profiles are looked at."""


def _critical(profiles: int) -> float:
    return NormalDist().inv_cdf(1 - ALPHA / profiles / 2)


def ratio(sides: Sides, profiles: int, random: np.random.Generator) -> bool:
    """p95 changed by more than 10 %."""
    a, b = (float(np.quantile(side, 0.95)) for side in sides)
    return abs(math.log(b / a)) > math.log(1.1)


def welch(sides: Sides, profiles: int, random: np.random.Generator) -> bool:
    """Welch's t test on all operations; with that number, t is normal."""
    a, b = (side.ravel() for side in sides)
    error = math.sqrt(a.var() / a.size + b.var() / b.size)
    return abs(float(b.mean() - a.mean())) / error > _critical(profiles)


def mann_whitney(sides: Sides, profiles: int, random: np.random.Generator) -> bool:
    """Mann and Whitney's rank sum test on all operations."""
    a, b = (side.ravel() for side in sides)
    ranks = np.empty(a.size + b.size)
    ranks[np.argsort(np.concatenate((a, b)))] = np.arange(1, ranks.size + 1)
    u = float(ranks[: a.size].sum()) - a.size * (a.size + 1) / 2
    expected = a.size * b.size / 2
    error = math.sqrt(a.size * b.size * (ranks.size + 1) / 12)
    return abs(u - expected) / error > _critical(profiles)


def bootstrap(sides: Sides, profiles: int, random: np.random.Generator) -> bool:
    """A bootstrap of the mean p95 over intervals of 100 operations."""
    means = []
    for side in sides:
        p95 = np.quantile(side.reshape(-1, INTERVAL), 0.95, axis=1)
        means.append(p95[random.integers(0, p95.size, (RESAMPLES, p95.size))].mean(axis=1))
    differences: Times = means[1] - means[0]
    # Far out, the share of few resamples says little: their spread says more.
    return abs(float(differences.mean())) > _critical(profiles) * float(differences.std())


RULES: dict[str, Rule] = {
    "p95 more than 10 % apart": ratio,
    "Welch's t on operations": welch,
    "Mann-Whitney on operations": mann_whitney,
    "bootstrap over intervals": bootstrap,
}


def differ(rule: Rule, found: Sequence[Sides], random: np.random.Generator) -> list[bool]:
    """What the rule says of each profile."""
    return [rule(sides, len(found), random) for sides in found]
