"""What else differs between two sides, and whether a comparison means anything then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cortex_tui.analysis.arms import Arm
from cortex_tui.profiles.model import database_kind
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.differences import (
    Change,
    changes,
    environment_changes,
    profile_changes,
    value_text,
)
from cortex_tui.store.records import SessionRecord

SHORT_COMMIT = 10
BUSY_DIFFERS = 0.1
"""Of a core: by how much more others used it before one session than before the other."""

_BREAKING = frozenset(
    {"loop", "placement", "system", "machine", "cpu", "cores", "usable_cores", "cpu_limit"}
    | {"machines", "virtualisation", "implementation", "gil", "python_debug", "slowed_by"}
)
"""Facts of a session with which its times are those of something else."""
_LENGTHS = ("stop", "warmup", "precision", "auto_warmup", "until_decided")
_NO_MATTER = ("tags", "targets", "warn_targets", "alone", "on_lost", *_LENGTHS)
"""Settings of a profile that change how long it is measured, or how it is judged, and not what."""


class Difference(msgspec.Struct, frozen=True):
    """Something besides the times that differs between the sides; None where a side lacks it."""

    what: str
    a: Any
    b: Any
    breaks: bool = False
    """Whether what is measured is then another thing, so that its times cannot be compared."""

    def __str__(self) -> str:
        texts = (value_text(self.what, value) for value in (self.a, self.b))
        return f"{self.what.removesuffix('_ns').removesuffix('_per_s')}: {' → '.join(texts)}"


def session_differences(a: SessionRecord, b: SessionRecord) -> tuple[Difference, ...]:
    """Between two sessions as a whole, what breaks a comparison first."""
    return _worst_first([*_of_session(a, b), *_of_environment(a.environment, b.environment)])


def breaking_before(session: SessionRecord, known: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What of that which is known of a session before it is measured breaks a comparison with one
    that was. `known` has facts of the environment, and perhaps `placement`."""
    there = {**session.environment, "placement": session.placement}
    return tuple(
        each
        for each in _plain(environment_changes(there, known))
        if each.breaks and each.what in known
    )


def arm_differences(a: Arm, b: Arm) -> tuple[Difference, ...]:
    """Between two sides of a profile of the same name, what breaks a comparison first."""
    others = changes(
        {"neighbours": sorted(set(a.neighbours)), "batch": a.batch},
        {"neighbours": sorted(set(b.neighbours)), "batch": b.batch},
    )
    found = [
        *(each for each in profile_changes(a.profile, b.profile) if each.key != "batch"),
        *others,
    ]
    return _worst_first(
        Difference(each.key, each.a, each.b, breaks=_matters(each)) for each in found
    )


def _matters(change: Change) -> bool:
    if change.key == "database":
        # Two servers are as two machines: what is measured is the same.
        return database_kind(change.a) != database_kind(change.b)
    return change.key.partition(".")[0] not in _NO_MATTER


def variant_differences(a: Variant, b: Variant) -> tuple[Difference, ...]:
    """Between two variants of one session: that is what is compared, so nothing breaks it."""
    sides = []
    for each in (a, b):
        fields: dict[str, Any] = msgspec.to_builtins(each)
        del fields["name"], fields["dirty"], fields["only"]
        neighbours = "none" if each.only else "the other profiles"
        revision = commit_text(each.revision, each.dirty)
        sides.append(fields | {"revision": revision, "neighbours": neighbours})
    return tuple(Difference(each.key, each.a, each.b, breaks=False) for each in changes(*sides))


def _worst_first(found: Iterator[Difference] | Sequence[Difference]) -> tuple[Difference, ...]:
    return tuple(sorted(found, key=lambda each: not each.breaks))


def _plain(found: Sequence[Change]) -> Iterator[Difference]:
    for each in found:
        yield Difference(each.key, each.a, each.b, breaks=each.key in _BREAKING)


def _of_session(a: SessionRecord, b: SessionRecord) -> Iterator[Difference]:
    sides = (
        {name: getattr(each, name) for name in ("loop", "placement", "timer")} for each in (a, b)
    )
    return _plain(changes(*sides))


def _of_environment(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    for each in _plain(environment_changes(a, b)):
        if each.what == "python":
            # 3.12.1 and 3.12.4 are compared, 3.12 and 3.13 are not.
            yield msgspec.structs.replace(each, breaks=_minor(each.a) != _minor(each.b))
        elif not each.what.startswith("git_"):
            yield each
    commits = [
        commit_text(str(each.get("git_commit", "")), each.get("git_dirty")) for each in (a, b)
    ]
    if commits[0] != commits[1]:
        yield Difference("commit", commits[0] or None, commits[1] or None)
    busy = [_busy(each) for each in (a, b)]
    if abs(busy[0] - busy[1]) > BUSY_DIFFERS:
        texts = [f"{share:.2f} of a core" for share in busy]
        yield Difference("used by other processes at the start", texts[0], texts[1])


def _minor(version: object) -> str:
    return ".".join(str(version).split(".")[:2])


def commit_text(revision: str, dirty: object) -> str:
    """Its first digits, and whether the working tree had changes: `a1b2c3d4e5 with changes`."""
    return f"{revision[:SHORT_COMMIT]}{' with changes' if dirty else ''}"


def _busy(facts: Mapping[str, Any]) -> float:
    """How much of a core other processes used, just before the session."""
    found = facts.get("busy")
    if not isinstance(found, list):
        return 0.0
    return float(sum(each.get("share", 0.0) for each in found if isinstance(each, dict)))
