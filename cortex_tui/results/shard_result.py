"""What each runner's part of a run has come to, where several share it, and whether one stands out.

The percentiles of a run are those of all its operations: how long one takes that is picked at
random. A sick machine among eight is hidden there, so its own p99 is compared with the others'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import Literal, NamedTuple

import msgspec

from cortex_tui.protocol.lifecycle import ShardState
from cortex_tui.stats.percentiles import samples_missing

UNEVEN = 1.2
"""How far the p99 of one shard may be above the median of the others before it is worth a word."""
_STATISTIC, _QUANTILE = "p99", 0.99
_CONFIDENCE = 0.95


class ShardResult(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a run that one runner measured. Percentiles and max are of the run's headline
    time, in ns."""

    number: int
    """From 1, among those that share the run."""
    runner: int = 0
    """Its number in the session."""
    machine: str = ""
    """Where it ran; "" for the machine of this program."""
    clock_bound_ns: int | None = None
    """How far its machine's clock may be from the one that it was translated to; None where it is
    the same clock."""
    state: ShardState = "planned"
    reason: str = ""
    """Why it was lost, or failed."""
    ended_ns: int | None = None
    """When it was lost, on the run's clock from the start of measure."""
    operations: int = 0
    """Succeeded in measure."""
    errors: int = 0
    unstarted: int = 0
    unfinished: int = 0
    measured_ns: int = 0
    throughput_per_s: float | None = None
    percentiles_ns: dict[str, int | None] = {}
    """As those of the run; None while samples are too few."""
    samples_missing: dict[str, int] = {}
    max_ns: int | None = None
    p99_within_ns: tuple[int, int] | None = None
    """Where its p99 lies by the number of its operations; None while they are too few."""


class Unevenness(NamedTuple):
    """How the p99 of the slowest shard stands to those of the others."""

    verdict: Literal["even", "uneven", "cannot tell"]
    slowest: int | None = None
    """The number of the shard with the highest p99, where all that are compared have one."""
    ratio: float | None = None
    """Of its p99 to the median of the others."""
    text: str = ""
    """In words: `shard 2's p99 is 1.8 times the median of the others`."""


def unevenness(shards: Sequence[ShardResult]) -> Unevenness:
    """Whether one of the shards that measured anything has a p99 more than UNEVEN times the median
    of the others.

    It cannot tell where a shard has too few operations for a p99, or where chance alone might be
    the reason: the difference is less than the errors of both together, as their intervals have
    them. One that was lost before it had enough is left out.
    """
    measured = [
        shard
        for shard in shards
        if shard.operations
        and not (shard.state in ("lost", "failed") and _STATISTIC in shard.samples_missing)
    ]
    if len(measured) < 2:
        return Unevenness("cannot tell", text="cannot tell: fewer than two shards have measured")
    missing = {shard.number: shard.samples_missing.get(_STATISTIC, 0) for shard in measured}
    if any(missing.values()):
        number = max(missing, key=lambda each: missing[each])
        text = f"cannot tell: shard {number} needs {missing[number]:,} more operations for a p99"
        return Unevenness("cannot tell", text=text)
    slowest = max(measured, key=lambda shard: shard.percentiles_ns[_STATISTIC] or 0)
    others = [shard for shard in measured if shard is not slowest]
    usual_ns = median(shard.percentiles_ns[_STATISTIC] or 0 for shard in others)
    ratio = (slowest.percentiles_ns[_STATISTIC] or 0) / max(1, usual_ns)
    text = f"shard {slowest.number}'s p99 is {ratio:.1f} times the median of the others"
    if ratio <= UNEVEN:
        return Unevenness("even", slowest.number, ratio, text)
    at_least_ns = (slowest.p99_within_ns or (0, 0))[0]
    at_most_ns = median((shard.p99_within_ns or (0, 0))[1] for shard in others)
    down = math.log((slowest.percentiles_ns[_STATISTIC] or 1) / max(1, at_least_ns))
    up = math.log(max(1, at_most_ns) / max(1, usual_ns))
    if math.log(ratio) <= math.hypot(down, up):
        few = f"{text}; cannot tell whether that is more than chance"
        return Unevenness("cannot tell", slowest.number, ratio, few)
    return Unevenness("uneven", slowest.number, ratio, text)


def bounds_of_p99(
    operations: int, shards: int = 1, wider: float = 1.0
) -> tuple[float, float] | None:
    """The quantiles between which the p99 lies by the number of operations; None where they are too
    few for one.

    The binomial interval for the rank of a quantile (Conover, Practical Nonparametric Statistics,
    1999, 3.2), widened for the number of shards: the slowest of many is high by chance. It is that
    much `wider` where slow operations come in bursts.
    """
    if samples_missing(_QUANTILE, operations):
        return None
    width = wider * NormalDist().inv_cdf(1 - (1 - _CONFIDENCE) / 2 / shards)
    half = width * (_QUANTILE * (1 - _QUANTILE) / operations) ** 0.5
    return max(0.0, _QUANTILE - half), min(1.0, _QUANTILE + half)
