"""A profile as it is to run this once: shorter, warmed up otherwise, or only tried."""

from __future__ import annotations

import msgspec

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.stats.targets import parse_target
from cortex_tui.stats.verdicts import is_estimated

REHEARSAL_AT_MOST_NS = 10_000_000_000
"""How long the one operation of a rehearsal may take."""


def lasting(profile: Profile, duration_ns: int) -> Profile:
    """Measures for `duration_ns`, whatever its stop rule was. Stages keep their shares of it."""
    return msgspec.structs.replace(
        profile,
        load=profile.load.stretched(duration_ns),
        stop=Length(duration_ns=duration_ns),
        precision=None,
        until_decided=None,
    )


def going_on(profile: Profile, at_most_ns: int) -> Profile:
    """Measures on after its own end until its targets are decided, for `at_most_ns` in all.

    A profile without targets that more operations could decide is as long as it was, as are stages,
    whose load has an end.
    """
    if profile.load.duration_ns is not None or not any(
        is_estimated(parse_target(text)) for text in profile.targets
    ):
        return profile
    own, wanted = profile.stop, profile.precision
    most_ns = max(own.duration_ns or 0, at_most_ns)
    return msgspec.structs.replace(
        profile,
        stop=Length(duration_ns=most_ns),
        until_decided=Length(wanted.at_least_ns) if wanted is not None else own,
    )


def warmed_up(profile: Profile, length: Length, *, auto: bool) -> Profile:
    """Warms up so long; with `auto` that is the longest that it may take."""
    return msgspec.structs.replace(profile, warmup=length, auto_warmup=auto)


def rehearsed(profile: Profile) -> Profile:
    """Runs its operation once, to see that it works: nothing of it is a measurement."""
    return msgspec.structs.replace(
        profile,
        load=ClosedLoad(),
        warmup=Length(),
        auto_warmup=False,
        stop=Length(REHEARSAL_AT_MOST_NS, 1),
        precision=None,
        until_decided=None,
        batch=1,
        targets=(),
        warn_targets=(),
    )
