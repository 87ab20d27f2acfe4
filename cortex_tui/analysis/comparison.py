"""Compares two sides, profile by profile, and says what it all comes to.

One statistic of each profile decides. Where that one cannot tell, and another is slower, the other
decides in its place: a regression that is shown is one, whatever the tail still lacks. And where it
is the same or faster, but nobody can tell whether more operations fail, errors decide. All
statistics of all profiles are one family: the chance of any false alarm among them is at most 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from cortex_tui.analysis.arms import Arm, Round, in_step
from cortex_tui.analysis.evidence import (
    POOLED_BEYOND,
    Evidence,
    Floor,
    Side,
    ratio_of,
    total_share,
)
from cortex_tui.analysis.paired import paired_errors, paired_mean, paired_percentile
from cortex_tui.analysis.unpaired import unpaired_errors, unpaired_mean, unpaired_percentile
from cortex_tui.analysis.verdict import (
    ALPHA,
    ERRORS_TOLERANCE,
    Judgement,
    Word,
    corrected,
    judge,
    tolerance_of,
)
from cortex_tui.stats.beta import t_critical
from cortex_tui.stats.measured import MUCH
from cortex_tui.stats.percentiles import SHOWN, parse_percentile, quantile_of, samples_missing

PERCENTILES = ("p50", "p95", "p99", "p99.9")
"""Those that are always compared."""

DECIDING = 0.8
"""The part of a profile's share of ALPHA with which its deciding statistic is tested. Where it has
too few operations to be tested, which is known from their number alone, the others have that."""
ERRORS = 0.05
"""The part for errors, which are a regression by themselves; the other statistics share the rest
evenly."""


LOWERED = "operations failed within batches, so that times may be too low"


class Pair(NamedTuple):
    """The two sides of a profile."""

    a: Arm
    b: Arm
    floors: Mapping[str, Floor] | None = None
    """The noise between sessions by statistic, for sides of two sessions."""
    unlike: str = ""
    """Why the sides are not the same thing: then there are numbers, and no verdict."""


class ProfileComparison(msgspec.Struct, frozen=True, kw_only=True):
    profile: str
    rounds: tuple[int, int]
    """How many each side has."""
    primary: str
    """The statistic whose verdict is the profile's."""
    statistics: dict[str, Judgement]
    instead_of: str = ""
    """The statistic that would have been primary: it cannot tell, and another one is slower, or it
    does not show that errors cannot tell; "" where it is the primary one."""

    @property
    def verdict(self) -> Word:
        """That of the primary statistic."""
        return self.statistics[self.primary].verdict

    @property
    def percentile(self) -> str:
        """The one that decides, or would have."""
        return self.primary if parse_percentile(self.primary) is not None else self.instead_of


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """The looks at a comparison; see `analysis.looks`."""

    planned: tuple[int, ...]
    """After which rounds; the last is the most rounds that there would have been."""
    after: tuple[int, ...]
    """Those that there were, with the last round where the session was stopped before a look."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides, over all profiles that both have."""

    paired: bool
    """Whether the rounds of both sides were measured alternately in one session."""
    profiles: tuple[ProfileComparison, ...]
    ratio: float | None = None
    """B / A on the whole: the geometric mean of the ratios of the primary statistics."""
    low: float | None = None
    """Its 95 % confidence interval."""
    high: float | None = None
    looks: Looks | None = None
    """Where the session could end before its last round."""

    def having(self, *words: Word) -> tuple[ProfileComparison, ...]:
        """The profiles with one of these verdicts."""
        return tuple(each for each in self.profiles if each.verdict in words)

    @property
    def worst_first(self) -> tuple[ProfileComparison, ...]:
        """The regressions, what is undecided, what is the same, what is faster; in each group the
        greatest difference first."""
        regressions = self.regressions
        order = ("cannot tell", "same", "faster")

        def place(each: ProfileComparison) -> tuple[int, float]:
            rank = 0 if each in regressions else 1 + order.index(each.verdict)
            return rank, -(each.statistics[each.primary].ratio or 0.0)

        return tuple(sorted(self.profiles, key=place))

    @property
    def regressions(self) -> tuple[ProfileComparison, ...]:
        """Those that are slower, or of which more operations fail."""
        return tuple(
            each
            for each in self.profiles
            if each.verdict == "slower" or each.statistics["errors"].verdict == "more"
        )


def compare(
    pairs: Sequence[Pair],
    *,
    paired: bool,
    primary: str = "",
    tolerance: float | None = None,
    alongside: int = 1,
    alpha: float = ALPHA,
) -> Comparison:
    """Judges all profiles together, as what is looked at together has to be.

    `primary` names the percentile that decides, in place of each profile's own; `tolerance` is the
    ratio less 1 up to which a difference does not matter. `alongside` is the number of comparisons
    of the same kind that are made at once, of which this is one. `alpha` is how often the whole may
    find a difference between equal sides.
    """
    found = [
        (pair, primary or primary_of(pair), evidence_of(pair, paired=paired, primary=primary))
        for pair in pairs
    ]
    # Each profile has an equal share of the chance, and divides it among its statistics.
    family = alongside * len(found)
    profiles = []
    for pair, first, evidence in found:
        parts = {} if pair.unlike else _parts(pair, first, evidence)
        of_profile = corrected([evidence[name].p for name in parts], [*parts.values()])
        p_of = dict(zip(parts, of_profile, strict=True))
        judgements = {
            name: judge(
                name,
                each,
                min(1.0, p_of.get(name, 1.0) * family),
                family=family if name == first else family * len(parts),
                tolerance=tolerance_of(name, tolerance),
                alpha=alpha,
                share=parts.get(name, 1.0) / family,
            )
            for name, each in evidence.items()
        }
        if pair.unlike:
            judgements = {name: _unlike(each, pair.unlike) for name, each in judgements.items()}
        elif pair.b.profile.load.has_schedule:
            judgements["throughput"] = _given(judgements["throughput"])
        profiles.append(
            _decided(
                ProfileComparison(
                    profile=pair.b.profile.full_name,
                    rounds=(len(pair.a.rounds), len(pair.b.rounds)),
                    primary=first,
                    statistics=judgements,
                )
            )
        )
    whole, interval = _on_the_whole([evidence[name] for _, name, evidence in found], alpha)
    return Comparison(
        paired=paired,
        profiles=tuple(profiles),
        ratio=None if whole is None else ratio_of(whole),
        low=None if interval is None else ratio_of(interval[0]),
        high=None if interval is None else ratio_of(interval[1]),
    )


def primary_of(pair: Pair) -> str:
    """The statistic that decides: the percentile that the profile's first target on one names; else
    p95 where there are enough operations for it, and p50 where not."""
    if named := pair.b.profile.primary:
        return named
    fewest = min(sum(each.times.total for each in arm.rounds) for arm in (pair.a, pair.b))
    return "p95" if fewest >= POOLED_BEYOND / (1 - SHOWN["p95"]) - 1e-6 else "p50"


def values_of(side: Arm) -> dict[str, float]:
    """Of one side, by statistic, what a comparison looks at; without those that lack operations."""
    rounds = Side(side)
    found: dict[str, float | None] = {
        name: value
        for name, value in zip(
            PERCENTILES,
            rounds.pooled.percentiles([SHOWN[name] for name in PERCENTILES]),
            strict=True,
        )
        if not samples_missing(SHOWN[name], rounds.pooled.total)
    }
    for name, (_, whole) in _OF_ROUNDS.items():
        found[name] = whole(side.rounds)
    return {name: float(value) for name, value in found.items() if value}


def evidence_of(pair: Pair, *, paired: bool, primary: str = "") -> dict[str, Evidence]:
    """By statistic; with the primary one where that is none of the usual."""
    deciding = primary or primary_of(pair)
    names = sorted({*PERCENTILES, deciding}, key=quantile_of)
    sides = in_step(pair.a, pair.b) if paired else (pair.a, pair.b)
    a, b = map(Side, sides)
    floors = pair.floors or {}

    def percentile(name: str) -> Evidence:
        if paired:
            return paired_percentile(a, b, quantile_of(name))
        return unpaired_percentile(a, b, name, quantile_of(name), floors.get(name))

    if 0 in (pair.a.batch, pair.b.batch) or pair.a.batch != pair.b.batch:
        differs = Evidence(lacking="the rounds time batches of different size")
        found = dict.fromkeys(names, differs)
    else:
        found = {name: percentile(name) for name in names}
    for name, (reading, whole) in _OF_ROUNDS.items():
        found[name] = (
            paired_mean(a, b, reading, whole)
            if paired
            else unpaired_mean(a, b, reading, whole, floors.get(name))
        )
    if any(_fails_in_batches(each) for each in sides):
        for name in (*names, "mean"):
            lacking = found[name].lacking or LOWERED
            found[name] = found[name]._replace(error=math.inf, p=1.0, series=(), lacking=lacking)
    found["errors"] = paired_errors(a, b) if paired else unpaired_errors(a, b)
    return found


def _fails_in_batches(side: Arm) -> bool:
    """Whether the share of operations that failed in batches is `MUCH` or more: a batch is timed as
    one, and its other operations may have taken longer than it seems."""
    return side.batch != 1 and (total_share(side.rounds) or 0.0) >= MUCH


def _parts(pair: Pair, first: str, evidence: Mapping[str, Evidence]) -> dict[str, float]:
    """With which part of a profile's share each statistic is tested, of those that can be."""
    testable = [
        name
        for name, each in evidence.items()
        if each.difference is not None and math.isfinite(each.error)
    ]
    if pair.b.profile.load.has_schedule and "throughput" in testable:
        testable.remove("throughput")
    parts = {first: DECIDING} if first in testable else {}
    if "errors" in testable:
        parts["errors"] = ERRORS
    others = [name for name in testable if name not in parts]
    rest = 1 - math.fsum(parts.values())
    return parts | {name: rest / len(others) for name in others}


def _decided(found: ProfileComparison) -> ProfileComparison:
    """By the surest of the statistics that are slower, where its own one cannot tell: of the
    percentiles, else of the mean and the throughput. By errors, where its own one is not slower and
    more of them are seen, if perhaps by chance."""
    own, errors = found.statistics[found.primary], found.statistics["errors"]
    more = (errors.b or 0.0) - (errors.a or 0.0) > ERRORS_TOLERANCE
    if own.verdict in ("same", "faster") and errors.verdict == "cannot tell" and more:
        return msgspec.structs.replace(found, primary="errors", instead_of=own.statistic)
    slower = [each for each in found.statistics.values() if each.verdict == "slower"]
    if own.verdict != "cannot tell" or not slower:
        return found
    surest = min(slower, key=lambda each: (each.statistic in _OF_ROUNDS, each.p))
    lacking = f": {own.reason}" if own.reason else ""
    decides = msgspec.structs.replace(surest, reason=f"{own.statistic} cannot tell{lacking}")
    return msgspec.structs.replace(
        found,
        primary=surest.statistic,
        instead_of=own.statistic,
        statistics={**found.statistics, surest.statistic: decides},
    )


def _unlike(judgement: Judgement, why: str) -> Judgement:
    return msgspec.structs.replace(
        judgement, verdict="cannot tell", reason=why, more_rounds=None, p=1.0
    )


def _given(throughput: Judgement) -> Judgement:
    """Of an open load: it is what was asked for, not what came of it."""
    return msgspec.structs.replace(
        throughput,
        verdict="same",
        reason="the load sets it: look at response times and errors",
        more_rounds=None,
        p=1.0,
    )


def _on_the_whole(
    evidence: Sequence[Evidence], alpha: float
) -> tuple[float | None, tuple[float, float] | None]:
    """The mean difference and its interval, both as logarithms."""
    known = [each for each in evidence if each.difference is not None]
    if not known:
        return None, None
    mean = math.fsum(each.difference or 0.0 for each in known) / len(known)
    if any(not math.isfinite(each.error) for each in known):
        return mean, None
    rounds = {len(each.series) for each in known}
    if len(rounds) == 1 and (count := rounds.pop()) > 1:
        # Profiles share their rounds: what a round did to all of them shows in its mean.
        by_round = [
            math.fsum(each.series[at] for each in known) / len(known) for at in range(count)
        ]
        centre = math.fsum(by_round) / count
        variance = math.fsum((value - centre) ** 2 for value in by_round) / (count - 1)
        error, degrees = math.sqrt(variance / count), count - 1.0
    else:
        # Two sessions may differ in all profiles alike: then nothing is won by having many.
        error = math.fsum(each.error for each in known) / len(known)
        degrees = min(each.degrees for each in known)
    half = t_critical(alpha, degrees) * error if error else 0.0
    return mean, (mean - half, mean + half)


def _mean_ns(one: Round) -> float | None:
    return one.mean_ns


def _whole_mean(rounds: Sequence[Round]) -> float | None:
    operations = sum(each.operations for each in rounds)
    busy_ns = math.fsum((each.mean_ns or 0.0) * each.operations for each in rounds)
    return busy_ns / operations if operations else None


def _throughput(one: Round) -> float | None:
    return one.throughput_per_s


def _whole_throughput(rounds: Sequence[Round]) -> float | None:
    measured_ns = sum(each.measured_ns for each in rounds)
    in_window = sum(each.in_window for each in rounds)
    return in_window * 1e9 / measured_ns if measured_ns else None


_OF_ROUNDS = {"mean": (_mean_ns, _whole_mean), "throughput": (_throughput, _whole_throughput)}
"""Of one round, and of all rounds together."""
