"""What becomes of a catalog when its files are read again, and in which words that is reported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

import msgspec

from cortex_tui.profiles.model import Catalog, Profile, Suite

Item = TypeVar("Item")


def with_former(before: Catalog, now: Catalog) -> Catalog:
    """What was read now; suites and profiles that are wrong now are kept as they were before."""
    broken = {problem.suite for problem in now.problems if problem.suite and not problem.profile}
    there = {suite.name for suite in now.suites}
    kept = [s.name for s in before.suites if s.name in broken and s.name not in there]
    suites = _merged(before.suites, now.suites, kept, lambda suite: suite.name)
    former = {suite.name: suite for suite in before.suites}
    found = (_with_former_profiles(former.get(suite.name), suite, now) for suite in suites)
    return msgspec.structs.replace(now, suites=tuple(found))


def with_profiles(catalog: Catalog, profiles: Iterable[Profile]) -> Catalog:
    """The catalog with those of the profiles that it lacks, behind others of their suites."""
    known = {profile.full_name for profile in catalog.profiles}
    suites = {suite.name: suite for suite in catalog.suites}
    for profile in profiles:
        if profile.full_name not in known:
            suite = suites.get(profile.suite) or Suite(profile.suite, profile.source, ())
            suites[suite.name] = msgspec.structs.replace(suite, profiles=(*suite.profiles, profile))
    return msgspec.structs.replace(catalog, suites=tuple(suites.values()))


def with_kept(before: Catalog, now: Catalog, names: Collection[str]) -> Catalog:
    """What was read now, and of `before` the profiles of these full names that it lacks, each in
    its place."""
    gone = set(names).difference(profile.full_name for profile in now.profiles)
    if not gone:
        return now
    former = {suite.name: suite.profiles for suite in before.suites}
    there = {suite.name: suite.profiles for suite in now.suites}
    suites = _merged(
        before.suites,
        now.suites,
        {profile.suite for profile in before.profiles if profile.full_name in gone} - there.keys(),
        lambda suite: suite.name,
    )

    def whole(suite: Suite) -> Suite:
        profiles = _merged(
            former.get(suite.name, ()),
            there.get(suite.name, ()),
            gone,
            lambda profile: profile.full_name,
        )
        return msgspec.structs.replace(suite, profiles=tuple(profiles))

    return msgspec.structs.replace(now, suites=tuple(map(whole, suites)))


def _with_former_profiles(before: Suite | None, now: Suite, read: Catalog) -> Suite:
    if before is None or before is now or before.source != now.source:
        return now
    broken = {f"{p.suite}.{p.profile}" for p in read.problems if p.profile}
    there = {profile.family for profile in now.profiles}
    kept = [p.full_name for p in before.profiles if p.family in broken - there]
    if not kept:
        return now
    profiles = _merged(before.profiles, now.profiles, kept, lambda profile: profile.full_name)
    return msgspec.structs.replace(now, profiles=tuple(profiles))


def _merged(
    before: Sequence[Item], now: Sequence[Item], kept: Iterable[str], name: Callable[[Item], str]
) -> list[Item]:
    """Those of `now`, and of `before` those to keep, each behind the one that it was behind."""
    merged, wanted, previous = list(now), set(kept), ""
    for item in before:
        if name(item) in wanted:
            names = [name(other) for other in merged]
            merged.insert(names.index(previous) + 1 if previous in names else 0, item)
        previous = name(item)
    return merged


def reread_text(before: Catalog, now: Catalog) -> str:
    """What a person is to know, such as `profiles/x.toml was read again: 1 profile changed`.

    Empty where nothing differs.
    """
    former = {suite.name: suite for suite in before.suites}
    texts = [
        text for suite in now.suites if (text := _suite_text(former.pop(suite.name, None), suite))
    ]
    texts += [f"{suite.source} is gone" for suite in former.values()]
    # Lines above may have come or gone.
    known = set(map(str, before.problems))
    if fresh := [problem for problem in now.problems if str(problem) not in known]:
        where = fresh[0].where.partition(": ")[0]
        others = "" if len(fresh) == 1 else f" and {len(fresh) - 1} more"
        texts.insert(0, f"{where} is wrong now{others}: e shows why")
    elif before.problems and not now.problems:
        texts.append("no problem is left")
    return "; ".join(texts)


def _suite_text(before: Suite | None, now: Suite) -> str:
    if before == now:
        return ""
    if before is None:
        return f"{now.source} is new: {_counted(len(now.profiles))}"
    former = _by_name(before.profiles)
    current = _by_name(now.profiles)
    new = len(current.keys() - former.keys())
    gone = len(former.keys() - current.keys())
    changed = sum(former[name] != profile for name, profile in current.items() if name in former)
    counts = [(changed, "changed"), (new, "new"), (gone, "gone")]
    facts = [(count, word) for count, word in counts if count]
    if not facts:
        return f"{now.source} was read again: no profile changed"
    (count, word), *others = facts
    words = [f"{_counted(count)} {word}", *(f"{n} {w}" for n, w in others)]
    return f"{now.source} was read again: {', '.join(words)}"


def _counted(profiles: int) -> str:
    return "1 profile" if profiles == 1 else f"{profiles} profiles"


def _by_name(profiles: Iterable[Profile]) -> dict[str, Profile]:
    return {profile.full_name: profile for profile in profiles}
