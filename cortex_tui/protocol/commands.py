"""Commands to a runner: a tagged union, encoded with msgpack."""

from __future__ import annotations

from typing import Literal

import msgspec

from cortex_tui.protocol.moments import ClockMap, Moment
from cortex_tui.protocol.plan import SessionPlan


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Ends one run, or all of them (`run` is None): what is in flight is awaited, and counts."""

    run: int | None = None


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Starts nothing new, lets what is in flight end, stops the clock; of one run, or of all."""

    run: int | None = None


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Continues after a pause."""

    run: int | None = None


class EndPhase(msgspec.Struct, frozen=True, tag=True):
    """Ends warm-up or measure of one run, or of all, as if its time were up.

    With a `phase` only that one: the command may arrive when the next has begun.
    """

    run: int | None = None
    phase: Literal["warmup", "measure"] | None = None
    mark: str = ""
    """What to note in the run; nothing where the rules of its profile end the phase."""


class Adjust(msgspec.Struct, frozen=True, tag=True):
    """Multiplies the rate or the number of workers; workers change by one at least."""

    run: int | None
    factor: float


Command = Stop | Pause | Resume | EndPhase | Adjust


class Start(msgspec.Struct, frozen=True, tag=True):
    """The first frame to a runner."""

    plan: SessionPlan


class Request(msgspec.Struct, frozen=True, tag=True):
    """A command that is answered under its number, with a message `Answer`."""

    id: int
    command: Command
    apply_at_ns: Moment | None = None
    """Not before that moment, where several runners must do it together."""


class Release(msgspec.Struct, frozen=True, tag=True):
    """All runners have arrived at a barrier: those that wait there continue at that moment."""

    barrier: str
    at_ns: Moment


ToRunner = Request | Release | ClockMap
"""What a runner is sent after its plan; a map of its machine's clock only where that is not the
session's, and again whenever it is known better."""
