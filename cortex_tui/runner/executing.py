"""What a person asks of the runs of a session, carried out on the measuring loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Resume, Stop
from cortex_tui.protocol.lifecycle import TransitionError
from cortex_tui.protocol.messages import Answered
from cortex_tui.runner.members import Member

T = TypeVar("T")

_VERBS: dict[type[Command], str] = {
    Stop: "stopping",
    Pause: "paused",
    Resume: "resumed",
    EndPhase: "phase ended",
    Adjust: "load changed",
}
"""What was done to several runs, where it was not the same for all."""


def execute(
    command: Command, runs: Mapping[int, T], do: Callable[[Command, T], tuple[str, str]]
) -> Answered:
    """Does what a person asks for with one run or all; what was done, or why nothing was.

    `do` does it with one, and returns the name of its profile and what was done; it raises
    TransitionError where it does nothing.
    """
    done: list[tuple[str, str]] = []
    refused = f"there is no run {command.run}"
    for number, run in runs.items():
        if command.run not in (None, number):
            continue
        try:
            done.append(do(command, run))
        except TransitionError as error:
            refused = str(error)
    if not done:
        return Answered(False, refused)
    texts = {text for _, text in done}
    what = texts.pop() if len(texts) == 1 else _VERBS[type(command)]
    return Answered(True, f"{done[0][0] if len(done) == 1 else f'{len(done)} runs'}: {what}")


def carry_out(command: Command, member: Member, at_ns: int | None = None) -> tuple[str, str]:
    """See `execute`; at that moment, which may have passed, now if None."""
    return member.run.profile.full_name, _carry_out(command, member, at_ns)


def _carry_out(command: Command, member: Member, at_ns: int | None) -> str:
    run = member.run
    match command:
        case Stop():
            if command.run is None and not run.life.stopping:
                member.stopped_with_all = True
            text = run.stop(at_ns)
            if run.life.stage == "setup" and member.host is not None:
                member.host.cancel()
            return text
        case Pause():
            return run.pause(at_ns)
        case Resume():
            return run.resume(at_ns)
        case EndPhase():
            return run.end_phase(command.phase, command.mark, at_ns)
        case Adjust():
            return run.adjust(command.factor, at_ns)
