"""What a person may do to runs while they are measured: pause, skip a phase, more or less load.

Each key becomes a command; what the runner answers is what the screen shows.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from cortex_tui.protocol.messages import Answered
from cortex_tui.results.run_result import RunResult
from cortex_tui.session.control import Control
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.status_message import Say

FASTER, SLOWER = 1.25, 0.8
"""One undoes the other."""

ACTIONS = ("pause", "pause_one", "skip", "skip_all", "faster", "slower")

ShowAnswer = Callable[[Future[Answered]], None]


class Steering:
    """Turns actions into calls of the controller. Used on the screen's loop only."""

    def __init__(
        self,
        listing: Listing,
        latest: LatestRuns,
        control: Callable[[], Control | None],
        say: Say,
        show_answer: ShowAnswer,
    ) -> None:
        """`show_answer` shows what comes of a command, when it is known."""
        self._listing = listing
        self._latest = latest
        self._control = control
        self._say = say
        self._show_answer = show_answer

    def applies(self, name: str) -> bool:
        """Whether there is a run that the action would be about."""
        run = self._at_cursor()
        match name:
            case "pause":
                return bool(self._live())
            case "skip_all":
                return any(run.life.stage in ("warmup", "measure") for run in self._live())
            case "pause_one":
                return run is not None
            case _:
                return run is not None and run.life.stage in ("warmup", "measure")

    def perform(self, name: str) -> None:
        control, live = self._control(), self._live()
        if control is None or not live:
            self._say("no run is being measured")
            return
        if name == "pause":
            resuming = all(run.life.paused for run in live)
            self._show_answer(control.resume() if resuming else control.pause())
            return
        if name == "skip_all":
            self._show_answer(control.end_phase())
            return
        run = self._at_cursor()
        if run is None:
            self._say("the run under the cursor is not being measured")
        elif name == "pause_one":
            paused = run.life.paused
            self._show_answer(control.resume(run.run) if paused else control.pause(run.run))
        elif name == "skip":
            # The phase is named: the next one may have begun before the runner gets this.
            stage = run.life.stage
            phase = stage if stage == "warmup" or stage == "measure" else None
            self._show_answer(control.end_phase(run.run, phase=phase))
        else:
            self._show_answer(control.adjust(run.run, FASTER if name == "faster" else SLOWER))

    def _live(self) -> list[RunResult]:
        """The runs that have not measured to their end."""
        runs = self._latest.runs if self._latest.active else []
        return [run for run in runs if not run.life.is_over]

    def _at_cursor(self) -> RunResult | None:
        run = self._latest.run_of(self._listing.current)
        return run if run and self._latest.active and not run.life.is_over else None
