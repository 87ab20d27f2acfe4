"""What is known of each profile's newest run, across the sessions of one workbench."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import NamedTuple

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shared import SharedWarning, shared_warnings
from cortex_tui.results.view import SessionView
from cortex_tui.tui.state.listing import Entry


class Known(NamedTuple):
    """A profile's newest run; `current` is false once a later session went on without it."""

    run: RunResult
    current: bool
    earlier: tuple[RunResult, ...] = ()
    """Its runs in the earlier rounds of the same session."""
    rounds: int = 1
    """How many rounds that session has."""
    awaited: bool = False
    """Whether a window is looked at and the run's intervals have not come yet, so that no number
    of it is known: `run` is the whole one."""


class _Kept(NamedTuple):
    runs: list[RunResult]
    """Those that have begun, oldest first, or the first one if none has."""
    session: str
    rounds: int


class LatestRuns:
    """Takes views, newest last; answers for one profile at a time."""

    def __init__(self) -> None:
        self.view: SessionView | None = None
        self.shared: tuple[SharedWarning, ...] = ()
        """What the runs of that session have in common."""
        self._kept: dict[str, _Kept] = {}
        self.windowed: Mapping[int, RunResult] | None = None
        """Runs of the newest session, by number, as they were within the window that is looked at;
        one whose intervals have not come yet is not among them. None without a window."""

    def frozen(self) -> LatestRuns:
        """What is known now, for a screen that stands still while more is taken in."""
        twin = copy(self)
        twin._kept = dict(self._kept)
        return twin

    def take(self, view: SessionView) -> None:
        self.view, self.shared = view, shared_warnings(view.runs)
        kept: dict[str, _Kept] = {}
        for run in view.runs:
            name = run.profile.full_name
            known = kept.get(name)
            if known is None:
                kept[name] = _Kept([run], view.session, view.rounds)
            elif run.has_begun:
                known.runs.append(run)
        self._kept.update(kept)

    def known(self, full_name: str) -> Known | None:
        found = self._kept.get(full_name)
        if found is None or self.view is None:
            return None
        # A profile that is repeated has a run in each round: the newest that has begun counts.
        *earlier, run = found.runs
        return Known(run, found.session == self.view.session, tuple(earlier), found.rounds)

    def seen(self, full_name: str) -> Known | None:
        """The same, within the window that is looked at."""
        found = self.known(full_name)
        if found is None or not found.current or self.windowed is None:
            return found
        within = self.windowed.get(found.run.run)
        if within is None:
            return found._replace(awaited=found.run.measured_ns > 0)
        return found._replace(run=within)

    def run_of(self, entry: Entry | None) -> RunResult | None:
        """The run of a row's profile, if the newest session has one."""
        known = self.known(entry.key) if entry and entry.profile else None
        return known.run if known and known.current else None

    @property
    def runs(self) -> tuple[RunResult, ...]:
        """Of the newest session."""
        return self.view.runs if self.view else ()

    @property
    def session(self) -> str:
        """The id of the newest session; "" before there is one."""
        return self.view.session if self.view else ""

    @property
    def active(self) -> bool:
        """Whether a session is running."""
        return self.view is not None and self.view.is_live
