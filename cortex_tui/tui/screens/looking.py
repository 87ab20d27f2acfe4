"""A screen that looks at any part of its runs, and can stand still while a session runs on."""

from __future__ import annotations

import asyncio

from textual import on
from textual.message import Message
from textual.reactive import var

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.tui.panes.port import Pane
from cortex_tui.tui.panes.unmeasured import why_unmeasured
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.series import SeriesKeeper
from cortex_tui.tui.state.travel import first_window, moved, resized, window_text


class LookingScreen(SessionScreen):
    """Fetches the intervals that are looked at, and makes the runs of a window from them."""

    window: var[TimeWindow | None] = var(None, init=False)
    """The part of the runs that is looked at; None for all of each."""
    frozen: var[bool] = var(False, init=False)
    """Whether what is drawn stands still while a session runs on."""

    pane: Pane
    """The one that is open."""

    class SeriesCame(Message):
        """The intervals of a run have come from the controller; None where it has none."""

        def __init__(self, run: RunResult, series: RunSeries | None) -> None:
            super().__init__()
            self.run = run
            self.series = series

    def __init__(self, listing: Listing, store: str) -> None:
        super().__init__(listing, store)
        self.seen = self.latest
        """What is drawn: the latest, or what it was when the screen was frozen."""
        self._series = SeriesKeeper(self._post_series)
        self._series_due = False
        """Whether intervals have come that are not drawn yet."""
        self.frame_waits = False
        """Whether the newest view is drawn with the intervals that were asked for, once they have
        come; at the latest with the next view."""

    def watch_window(self) -> None:
        self.show()

    def watch_frozen(self, frozen: bool) -> None:
        self.seen = self.latest.frozen() if frozen else self.latest
        self.show()

    @property
    def is_complete(self) -> bool:
        """Whether all that the open pane is drawn from has come, and is drawn."""
        has_all = self.latest.view is not None and not self._series.is_waiting
        return has_all and self.pane.is_complete

    def applies(self, name: str) -> bool:
        match name:
            case "freeze":
                return self.latest.active or self.frozen
            case "note":
                return self.seen.run_of(self.listing.current) is not None and self._end_ns > 0
            case "earlier" | "later" | "longer" | "shorter":
                return self._end_ns > 0
            case _:
                return super().applies(name)

    def action_look(self, name: str) -> None:
        """Moves the window that is looked at, or freezes the screen."""
        if name == "freeze":
            self.frozen = not self.frozen and self.latest.active
            return
        end_ns = self._end_ns
        if not end_ns:
            self.report(why_unmeasured(self.seen.run_of(self.listing.current), self.seen))
        elif self.window is None:
            self.window = first_window(end_ns)
        elif name in ("earlier", "later"):
            self.window = moved(self.window, end_ns, back=name == "earlier")
        else:
            self.window = resized(self.window, end_ns, longer=name == "longer")

    def action_note(self) -> None:
        """Asks for a note on the moment that is looked at."""
        run, view = self.seen.run_of(self.listing.current), self.seen.view
        if run is None or view is None or not run.measured_ns:
            self.report("there is nothing measured here to write a note on")
            return
        from cortex_tui.tui.screens.note import NoteDialog

        at_ns = self.pane.moment_ns
        if at_ns is None:
            at_ns = self.window.middle_ns if self.window is not None else run.measured_ns

        def write(text: str | None) -> None:
            if text is not None and self.control is not None:
                answer = self.control.note(view.session, run.run, at_ns, text)
                answer.add_done_callback(self.post_answer)

        self.app.push_screen(NoteDialog(run.profile, at_ns), write)

    @on(Pane.WindowChosen)
    def _window_chosen(self, event: Pane.WindowChosen) -> None:
        self.window = event.window

    @property
    def _end_ns(self) -> int:
        """How long the run under the cursor has been measured, or the longest of all."""
        run = self.seen.run_of(self.listing.current)
        runs = self.seen.runs if run is None else (run,)
        return max((each.measured_ns for each in runs), default=0)

    @property
    def window_shown(self) -> TimeWindow | None:
        """The window as the run under the cursor shows it: from interval to interval."""
        series = self._series.of(self.seen.run_of(self.listing.current))
        if self.window is None or series is None:
            return self.window
        return series.snapped(self.window)

    @property
    def _looking(self) -> str:
        """What is looked at, where that is not all up to now."""
        parts = ["frozen"] if self.frozen else []
        if (window := self.window_shown) is not None:
            parts.append(f"only {window_text(window)}")
        return ", ".join(parts)

    def fetch_intervals(self) -> None:
        """Asks for the intervals that are drawn."""
        seen, view = self.seen, self.seen.view
        if view is None or self.control is None:
            return
        current = seen.run_of(self.listing.current)
        if current is not None and self.pane.WANTS_SERIES:
            self._series.fetch(self.control, view, [current])
        if self.window is not None:
            self._series.fetch(self.control, view, seen.runs, self.window)

    @property
    def awaits_intervals(self) -> bool:
        """Whether the open pane is drawn in a moment, from newer intervals than there are."""
        current = self.seen.run_of(self.listing.current)
        return self.pane.WANTS_SERIES and self._series.renews(current)

    def look_at_window(self) -> None:
        """Makes the runs of the window from the intervals that have come."""
        seen, found = self.seen, dict[int, RunResult]()
        current = seen.run_of(self.listing.current)
        if self.window is None:
            self._series.forget_others([current.run] if current is not None else [])
        else:
            for run in seen.runs:
                within = self._series.windowed(run, self.window, sure=run is current)
                if within is not None:
                    found[run.run] = within
        seen.windowed = None if self.window is None else found

    def show_pane(self) -> None:
        """Draws what differs from what the open pane shows."""
        raise NotImplementedError  # the screen that derives from this one draws

    def _post_series(self, run: RunResult, series: RunSeries | None) -> None:
        self.post_message(self.SeriesCame(run, series))

    @on(SeriesCame)
    def _take_series(self, event: SeriesCame) -> None:
        if not self._series.take(self.seen.view, event.run, event.series):
            return
        if event.series is not None and not self.latest.active:
            # These may have been asked for just before the end, and no view comes any more.
            self.fetch_intervals()
        if not self._series_due:
            # Once for all that have come together: with hundreds of runs each costs something.
            self._series_due = True
            self.call_later(self._show_series)

    async def _show_series(self) -> None:
        self._series_due = False
        # From what has come: newer ones that are asked for each time may never let it be drawn.
        if self.frame_waits or self.window is not None:
            self.show(with_pane=False)
            # Both in one turn of the loop would hold it for twice as long.
            await asyncio.sleep(0)
        self.show_pane()
