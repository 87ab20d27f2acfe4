"""The intervals of runs that the screen needs, and what is made of them. On the screen's loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control

KEPT = 8
"""Of how many runs that the cursor has left the intervals are kept. Of a stored session they are in
memory."""

Came = Callable[[RunResult, RunSeries | None], None]


class SeriesKeeper:
    """Fetches the intervals of the runs of one session at a time; those of earlier ones go."""

    def __init__(self, came: Came) -> None:
        """`came` is called on any thread when intervals have come, with None where they cannot be
        had."""
        self._came = came
        self._session = ""
        self._kept: dict[int, tuple[RunResult, RunSeries]] = {}
        """By run: the intervals, and the result with which they were asked for."""
        self._asked: dict[int, RunResult] = {}
        self._windowed: dict[int, tuple[RunSeries, TimeWindow, bool, dict[str, Any]]] = {}
        """By run: what its numbers within a window were made of, whether it is known how sure they
        are, and those."""

    @property
    def is_waiting(self) -> bool:
        """Whether intervals that were asked for have not come yet."""
        return bool(self._asked)

    def _begin(self, session: str) -> None:
        if session != self._session:
            self._session = session
            self._kept, self._asked, self._windowed = {}, {}, {}

    def fetch(
        self,
        control: Control,
        view: SessionView,
        runs: Iterable[RunResult],
        window: TimeWindow | None = None,
    ) -> None:
        """Asks for what is newer than what is there, for each run once at a time; for the sake of a
        window, only while anything may still happen in it."""
        self._begin(view.session)
        for run in runs:
            kept = self._kept.get(run.run)
            if run.run in self._asked or (kept is not None and kept[0] is run):
                continue
            if kept is not None and window is not None and kept[1].has_passed(window):
                continue
            self._asked[run.run] = run
            answer = control.series(view.session, run.run)
            answer.add_done_callback(partial(self._pass_on, run))

    def _pass_on(self, run: RunResult, answer: Future[RunSeries]) -> None:
        failed = answer.cancelled() or answer.exception() is not None
        with suppress(RuntimeError):  # the screen may be gone by now
            self._came(run, None if failed else answer.result())

    def take(self, view: SessionView | None, run: RunResult, series: RunSeries | None) -> bool:
        """Keeps intervals that have come; False where they are of a session that is over."""
        if view is None or view.session != self._session or self._asked.pop(run.run, None) is None:
            return False
        if series is not None:
            self._kept.pop(run.run, None)  # the newest stand last
            self._kept[run.run] = run, series
        return True

    def renews(self, run: RunResult | None) -> bool:
        """Whether there are intervals of a run, and newer ones were asked for."""
        return run is not None and run.run in self._asked and run.run in self._kept

    def forget_others(self, wanted: Collection[int]) -> None:
        """Lets go of the intervals of runs that are not looked at, but for the last few."""
        others = [number for number in self._kept if number not in wanted]
        for number in others[: max(0, len(others) - KEPT)]:
            del self._kept[number]
            self._windowed.pop(number, None)

    def of(self, run: RunResult | None) -> RunSeries | None:
        """The intervals of a run, as far as they have come."""
        kept = self._kept.get(run.run) if run is not None else None
        return kept[1] if kept is not None else None

    def windowed(self, run: RunResult, window: TimeWindow, *, sure: bool) -> RunResult | None:
        """The run within a window, with confidence intervals if they are wanted (`sure`); None
        until its intervals have come."""
        series = self.of(run)
        if series is None:
            return None
        made = self._windowed.get(run.run)
        if made is None or made[0] is not series or made[1] != window or made[2] < sure:
            # Brings numpy, which the first frame need not wait for.
            from cortex_tui.results.window import numbers_within

            made = series, window, sure, numbers_within(series, window, sure=sure)
            self._windowed[run.run] = made
        return msgspec.structs.replace(run, **made[3])
