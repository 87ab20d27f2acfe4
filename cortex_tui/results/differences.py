"""What differs in what two sessions measured, and where: definitions and environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_duration
from cortex_tui.results.machines import CLOCK_BOUND, fleet_facts
from cortex_tui.store.records import RunRecord, SessionRecord, StoredSession
from cortex_tui.text import one_line

MOMENTARY = frozenset({"busy", "steal_share", "free_bytes", "clock_cost_ns", CLOCK_BOUND})
"""Facts of the environment that differ from one moment to the next."""

_OF_SESSION = ("placement", "loop", "timer", "one_by_one", "rounds")
_NOT_MEASURED = ("suite", "name", "base", "matrix", "source", "summary", "batch_found")
"""Of a profile: what it is called, where it stands, and what was found out before."""


class Change(msgspec.Struct, frozen=True):
    """A value that differs. None where one side does not have it."""

    key: str
    """Such as `load.workers` or `packages.numpy`."""
    a: Any
    b: Any


class ProfileDifference(msgspec.Struct, frozen=True, kw_only=True):
    profile: str
    found: Literal["a", "b", "both"]
    """In which of the sessions it is."""
    changes: tuple[Change, ...] = ()
    """Of one that is in both; none where it is the same."""


class SessionDifference(msgspec.Struct, frozen=True, kw_only=True):
    session: tuple[Change, ...]
    environment: tuple[Change, ...]
    profiles: tuple[ProfileDifference, ...]
    """Each profile of either, in the order of A, then of B."""

    @property
    def none(self) -> bool:
        """Whether both measured the same in the same place."""
        same = all(each.found == "both" and not each.changes for each in self.profiles)
        return same and not self.session and not self.environment


def differences(a: StoredSession, b: StoredSession) -> SessionDifference:
    """From A to B."""
    return SessionDifference(
        session=changes(_of_session(a.session), _of_session(b.session)),
        environment=environment_changes(a.session.environment, b.session.environment),
        profiles=tuple(_profiles(_by_profile(a), _by_profile(b))),
    )


def profile_changes(a: Profile, b: Profile) -> tuple[Change, ...]:
    """What differs in two definitions, whatever they are called."""
    return changes(_definition(a), _definition(b))


def environment_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs in two environments, what is of a moment left out."""
    return changes(_lasting(a), _lasting(b))


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    """The values that differ, by key; those in tables under a key such as `packages.numpy`."""
    left, right = dict(_flat(a)), dict(_flat(b))
    return tuple(
        Change(key, left.get(key), right.get(key))
        for key in dict.fromkeys([*left, *right])
        if left.get(key) != right.get(key)
    )


def value_text(key: str, value: object) -> str:
    """A value of a change, on one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and key.endswith("_ns"):
        return format_duration(value)
    if isinstance(value, int | float) and key.endswith("_per_s"):
        return f"{value:g}/s"
    if isinstance(value, list | tuple):
        return one_line(", ".join(map(str, value))) or "none"
    return one_line(str(value)) or '""'


def _profiles(
    a: Mapping[str, RunRecord], b: Mapping[str, RunRecord]
) -> Iterator[ProfileDifference]:
    for name in dict.fromkeys([*a, *b]):
        if name in a and name in b:
            found = changes(_of_run(a[name]), _of_run(b[name]))
            yield ProfileDifference(profile=name, found="both", changes=found)
        else:
            yield ProfileDifference(profile=name, found="a" if name in a else "b")


def _by_profile(stored: StoredSession) -> dict[str, RunRecord]:
    """The first run of each: all rounds of a profile have the same definition."""
    found: dict[str, RunRecord] = {}
    for run in stored.runs:
        found.setdefault(run.profile.full_name, run)
    return found


def _of_run(run: RunRecord) -> dict[str, Any]:
    return _definition(run.profile) | {
        "neighbours": tuple(sorted(run.neighbours)),
        "batch": run.batch,
    }


def _definition(profile: Profile) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(profile)
    return {name: value for name, value in fields.items() if name not in _NOT_MEASURED}


def _of_session(record: SessionRecord) -> dict[str, Any]:
    variants = {each.name: msgspec.to_builtins(each) for each in record.variants}
    return {name: getattr(record, name) for name in _OF_SESSION} | {"variants": variants}


def _lasting(environment: Mapping[str, Any]) -> dict[str, Any]:
    facts = fleet_facts(environment)
    return {name: value for name, value in facts.items() if name not in MOMENTARY}


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value
