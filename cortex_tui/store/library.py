"""What a store has about its sessions besides measurements: removals, histories, noise."""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.protocol.lifecycle import RunState


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What one removal took out of the lists. It stays in the store until it is collected."""

    removal: int
    """Its number, under which more can be removed, to be restored together."""
    names: tuple[str, ...] = ()
    session: str = ""
    """The session that went as well; "" where it stays, because it has other names or runs."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What the last removal had taken, and is there again."""

    names: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    """Names that were given to something else meanwhile: their sessions are back without them."""


class RemovedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list of what can be restored."""

    removal: int
    removed_at: str
    session: str
    name: str = ""
    """ "" for the session itself."""
    started_at: str = ""
    profiles: tuple[str, ...] = ()


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions without a name, a tag or a note stay; the others go. One that fits any of
    both stays, and with neither given all do."""

    newest: int | None = None
    since: str = ""
    """UTC in ISO 8601: those that started later."""


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone for good."""

    removed: tuple[str, ...] = ()
    """Sessions that had been removed, and could have been restored."""
    unsaved: tuple[str, ...] = ()
    """Sessions that nothing kept."""
    freed_bytes: int = 0


class MeasuredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run in few numbers, for histories: no histogram has to be read for them."""

    session: str
    run: int
    started_at: str
    revision: str = ""
    environment: dict[str, Any] = {}
    loop: str = ""
    placement: str = ""
    as_it_is: tuple[str, ...] = ("",)
    """The variants of its session that are the code of the working folder, unchanged; "" is that of
    a run where nothing was compared."""
    facts: RunFacts | None = None
    """None where an older version wrote the run: it has to be loaded."""
    unreadable: str = ""
    """Why it cannot be read, "" where it can: no history is lost for one damaged session."""


class RunFacts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is kept of a run by profile."""

    state: RunState = "planned"
    round: int = 1
    variant: str = ""
    definition: str = ""
    """That of its profile (`Profile.definition`)."""
    neighbours: tuple[str, ...] = ()
    operations: int = 0
    batch: int = 1
    """How many operations each value is for: percentiles and `max` are of that many."""
    primary: str = ""
    """The percentile that its targets name first, "" where they name none."""
    partial: bool = False
    """Whether a part of it was lost, so that its load was another."""
    statistics: dict[str, float] = {}


class NoiseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How far sessions of equal code came out apart, for one profile on one machine."""

    profile: str
    """What was measured: a key that is the same only for what can be compared."""
    machine: str
    """Where it was measured: a key of the same kind."""
    name: str = ""
    """The profile's name, for people."""
    deviations: dict[str, float] = {}
    """By statistic, such as `p95`: the standard deviation of its logarithm between sessions."""
    successive: dict[str, float] = {}
    """By statistic: the standard deviation of the logarithm of its ratio between one session and
    the next, in which a slow drift of the machine has hardly a part."""
    sessions: int = 0
    measured_at: str = ""
    unreadable: str = ""
    """Why it cannot be read, "" where it can: then nothing is known of this one, and of others what
    was measured."""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """A change in the history of a profile that a person knows of."""

    profile: str
    statistic: str
    session: str
    """The first after the change."""
    note: str
    created_at: str = ""
