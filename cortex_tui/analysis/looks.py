"""A comparison that may end before its last round: after which rounds it is looked at, and how sure
each look has to be.

Whoever tests after each round, and ends with the first difference, finds one in every fifth
comparison of equal sides. So the looks are few and known beforehand, and the chance of a false
alarm that the whole may have is spent on them little by little: after the part t of all rounds,
ALPHA ln(1 + (e - 1) t) of it. That is the function of Lan and DeMets ("Discrete sequential
boundaries for clinical trials", Biometrika 70, 1983) that comes close to the equal boundaries of
Pocock ("Group sequential methods in the design and analysis of clinical trials", Biometrika 64,
1977). Each look is judged with what is spent on it alone, so their chances add up to ALPHA at most,
however much the looks depend on each other. Intervals of that confidence hold at all looks together
(Jennison and Turnbull, "Interim analyses: the repeated confidence interval approach", Journal of
the Royal Statistical Society B 51, 1989).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.comparison import Comparison, Looks, Pair, ProfileComparison
from cortex_tui.analysis.verdict import ALPHA
from cortex_tui.limits import MAX_ROUNDS

FEWEST = 6
"""Rounds before the first look: with fewer, hardly any difference is sure enough."""
_AT = (FEWEST, 10, 14, 20, 30, 44, 64, 94, 136, 200, 290, 420, 600)
"""Even, so that at each look every version came first as often as last."""
_LAST_STEP = 0.85
"""A look so close to the last round is not worth what it costs."""


def looks_within(rounds: int) -> tuple[int, ...]:
    """After which rounds of that many at most it is looked at; the last is after all of them."""
    return (*(at for at in _AT if at <= rounds * _LAST_STEP), rounds)


def spent(after: Sequence[int], most: int) -> list[float]:
    """What each look may spend of ALPHA, of looks after those rounds of `most`."""
    so_far = [ALPHA * math.log1p((math.e - 1) * min(at / most, 1.0)) for at in after]
    return [now - before for now, before in zip(so_far, [0.0, *so_far], strict=False)]


def in_looks(
    pairs: Sequence[Pair],
    planned: Sequence[int],
    judge: Callable[[Sequence[Pair], float], Comparison],
) -> Comparison:
    """What all looks up to the newest round came to; the sides are paired. `judge` is given what a
    look may spend.

    The verdict of a profile is that of the first look that had one, with its numbers; of the last
    look where none had.
    """
    planned = sorted({at for at in planned if 0 < at <= MAX_ROUNDS})
    if not planned:
        return judge(pairs, ALPHA)
    measured = max((min(_last(pair.a), _last(pair.b)) for pair in pairs), default=1)
    measured = max(measured, 1)  # a damaged record may have rounds below that
    after = [at for at in planned if at <= measured]
    if measured < planned[-1] and measured not in after:
        after.append(measured)
    known: list[ProfileComparison | None] = [None] * len(pairs)
    found = Comparison(paired=True, profiles=())
    for at, alpha in zip(after, spent(after, planned[-1]), strict=True):
        part = [pair._replace(a=_until(pair.a, at), b=_until(pair.b, at)) for pair in pairs]
        found = judge(part, alpha)
        known = [
            new if old is None or old.verdict == "cannot tell" else old
            for old, new in zip(known, found.profiles, strict=True)
        ]
    looks = Looks(planned=tuple(planned), after=tuple(after))
    return msgspec.structs.replace(found, profiles=tuple(filter(None, known)), looks=looks)


def _last(arm: Arm) -> int:
    return max((each.number for each in arm.rounds), default=0)


def _until(arm: Arm, last: int) -> Arm:
    return replace(arm, rounds=tuple(each for each in arm.rounds if each.number <= last))
