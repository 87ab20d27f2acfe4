"""Compares stored sessions, or the variants of one: what differs besides, then the times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from cortex_tui.analysis.arms import Arm, arms_of
from cortex_tui.analysis.comparability import (
    Difference,
    arm_differences,
    session_differences,
    variant_differences,
)
from cortex_tui.analysis.comparison import Comparison, Pair, compare
from cortex_tui.analysis.looks import in_looks
from cortex_tui.analysis.noise import floors_for
from cortex_tui.analysis.over_time import OverTime, over_time
from cortex_tui.analysis.stored_arms import (
    MOST_CLEANED,
    is_watched,
    keeps_enough,
    lost_share,
    stored_arms,
    unusable_profiles,
)
from cortex_tui.analysis.verdict import ALPHA
from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_names
from cortex_tui.results.session_result import SessionResult
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import SessionRecord, StoredSession

_NAMED = 3


class Source(NamedTuple):
    """One side: a session, or one variant of it."""

    name: str
    """What it is called by the person who asks."""
    session: SessionRecord
    arms: Mapping[str, Arm]
    """By the name of their profile."""
    variant: str = ""
    whole: Callable[[], Mapping[str, Arm]] | None = None
    """The arms with nothing left out; None where nothing was left out in any case."""
    over_time: Callable[[str, bool], OverTime] | None = None
    """When a profile measured which latencies, without what others disturbed if the second is
    true; None for a session that is not stored yet."""
    unusable: Mapping[str, str] = MappingProxyType({})
    """The state of the runs of each profile that has runs, but no round, such as `failed`;
    `summary` where a file had no samples of it."""
    of_one_run: bool = False
    """Whether it is one run of a session, which has a name of its own."""


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A side, for a reader."""

    name: str
    session: str
    variant: str = ""
    started_at: str = ""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that both sides have and that cannot be compared."""

    profile: str
    differences: tuple[Difference, ...]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """B against A, whole."""

    a: SourceFacts
    b: SourceFacts
    differences: tuple[Difference, ...]
    """Besides the times, of the sessions as a whole; what breaks the comparison first."""
    comparison: Comparison
    profile_differences: dict[str, tuple[Difference, ...]] = {}
    """Besides the times, of single profiles that are compared."""
    left_out: tuple[LeftOut, ...] = ()
    only_a: tuple[str, ...] = ()
    """Profiles that the other side lacks; so has `only_b`."""
    only_b: tuple[str, ...] = ()
    without_rounds: tuple[str, ...] = ()
    """Profiles that both sides ran and one of them has no round of, as where its run failed."""
    missing: tuple[str, ...] = ()
    """Those in `only_a` that nobody left out on purpose: what they measured is not watched any
    more."""
    notes: tuple[str, ...] = ()

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The profiles that both sides ran and that have no verdict for want of anything to
        compare."""
        return (*(each.profile for each in self.left_out), *self.without_rounds)

    @property
    def broken(self) -> tuple[Difference, ...]:
        """What makes the whole comparison meaningless."""
        return tuple(each for each in self.differences if each.breaks)


def sources_of(named: Sequence[tuple[str, StoredSession]]) -> list[Source]:
    """The sides that are meant by names: a session of variants stands for all of them, the first
    one being what the others are compared with.

    Raises ValueError with the reason for less than two sides, or for variants together with
    another session; HistogramFormatError for a damaged session.
    """
    if len(named) == 1:
        ((name, stored),) = named
        if len(stored.session.variants) < 2:
            raise ValueError(f"{name} has no variants to compare: name a second session")
        return [source_of(each.name, stored, each.name) for each in stored.session.variants]
    seen: dict[tuple[str, int | None], str] = {}
    for name, stored in named:
        if stored.session.variants:
            raise ValueError(f"{name} is a comparison of variants already: compare it by itself")
        which = stored.session.id, stored.snapshot.run if stored.snapshot else None
        if which in seen:
            raise ValueError(f"{seen[which]} and {name} are the same session")
        seen[which] = name
    return [source_of(name, stored) for name, stored in named]


def source_of(name: str, stored: StoredSession, variant: str = "") -> Source:
    """One side of a comparison. HistogramFormatError for a damaged session."""
    return Source(
        name=name,
        session=stored.session,
        arms=stored_arms(stored, variant),
        variant=variant,
        whole=cache(partial(stored_arms, stored, variant, clean=False)),
        over_time=lambda profile, clean: over_time(stored, variant, profile, clean=clean),
        unusable=unusable_profiles(stored, variant),
        of_one_run=stored.snapshot is not None and stored.snapshot.run is not None,
    )


def variants_of(result: SessionResult) -> list[Source]:
    """The variants of a session, the one that the others are compared with first; of a live one,
    nothing is left out, and rounds count when they have ended."""
    return [
        Source(each.name, result.record, arms_of(result, each.name), each.name)
        for each in result.record.variants
    ]


def compare_sources(
    sources: Sequence[Source],
    noise: Iterable[NoiseRecord] = (),
    *,
    forced: bool = False,
    primary: str = "",
    tolerance: float | None = None,
    expected: Callable[[Profile], bool] = lambda _: True,
) -> list[Compared]:
    """Each of the others against the first; `noise` is all that is known of it.

    What differs so much that the comparison means nothing is left out or, `forced`, compared
    without a verdict. A profile of which a side has partial runs alone has no verdict, unless that
    is `forced`. Of the profiles of the first, the others are to have those that are `expected`.
    """
    records = list(noise)
    others = sources[1:]
    looks = sources[0].session.looks

    def judge(pairs: Sequence[Pair], paired: bool) -> Comparison:
        def once(pairs: Sequence[Pair], alpha: float = ALPHA) -> Comparison:
            return compare(
                pairs,
                paired=paired,
                primary=primary,
                tolerance=tolerance,
                alongside=len(others),
                alpha=alpha,
            )

        return in_looks(pairs, looks, once) if paired and looks else once(pairs)

    return [
        _compared(
            sources[0],
            other,
            records,
            forced=forced,
            judge=judge,
            expected=expected,
        )
        for other in others
    ]


def _compared(
    a: Source,
    b: Source,
    noise: Sequence[NoiseRecord],
    *,
    forced: bool,
    judge: Callable[[Sequence[Pair], bool], Comparison],
    expected: Callable[[Profile], bool],
) -> Compared:
    paired = a.variant != b.variant
    differences = _differences(a, b)
    arms_a, arms_b, notes = cleaned_arms(a, b)
    pairs: list[Pair] = []
    besides: dict[str, tuple[Difference, ...]] = {}
    left_out: list[LeftOut] = []
    whole = next((each for each in differences if each.breaks), None)
    for name in (name for name in arms_a if name in arms_b):
        one, other = arms_a[name], arms_b[name]
        apart = _of_profile(one, other, paired=paired)
        if _has_one_alone(a, b):
            apart = tuple(each for each in apart if each.what.partition(".")[0] != "neighbours")
        broken = whole or next((each for each in apart if each.breaks), None)
        if broken is not None and not forced:
            left_out.append(LeftOut(profile=name, differences=apart))
            continue
        if apart:
            besides[name] = apart
        floors = {} if paired else floors_for(other, b.session, noise)
        reason = "" if broken is None else f"not the same thing: {broken.what} differs"
        if not reason and not forced:
            reason = _partial(a, one) or _partial(b, other)
        notes += [*_rounds_left_out(a, one), *_rounds_left_out(b, other)]
        pairs.append(Pair(one, other, floors, reason))
    notes += [*_without_round(arms_a, b), *_without_round(arms_b, a)]
    only_a = tuple(name for name in arms_a if name not in {**arms_b, **b.unusable})
    in_part = b.of_one_run or _has_one_alone(a, b)
    return Compared(
        a=_facts(a),
        b=_facts(b),
        differences=differences,
        comparison=judge(pairs, paired),
        profile_differences=besides,
        left_out=tuple(left_out),
        only_a=only_a,
        only_b=tuple(name for name in arms_b if name not in {**arms_a, **a.unusable}),
        without_rounds=(
            *(name for name in arms_a if name in b.unusable),
            *(name for name in arms_b if name in a.unusable),
        ),
        missing=tuple(name for name in only_a if not in_part and expected(arms_a[name].profile)),
        notes=tuple(notes),
    )


def _partial(side: Source, arm: Arm) -> str:
    """Why a side has no whole round of a profile; "" where it has."""
    return f"{side.name} is partial: {arm.partial}" if arm.partial else ""


def _without_round(arms: Mapping[str, Arm], other: Source) -> list[str]:
    """Why the other side has nothing to compare with these, though it ran them: all that have the
    same reason in one text."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for name in arms:
        if name in other.unusable:
            state = other.unusable[name]
            by_reason[state if state in ("failed", "summary") else "measured nothing"].append(name)
    return [_not_compared(names, reason, other.name) for reason, names in by_reason.items()]


def _not_compared(names: Sequence[str], reason: str, other: str) -> str:
    several = len(names) > 1
    text = f"{format_names(names, _NAMED)} {'are' if several else 'is'}"
    if reason == "summary":
        return (
            f"{text} not compared: {other} has only a summary of {'them' if several else 'it'}, "
            "and no samples, as files of pytest-benchmark without --benchmark-save-data"
        )
    return f"{text} not compared: {'their runs' if several else 'its run'} in {other} {reason}"


def _rounds_left_out(side: Source, arm: Arm) -> list[str]:
    if not arm.left_out:
        return []
    numbers = ", ".join(map(str, arm.left_out))
    rounds = f"round{'s' * (len(arm.left_out) > 1)} {numbers}"
    return [f"{arm.profile.full_name}: left out, as a part was lost: {rounds} of {side.name}"]


def _has_one_alone(a: Source, b: Source) -> bool:
    """Whether having neighbours or none is what is compared."""
    return any(each.only for each in a.session.variants if each.name in (a.variant, b.variant))


def _differences(a: Source, b: Source) -> tuple[Difference, ...]:
    if a.variant == b.variant:
        return session_differences(a.session, b.session)
    variants = {each.name: each for each in a.session.variants}
    if a.variant in variants and b.variant in variants:
        return variant_differences(variants[a.variant], variants[b.variant])
    return ()


def _of_profile(a: Arm, b: Arm, *, paired: bool) -> tuple[Difference, ...]:
    """Variants differ by their parameters and databases where those are what is compared."""
    found = arm_differences(a, b)
    if paired:
        return tuple(
            each for each in found if each.what.partition(".")[0] not in ("params", "database")
        )
    return found


def _facts(source: Source) -> SourceFacts:
    return SourceFacts(
        name=source.name,
        session=source.session.id,
        variant=source.variant,
        started_at=source.session.started_at,
    )


def cleaned_arms(a: Source, b: Source) -> tuple[Mapping[str, Arm], Mapping[str, Arm], list[str]]:
    """The arms of both without the intervals in which others used the machine, and what to know
    about that."""
    lost_a, lost_b = lost = [lost_share(each.arms.values()) for each in (a, b)]
    if not lost_a and not lost_b:
        return a.arms, b.arms, []
    shares = f"{lost_a:.1%} of {a.name} and {lost_b:.1%} of {b.name}"
    unknown = [each.name for each in (a, b) if not is_watched(each.arms.values())]
    if keeps_enough(lost) and not unknown:
        note = f"left out, as others had the processor: {shares}"
        return a.arms, b.arms, [note]
    taken = f"others had the processor during {shares}: nothing is left out, since"
    if unknown:
        note = f"nothing is left out: how busy the machine was during {unknown[0]} is not known"
    elif max(lost_a, lost_b) <= MOST_CLEANED:
        note = f"{taken} what is compared may be the reason"
    else:
        note = f"{taken} too little would remain; a quieter machine needs fewer rounds"
    whole_a, whole_b = (each.whole() if each.whole else each.arms for each in (a, b))
    return whole_a, whole_b, [note]
