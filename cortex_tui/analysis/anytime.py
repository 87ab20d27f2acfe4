"""Differences that may be looked at after every round, for a screen that does.

A paired t test after each round finds a difference between equal sides in every fifth comparison.
The mixture of t likelihoods over all effect sizes (a Gaussian prior on the effect in standard
deviations, of variance G) is a martingale where there is none, so that with probability 1 - alpha
it never exceeds 1 / alpha, however often it is looked at: Ville's inequality. The closed form is
that of Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with
unknown variance", arXiv 2310.03722, 2023.
"""

from __future__ import annotations

import math

from cortex_tui.analysis.verdict import ALPHA, Judgement

G = 1.0


def evidence_against_chance(t: float, rounds: int) -> float:
    """How many times better an effect explains the t statistic of that many paired rounds than
    chance does; infinity where no number is large enough."""
    nu, growth = rounds - 1, 1 + rounds * G
    if nu < 1:
        return 0.0
    log = -0.5 * math.log(growth)
    log += (nu + 1) / 2 * (math.log1p(t * t / nu) - math.log1p(t * t / (nu * growth)))
    return math.exp(min(log, 700.0))


def is_sure_at_any_time(judgement: Judgement, rounds: int, *, family: float = 1) -> bool:
    """Whether a difference in paired rounds holds although it was looked for after each, with
    that part of ALPHA for it: one in `family`."""
    if judgement.ratio is None or not judgement.spread or judgement.ratio <= 0:
        return False
    t = math.sqrt(rounds) * math.log(judgement.ratio) / judgement.spread
    return evidence_against_chance(t, rounds) >= family / ALPHA
