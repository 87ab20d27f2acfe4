"""A profile as it is to run this once: shorter, warmed up otherwise, or only tried."""

from __future__ import annotations

import msgspec

from cortex_tui.profiles.model import ClosedLoad, Length, Profile, StagedLoad

REHEARSAL_AT_MOST_NS = 10_000_000_000
"""How long the one operation of a rehearsal may take."""


def lasting(profile: Profile, duration_ns: int) -> Profile:
    """Measures so long, whatever its stop rule was. Stages keep their shares of the time."""
    load = profile.load
    if isinstance(load, StagedLoad):
        load = _stretched(load, duration_ns)
    return msgspec.structs.replace(
        profile, load=load, stop=Length(duration_ns=duration_ns), precision=None
    )


def _stretched(load: StagedLoad, duration_ns: int) -> StagedLoad:
    whole_ns, ends_ns, at_ns = load.duration_ns, [0], 0
    for stage in load.stages:
        at_ns += stage.duration_ns
        ends_ns.append(at_ns * duration_ns // whole_ns)
    return msgspec.structs.replace(
        load,
        stages=tuple(
            msgspec.structs.replace(stage, duration_ns=end_ns - start_ns)
            for stage, start_ns, end_ns in zip(load.stages, ends_ns, ends_ns[1:], strict=False)
        ),
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
        batch=1,
        targets=(),
    )
