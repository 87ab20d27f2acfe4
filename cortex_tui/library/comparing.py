"""Stored sessions, or the variants of one, read and compared: for the command and the screen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from cortex_tui.analysis.close_up import CloseUp, close_up_of, shape_of
from cortex_tui.analysis.noise import floors_for, unreadable
from cortex_tui.analysis.over_time import OverTime
from cortex_tui.analysis.sessions import (
    Compared,
    Source,
    cleaned_arms,
    compare_sources,
    sources_of,
)
from cortex_tui.isolation import asyncio
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.selection import name_pattern
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.port import Store, open_store
from cortex_tui.store.records import StoredSession
from cortex_tui.suggestions import suggestion

T = TypeVar("T")


class UnlikeError(SnapshotError):
    """The sides are so different that they can be compared by force only, without a verdict."""


class Comparisons(NamedTuple):
    """Each of the others against the first."""

    sources: tuple[Source, ...]
    compared: tuple[Compared, ...]
    noise: tuple[NoiseRecord, ...] = ()
    notice: str = ""
    """What a reader should know of the store."""

    @property
    def unreadable(self) -> list[str]:
        """A line for each record of noise that cannot be read, where noise has a part in this."""
        paired = all(each.comparison.paired for each in self.compared)
        return [] if paired else unreadable(self.noise)

    def close_up(self, at: int, profile: str) -> CloseUp:
        """What there is to see of a profile in one of the comparisons; takes some 0.1 s."""
        found = self.compared[at].comparison
        (percentile,) = (each.percentile for each in found.profiles if each.profile == profile)
        first, *others = self.sources
        # As they were compared: with all that was measured, or without what was left out.
        arms = [cleaned_arms(first, other)[:2] for other in others]
        a, b = (side[profile] for side in arms[at])
        floors = {} if found.paired else floors_for(b, others[at].session, self.noise)
        sides = {first.name: shape_of(a)}
        for other, (_, measured) in zip(others, arms, strict=True):
            sides[other.name] = shape_of(measured.get(profile))
        close_up = close_up_of(a, b, percentile, paired=found.paired, floors=floors)
        shift = close_up.shift
        if found.looks is not None and any(each.low is not None for each in shift.points):
            shift = shift._replace(band=f"{shift.band}, as if looked at once")
        return close_up._replace(sides=sides, shift=shift)

    def over_time(self, at: int, profile: str) -> tuple[OverTime, OverTime]:
        """When both sides of one of the comparisons measured which latencies of a profile; takes
        some 0.1 ms for each interval."""
        sides = self.sources[0], self.sources[at + 1]
        arms = cleaned_arms(*sides)[:2]
        clean = any(each.dropped for side in arms for each in side[profile].rounds)
        a, b = (each.over_time(profile, clean) for each in sides if each.over_time is not None)
        return a, b


def comparisons_in(store: str | Path, refs: Sequence[str], *, forced: bool = False) -> Comparisons:
    """Blocks until all is read and compared. Raises SnapshotError, whose text says why."""
    return asyncio.run(_open_and_compare(store, refs, forced=forced))


async def _open_and_compare(store: str | Path, refs: Sequence[str], *, forced: bool) -> Comparisons:
    async with await open_store(store, "read") as opened:
        return await compared_refs(opened, refs, forced=forced)


async def compared_refs(
    opened: Store,
    refs: Sequence[str],
    *,
    primary: str = "",
    tolerance: float | None = None,
    forced: bool = False,
    called: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    expected: Callable[[Profile], bool] = lambda _: True,
) -> Comparisons:
    """Sessions of a store that is open; `called` has names that say more than a reference, and
    `only` patterns over the names of profiles, where not all are compared. Of the profiles of the
    first, the others are to have those that are `expected`.

    Raises SnapshotError for what cannot be compared, which is UnlikeError where it could be forced.
    """
    stored = [await opened.load(ref) for ref in refs]
    noise = await opened.noise()
    named = [((called or {}).get(ref, ref), each) for ref, each in zip(refs, stored, strict=True)]
    found = _compared(
        named,
        noise,
        primary=primary,
        tolerance=tolerance,
        forced=forced,
        only=only,
        expected=expected,
    )
    return found._replace(notice=opened.notice)


def _compared(
    named: Sequence[tuple[str, StoredSession]],
    noise: Sequence[NoiseRecord],
    *,
    primary: str,
    tolerance: float | None,
    forced: bool,
    only: Sequence[str],
    expected: Callable[[Profile], bool],
) -> Comparisons:
    try:
        sources = _with_only(sources_of(named), only)
        found = compare_sources(
            sources,
            noise,
            forced=forced,
            primary=primary,
            tolerance=tolerance,
            expected=expected,
        )
    except HistogramFormatError as error:
        raise SnapshotError(
            f"a session cannot be read: {error}: it is damaged, remove it"
        ) from None
    except ValueError as error:
        raise SnapshotError(str(error)) from None
    for each in found:
        _refuse_unlike(each)
    return Comparisons(tuple(sources), tuple(found), tuple(noise))


def _with_only(sources: list[Source], patterns: Sequence[str]) -> list[Source]:
    """The sides with the profiles that any of the patterns means; each has to mean one.

    Raises ValueError for one that means none.
    """
    if not patterns:
        return sources
    names = dict.fromkeys(name for each in sources for name in (*each.arms, *each.unusable))
    wanted: set[str] = set()
    for pattern in patterns:
        found = set(filter(name_pattern(pattern).fullmatch, names))
        if not found:
            raise ValueError(
                f"--profile {pattern}: no side has such a profile "
                f"{suggestion(pattern, list(names))}"
            )
        wanted |= found

    return [_chosen(each, wanted) for each in sources]


def _chosen(side: Source, wanted: Collection[str]) -> Source:
    def chosen(found: Mapping[str, T]) -> dict[str, T]:
        return {name: each for name, each in found.items() if name in wanted}

    whole = side.whole
    return side._replace(
        arms=chosen(side.arms),
        whole=None if whole is None else lambda: chosen(whole()),
        unusable=chosen(side.unusable),
    )


def _refuse_unlike(compared: Compared) -> None:
    """Where nothing at all can be compared, that is no result but an error."""
    if compared.comparison.profiles:
        return
    sides = f"{compared.a.name} and {compared.b.name} cannot be compared"
    if not compared.left_out:
        why = "; ".join(("they have no profile in common that was measured", *compared.notes))
        raise SnapshotError(f"{sides}: {why}")
    if compared.broken:
        why = "; ".join(str(each) for each in compared.broken)
    else:
        why = "; ".join(
            f"{each.profile}: {next(str(apart) for apart in each.differences if apart.breaks)}"
            for each in compared.left_out
        )
    raise UnlikeError(f"{sides}: {why}")
