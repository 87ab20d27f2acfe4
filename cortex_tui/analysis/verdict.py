"""From evidence to a word: faster, slower, same or cannot tell, and what would tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from cortex_tui.analysis.evidence import Evidence, ratio_of
from cortex_tui.limits import MAX_ROUNDS
from cortex_tui.quantities import format_noun
from cortex_tui.stats.beta import t_critical

Word = Literal["faster", "slower", "same", "cannot tell", "more", "fewer"]
"""`more` and `fewer` are of errors."""

ALPHA = 0.05
"""How often a whole comparison of equal sides may find any difference, in any statistic."""
POWER = 0.9
"""How often a difference of the size at hand is found with the rounds that are called enough."""

TOLERANCES = {"p99.9": 0.1, "p99": 0.05, "p95": 0.03, "p90": 0.03}
"""By statistic, up to which ratio less 1 a difference does not matter."""
TOLERANCE = 0.02
"""Of all others."""
ERRORS_TOLERANCE = 0.001
"""Of the share of operations that fail."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One statistic of one profile on both sides."""

    statistic: str
    """`p50`, …, `mean`, `throughput` or `errors`."""
    a: float | None
    """In ns, 1/s, or the share of operations that failed; so is `b`."""
    b: float | None
    ratio: float | None
    """B / A; None without values, and for errors."""
    low: float | None = None
    """The 95 % confidence interval of the ratio, or of the difference of shares for errors; wider
    where a session is looked at several times, so that all of them are right at once."""
    high: float | None = None
    verdict: Word = "cannot tell"
    reason: str = ""
    """Why nothing is known, and what would help; or what to know about the verdict."""
    more_rounds: int | None = None
    """About how many more rounds would tell."""
    p: float = 1.0
    """Corrected for the number of statistics that are looked at with it."""
    spread: float | None = None
    """Of rounds that were measured in turns: how far the difference of one round lies off, as a
    standard deviation of its logarithm (of shares, for errors). How small a difference can be found
    rests on it."""


def tolerance_of(statistic: str, wanted: float | None = None) -> float:
    """The ratio less 1 up to which a difference does not matter; `wanted` goes before ours."""
    if statistic == "errors":
        return ERRORS_TOLERANCE
    return TOLERANCES.get(statistic, TOLERANCE) if wanted is None else wanted


def corrected(probabilities: Sequence[float], shares: Sequence[float] | None = None) -> list[float]:
    """Each probability corrected for all of them: a difference counts where that is at most ALPHA.

    `shares` are the parts of ALPHA that each is tested with, 1 in all at most; without them all are
    equal. What is found gives its share to the others.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979, which has the weights, too: the chance of any false alarm among all of them
    is at most ALPHA.
    """
    if shares is None:
        shares = [1 / max(len(probabilities), 1)] * len(probabilities)
    scaled = [
        probability / share if share else math.inf
        for probability, share in zip(probabilities, shares, strict=True)
    ]
    found = [1.0] * len(scaled)
    so_far, left = 0.0, 1.0
    for at in sorted(range(len(scaled)), key=lambda at: scaled[at]):
        so_far = max(so_far, min(1.0, max(left, shares[at]) * scaled[at] if shares[at] else 1.0))
        found[at] = so_far
        left -= shares[at]
    return found


def judge(
    statistic: str,
    evidence: Evidence,
    p: float,
    *,
    family: int,
    tolerance: float,
    alpha: float = ALPHA,
    share: float = 1.0,
) -> Judgement:
    """The word for one statistic; `p` is the corrected probability, of `family` that were tested,
    with this `share` of `alpha` for it.

    A difference must be sure and must matter: at most `alpha` by chance, and beyond the tolerance.
    `same` is said where the interval of 1 - 2 `alpha` lies within the tolerance (two one-sided
    tests; Schuirmann 1987), never because nothing was found.
    """
    inside = tolerance if statistic == "errors" else math.log1p(tolerance)
    interval = evidence.interval(1 - alpha)
    difference = evidence.difference
    as_ratio = statistic != "errors"
    shown = Judgement(
        statistic=statistic,
        a=evidence.a,
        b=evidence.b,
        ratio=ratio_of(difference) if as_ratio and difference is not None else None,
        low=None if interval is None else _outside(interval[0], as_ratio=as_ratio),
        high=None if interval is None else _outside(interval[1], as_ratio=as_ratio),
        p=p,
        spread=evidence.spread if len(evidence.series) > 1 else None,
    )
    if difference is None or interval is None:
        return msgspec.structs.replace(shown, reason=evidence.lacking)
    if p <= alpha and abs(difference) > inside and not evidence.doubt:
        return msgspec.structs.replace(shown, verdict=_word(statistic, difference))
    narrow = evidence.interval(1 - 2 * alpha)
    assert narrow is not None
    if -inside <= narrow[0] and narrow[1] <= inside:
        small = interval[0] > 0 or interval[1] < 0
        reason = f"differs by less than {tolerance:.3g}" if small and not as_ratio else ""
        if small and as_ratio:
            reason = f"a difference, but one of less than {tolerance * 100:.3g} %"
        return msgspec.structs.replace(shown, verdict="same", reason=reason)
    more = more_rounds(evidence, inside, alpha, share)
    return msgspec.structs.replace(
        shown,
        reason=_why(evidence, p, inside, family, more, alpha),
        more_rounds=None if more is None or math.isinf(more) else int(more),
    )


def _outside(value: float, *, as_ratio: bool) -> float:
    return ratio_of(value) if as_ratio else value


def _word(statistic: str, difference: float) -> Word:
    if statistic == "errors":
        return "more" if difference > 0 else "fewer"
    # Of times, more is slower; of throughput, more is faster.
    slower = difference < 0 if statistic == "throughput" else difference > 0
    return "slower" if slower else "faster"


def more_rounds(
    evidence: Evidence, inside: float, alpha: float = ALPHA, share: float = 1.0
) -> float | None:
    """About how many more rounds would decide; None where rounds are not what is lacking, infinity
    where nobody would measure that many.

    Where the difference lies beyond the tolerance, as many as show it with probability POWER; else
    as many as make the interval narrow enough for `same`.
    """
    if len(evidence.series) < 2 or not evidence.spread or evidence.difference is None:
        return None
    size = abs(evidence.difference)
    if size > inside:
        needed = rounds_for(evidence.spread, size, alpha * share)
    else:
        # On the edge no number of rounds would do: a quarter of the tolerance is the least room.
        needed = rounds_for(evidence.spread, max(inside - size, inside / 4), 2 * alpha, power=0.5)
    return max(needed - len(evidence.series), 1) if needed <= MAX_ROUNDS else math.inf


def rounds_for(spread: float, size: float, alpha: float, *, power: float = POWER) -> int:
    """In how many rounds a difference of that size is found; both are logarithms.

    The usual approximation, (t[1 - alpha/2] + t[power])² times (spread / size)², with the degrees
    of freedom of its own result. At most MAX_ROUNDS + 1.
    """
    count = 3
    for _ in range(50):
        degrees = count - 1
        reach = t_critical(alpha, degrees)
        if power != 0.5:
            reach += t_critical(2 * (1 - power), degrees)
        needed = max(3, math.ceil(min((reach * spread / size) ** 2, MAX_ROUNDS + 1.0)))
        if needed == count:
            break
        # From below it may swing: half the way is enough to meet.
        count = (
            needed if needed > count and degrees < 4 else (needed + count + (needed > count)) // 2
        )
    return count


def _why(
    evidence: Evidence, p: float, inside: float, family: int, more: float | None, alpha: float
) -> str:
    assert evidence.difference is not None
    if abs(evidence.difference) > inside:
        why = evidence.doubt if p <= alpha else "it may be chance"
        if family > 1 and evidence.p <= alpha < p:
            why = f"with {family} values compared at once, chance alone may explain this"
    else:
        why = "the interval is too wide"
    if more is None:
        if evidence.series or not math.isfinite(evidence.error):
            return why
        return f"{why}: compare both versions in one session"
    if math.isinf(more):
        return f"{why}: longer rounds, or a quieter machine, would tell"
    return f"{why}: about {format_noun(int(more), 'more round')} would tell"
