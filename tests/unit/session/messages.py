"""Messages as a runner would send them, made by hand."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.lifecycle import RunLife, Stage
from cortex_tui.protocol.messages import RunPlanned, Samples, SessionStarted, StateChanged
from cortex_tui.protocol.plan import RunPlan, SessionPlan

SECOND_NS = 1_000_000_000


def profile(name: str = "steady", **fields: Any) -> Profile:
    fields.setdefault("stop", Length(duration_ns=10 * SECOND_NS))
    return Profile(suite="bench", name=name, workload="mine:work", **fields)


def plan(*profiles: Profile, **fields: Any) -> SessionPlan:
    return SessionPlan(
        session="20260101T000000-abcdef",
        runs=tuple(RunPlan(number, each) for number, each in enumerate(profiles)),
        scratch="unused",
        cache="unused",
        **fields,
    )


def at_stage(run: int, stage: Stage, at_ns: int, **fields: Any) -> StateChanged:
    """A run is at that stage from then on."""
    return StateChanged(run, RunLife(stage, **fields), at_ns)


def planned(each: Profile, run: int = 0, neighbours: tuple[str, ...] = ()) -> RunPlanned:
    return RunPlanned(run, each, neighbours)


def started(at_ns: int = 0) -> SessionStarted:
    return SessionStarted(at_ns, 1234, "CPython 3.11.7", "uvloop", "timerfd", 1)


def raw(values: Sequence[int]) -> bytes:
    return array("q", values).tobytes()


def samples(interval: int, service: Sequence[int] = (), run: int = 0, **fields: Any) -> Samples:
    fields.setdefault("phase", "measure")
    for name in ("response", "lateness", "failures"):
        if name in fields:
            fields[name] = raw(fields[name])
    return Samples(run=run, interval=interval, service=raw(service), **fields)
