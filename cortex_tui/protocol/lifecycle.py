"""The life of a run: one state machine, shared by runner, fold, screen and report.

A run goes through the stages below, and waits for its neighbours after set-up, warm-up and measure.
Whether it is paused, and whether it is stopping, belong to its state as well. `RunLife` is a
value: a change makes another one, or raises TransitionError.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Stage = Literal[
    "planned", "setup", "set_up", "warmup", "warm", "measure", "measured", "teardown", "ended"
]
"""`set_up`, `warm` and `measured`: it has done that, and waits for its neighbours."""
Outcome = Literal["finished", "stopped", "failed"]

RunState = Literal["planned", "running", Outcome]
PAUSED = "paused"
"""The text of the mark where a pause begins."""
ShardState = Literal[RunState, "silent", "lost"]
"""Of the part that one of several runners has in a run: `silent`, it has sent nothing for too long;
`lost`, it ended before its part did."""
Phase = Literal["setup", "warmup", "measure", "teardown"]

TRANSITIONS: dict[Stage, tuple[Stage, ...]] = {
    "planned": ("setup", "measured"),
    "setup": ("set_up", "planned", "measured"),
    "set_up": ("warmup", "warm", "measured"),
    "warmup": ("warm", "measured"),
    "warm": ("measure", "measured"),
    "measure": ("measured",),
    "measured": ("teardown", "ended"),
    "teardown": ("ended",),
    "ended": (),
}
"""From each stage, those that may come next. A run that is stopped or fails goes to `measured` from
wherever it is; one that has to be alone goes from `setup` back to `planned`."""

_PHASES: dict[Stage, Phase] = {
    "setup": "setup",
    "set_up": "setup",
    "warmup": "warmup",
    "warm": "warmup",
    "measure": "measure",
    "measured": "teardown",
    "teardown": "teardown",
}
_CAN_PAUSE = ("planned", "setup", "set_up", "warmup", "warm", "measure")


class TransitionError(Exception):
    """A change that the state of a run does not allow; the text says why not."""


class RunLife(msgspec.Struct, frozen=True, array_like=True):
    """Where a run is."""

    stage: Stage = "planned"
    paused: bool = False
    """It starts nothing and its clock stands still; between two phases, the next begins so."""
    stopping: bool = False
    """It was asked to stop: operations in flight are awaited, and no new ones begin."""
    outcome: Outcome | None = None
    """From `measured` on: what it has come to, unless its teardown fails."""

    def to(self, stage: Stage, outcome: Outcome | None = None) -> RunLife:
        """At the next stage. `measured` and `ended` need an outcome, the one of before if None."""
        if stage not in TRANSITIONS[self.stage]:
            raise TransitionError(f"a run does not go from {self.stage} to {stage}")
        found = outcome or self.outcome
        if (stage in ("measured", "ended")) and found is None:
            raise TransitionError(f"a run that is {stage} has an outcome")
        if stage == "planned":
            return RunLife("planned", self.paused, self.stopping)
        over = stage in ("measured", "teardown", "ended")
        return RunLife(stage, self.paused and not over, self.stopping, found if over else None)

    def pause(self) -> RunLife:
        if self.is_over:
            raise TransitionError("it has measured to its end")
        if self.stopping:
            raise TransitionError("it is stopping")
        if self.paused:
            raise TransitionError("it is paused already")
        return msgspec.structs.replace(self, paused=True)

    def resume(self) -> RunLife:
        if not self.paused:
            raise TransitionError("it is not paused")
        return msgspec.structs.replace(self, paused=False)

    def stop(self) -> RunLife:
        """Stops the run, which also ends a pause. A second call changes nothing."""
        if self.is_over:
            raise TransitionError("it has measured to its end")
        return msgspec.structs.replace(self, paused=False, stopping=True)

    @property
    def is_over(self) -> bool:
        """Nothing is measured any more."""
        return self.stage not in _CAN_PAUSE

    @property
    def has_ended(self) -> bool:
        """Nothing will happen to it any more."""
        return self.stage == "ended"

    @property
    def waits(self) -> bool:
        """It waits for its neighbours, or for its turn."""
        return self.stage in ("planned", "set_up", "warm", "measured")

    @property
    def state(self) -> RunState:
        """The word of documents and stores."""
        if self.stage == "planned":
            return "planned"
        return "running" if self.stage != "ended" or self.outcome is None else self.outcome

    @property
    def phase(self) -> Phase | None:
        """The word of documents and stores; None before it has begun and after it has ended."""
        return _PHASES.get(self.stage)


class Words(NamedTuple):
    """A state in words."""

    short: str
    """Five characters at most, for a cell."""
    long: str
    """Eleven at most."""


_OUTCOMES: dict[Outcome, Words] = {
    "finished": Words("done", "done"),
    "stopped": Words("stop", "stopped"),
    "failed": Words("FAIL", "FAILED"),
}
_STAGES: dict[Stage, Words] = {
    "planned": Words("wait", "waiting"),
    "setup": Words("setup", "setup"),
    "set_up": Words("wait", "waiting"),
    "warmup": Words("warm", "warmup"),
    "warm": Words("wait", "waiting"),
    "measure": Words("meas", "measure"),
    "teardown": Words("end", "teardown"),
}


INTERRUPTED = Words("intr", "interrupted")
"""Of a stored run whose process ended before it did; the long one is the word of its session."""


def words(life: RunLife) -> Words:
    """The state of a run in words. One that only waits to be torn down is done."""
    if life.outcome is not None:
        return _OUTCOMES[life.outcome]
    if life.stopping:
        return Words("stop…", "stopping")
    if life.paused and life.stage != "planned":
        return Words("pause", "paused")
    return _STAGES.get(life.stage, Words("start", "start"))
