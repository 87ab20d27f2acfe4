"""States of runs by the words of documents, for tests that make views by hand."""

from __future__ import annotations

from typing import Any

from cortex_tui.protocol.lifecycle import RunLife, Stage
from cortex_tui.protocol.messages import Message, StateChanged

_STAGES: dict[str | None, Stage] = {
    None: "setup",
    "setup": "setup",
    "warmup": "warmup",
    "measure": "measure",
    "teardown": "teardown",
}


def begins_to_measure(message: Message) -> bool:
    """Whether a run does so now; one that is stopping reports the same stage once more."""
    return isinstance(message, StateChanged) and message.life == RunLife("measure")


def with_life(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a view, with `life` in place of state, phase, paused, waiting and outcome."""
    state, phase = fields.pop("state", "running"), fields.pop("phase", "measure")
    paused, waiting = fields.pop("paused", False), fields.pop("waiting", False)
    outcome = fields.pop("outcome", None)
    if state == "planned":
        life = RunLife(paused=paused)
    elif state != "running":
        life = RunLife("ended", outcome=state)
    elif outcome is not None:
        life = RunLife("measured", outcome=outcome)
    else:
        life = RunLife("warm" if waiting else _STAGES[phase], paused=paused)
    return {"life": life, **fields}
