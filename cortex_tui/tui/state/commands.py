"""What a person may ask of runs while they are measured: stop, pause, end a phase, change the load.

Each key becomes a command; the screen shows what the runner answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import NamedTuple

from cortex_tui.protocol.messages import Answered
from cortex_tui.results.run_result import RunResult
from cortex_tui.session.control import Control
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Entry

FASTER, SLOWER = 1.25, 0.8
"""One undoes the other."""

ASKED = {
    "stop": "asked to stop",
    "stop_one": "asked to stop a run",
    "pause": "asked to pause or resume",
    "pause_one": "asked to pause or resume a run",
    "skip": "asked to end a phase",
    "skip_all": "asked to end the phase",
    "faster": "asked for more load",
    "slower": "asked for less load",
}
"""What the runner was, by the name of the action."""


class Asked(NamedTuple):
    """A command that was sent."""

    name: str
    session: str
    answer: Future[Answered]


def awaited_text(asked: Iterable[Asked], session: str) -> str:
    """What the runner of that session was asked last and has not answered, the end of the session
    before all else; "" where nothing is."""
    names = [each.name for each in asked if each.session == session and not each.answer.done()]
    if not names:
        return ""
    return f"{ASKED['stop' if 'stop' in names else names[-1]]}: no answer yet"


def _has_ended(run: RunResult) -> bool:
    """Whether it does nothing any more but perhaps wait to be torn down with its neighbours."""
    return run.life.outcome is not None


def _measured(latest: LatestRuns) -> list[RunResult]:
    """The runs that have not measured to their end."""
    return [run for run in latest.runs if not run.life.is_over] if latest.active else []


def command_applies(name: str, latest: LatestRuns, entry: Entry | None) -> bool:
    """Whether there is a run that the command would be about; `entry` is the row of the cursor."""
    live = _measured(latest)
    run = latest.run_of(entry)
    match name:
        case "stop":
            return latest.active
        case "stop_one":
            return latest.active and run is not None and not _has_ended(run)
        case "pause":
            return bool(live)
        case "skip_all":
            return any(one.life.stage in ("warmup", "measure") for one in live)
        case "pause_one":
            return run in live
        case _:
            return run is not None and run in live and run.life.stage in ("warmup", "measure")


def send_command(
    name: str, control: Control, latest: LatestRuns, entry: Entry | None
) -> Future[Answered] | str:
    """The answer that is to come, or why nothing was sent."""
    live, run = _measured(latest), latest.run_of(entry)
    if name == "stop":
        return control.stop() if latest.active else "no session is running"
    if name == "stop_one":
        if run is None or _has_ended(run) or not latest.active:
            return "the profile under the cursor is not running"
        return control.stop(run.run)
    if not live:
        return "no run is being measured"
    if name == "pause":
        resuming = all(run.life.paused for run in live)
        return control.resume() if resuming else control.pause()
    if name == "skip_all":
        return control.end_phase()
    if run is None or run not in live:
        return "the run under the cursor is not being measured"
    match name:
        case "pause_one":
            return control.resume(run.run) if run.life.paused else control.pause(run.run)
        case "skip":
            # The phase is named: the next one may have begun before the runner gets this.
            stage = run.life.stage
            phase = stage if stage == "warmup" or stage == "measure" else None
            return control.end_phase(run.run, phase=phase)
        case _:
            return control.adjust(run.run, FASTER if name == "faster" else SLOWER)
