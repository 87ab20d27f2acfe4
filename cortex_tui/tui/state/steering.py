"""What a person may do to runs while they are measured: pause, skip a phase, more or less load.

The runner does it a moment later, and a view that shows it comes later still. Until then the screen
goes by what was asked for, so that a key that is pressed twice means what it seems to mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from cortex_tui.profiles.model import ClosedLoad, Load, OpenLoad, is_open
from cortex_tui.protocol.messages import Phase
from cortex_tui.results.view import RunView
from cortex_tui.session.control import Control
from cortex_tui.tui.render.definition import level_text
from cortex_tui.tui.render.text import visible
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.status_message import Say, ended, when_all

FASTER, SLOWER = 1.25, 0.8
"""One undoes the other."""

_SOON_NS = 2_000_000_000
"""By then a view shows what was asked for, or it was not to be."""

ACTIONS = ("pause", "pause_one", "skip", "skip_all", "faster", "slower")

T = TypeVar("T")


class _Asked(NamedTuple, Generic[T]):
    session: str
    until_ns: int
    value: T


class _Recent(Generic[T]):
    """What was asked of runs, for as long as views may not show it."""

    def __init__(self, latest: LatestRuns) -> None:
        self._latest = latest
        self._asked: dict[int, _Asked[T]] = {}

    def note(self, run: RunView, value: T) -> None:
        view = self._latest.view
        if view is not None:
            self._asked[run.run] = _Asked(view.session, view.elapsed_ns + _SOON_NS, value)

    def of(self, run: RunView, otherwise: T) -> T:
        view, asked = self._latest.view, self._asked.get(run.run)
        if view is None or asked is None or asked.session != view.session:
            return otherwise
        return asked.value if view.elapsed_ns < asked.until_ns else otherwise


def _level(run: RunView) -> float | None:
    """The level of its load; None where that is not known."""
    if run.level is not None:
        return run.level
    match run.profile.load:
        case ClosedLoad(workers=workers):
            return workers
        case OpenLoad(rate_per_s=rate_per_s):
            return rate_per_s
        case _:
            return None


def _adjusted(load: Load, level: float, factor: float) -> float:
    """What the runner makes of a level: workers change by one at least, and one is left."""
    if is_open(load):
        return level * factor
    wanted = round(level * factor)
    now = round(level)
    return max(1, max(wanted, now + 1) if factor > 1 else min(wanted, now - 1))


class Steering:
    """Turns actions into calls of the controller. Used on the screen's loop only."""

    def __init__(
        self,
        listing: Listing,
        latest: LatestRuns,
        control: Callable[[], Control | None],
        say: Say,
    ) -> None:
        self._listing = listing
        self._latest = latest
        self._control = control
        self._say = say
        self._paused: _Recent[bool] = _Recent(latest)
        self._levels: _Recent[float | None] = _Recent(latest)
        self._skipped: _Recent[Phase | None] = _Recent(latest)

    def applies(self, name: str) -> bool:
        run = self._at_cursor()
        match name:
            case "pause":
                return bool(self._under_way())
            case "skip_all":
                return any(map(self._skippable, self._under_way()))
            case "skip":
                return run is not None and self._skippable(run)
            case "faster":
                return run is not None and not run.waiting
            case "slower":
                return run is not None and not run.waiting and not self._is_least(run)
            case _:
                return run is not None

    def perform(self, name: str) -> None:
        control = self._control()
        if control is None or not self._under_way():
            self._say("nothing is warming up or measured now")
        elif name == "pause":
            self._pause_all(control)
        elif name == "skip_all":
            self._skip_all(control)
        elif (run := self._at_cursor()) is None:
            self._say("the row under the cursor is not warming up or measured now")
        elif name == "pause_one":
            self._pause_one(control, run)
        elif name == "skip":
            self._skip(control, run)
        elif run.waiting:
            self._say(_waits(run))
        else:
            self._adjust(control, run, FASTER if name == "faster" else SLOWER)

    # --- of which run -------------------------------------------------------------------------

    def _under_way(self) -> list[RunView]:
        """The runs in a phase that can be paused or ended."""
        return [run for run in self._latest.runs if _steerable(run)] if self._latest.active else []

    def _at_cursor(self) -> RunView | None:
        run = self._latest.run_of(self._listing.current)
        return run if run and self._latest.active and _steerable(run) else None

    # --- pause --------------------------------------------------------------------------------

    def _is_paused(self, run: RunView) -> bool:
        return self._paused.of(run, run.paused)

    def _pause_all(self, control: Control) -> None:
        """If any run goes on, all pause; if none does, all go on."""
        runs = self._under_way()
        pausing = not all(map(self._is_paused, runs))
        if pausing:
            control.pause()
            self._say(
                "pausing every run; p goes on",
                when_all(self._latest, runs, lambda run: run.paused),
            )
        else:
            control.resume()
            self._say("every run goes on")
        for run in runs:
            self._paused.note(run, pausing)

    def _pause_one(self, control: Control, run: RunView) -> None:
        pausing = not self._is_paused(run)
        if pausing:
            control.pause(run.run)
            self._say(
                f"pausing {_name(run)}; P goes on",
                when_all(self._latest, [run], lambda run: run.paused),
            )
        else:
            control.resume(run.run)
            self._say(f"{_name(run)} goes on")
        self._paused.note(run, pausing)

    # --- skip ---------------------------------------------------------------------------------

    def _skippable(self, run: RunView) -> bool:
        return not run.waiting and self._skipped.of(run, None) != run.phase

    def _skip(self, control: Control, run: RunView) -> None:
        if self._skippable(run):
            self._end_phase(control, run)
            self._say(f"ending {run.phase} of {_name(run)}", self._are_over([run]))
        elif run.waiting:
            self._say(_waits(run))
        else:
            self._say(f"{_name(run)} was told to end {run.phase}")

    def _skip_all(self, control: Control) -> None:
        runs = [run for run in self._under_way() if self._skippable(run)]
        for run in runs:
            self._end_phase(control, run)
        phases = " and ".join(sorted({str(run.phase) for run in runs}, reverse=True))
        of = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
        text = f"ending {phases} of {of}" if runs else "there is no phase left to end"
        self._say(text, self._are_over(runs) if runs else lambda: False)

    def _are_over(self, runs: list[RunView]) -> Callable[[], bool]:
        """Whether the phases in which the runs are now have ended."""
        phases = {run.run: run.phase for run in runs}
        return when_all(self._latest, runs, lambda run: run.waiting or run.phase != phases[run.run])

    def _end_phase(self, control: Control, run: RunView) -> None:
        # The phase is named: the next one may have begun before the runner hears of this.
        if run.phase == "warmup" or run.phase == "measure":
            control.end_phase(run.run, phase=run.phase)
            self._skipped.note(run, run.phase)

    # --- load ---------------------------------------------------------------------------------

    def _is_least(self, run: RunView) -> bool:
        level = self._levels.of(run, _level(run))
        return not is_open(run.profile.load) and level is not None and level <= 1

    def _adjust(self, control: Control, run: RunView, factor: float) -> None:
        if factor < 1 and self._is_least(run):
            self._say(f"{_name(run)} has one worker, which is the least")
            return
        control.adjust(run.run, factor)
        load, level = run.profile.load, self._levels.of(run, _level(run))
        if level is None:
            self._say(f"{_name(run)}: load x {factor:g}")
            return
        wanted = _adjusted(load, level, factor)
        self._levels.note(run, wanted)
        self._say(f"{_name(run)}: {level_text(load, level)} → {level_text(load, wanted)}")


def _steerable(run: RunView) -> bool:
    return run.phase in ("warmup", "measure") and not ended(run)


def _waits(run: RunView) -> str:
    return f"{_name(run)} waits for the others to warm up"


def _name(run: RunView) -> str:
    return visible(run.profile.name)
