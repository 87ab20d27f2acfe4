"""What a session has come to, live or stored: its record, its runs and their histograms."""

from __future__ import annotations

from typing import Literal

import msgspec

from cortex_tui.results.interval import TimeName
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import SessionRecord, SessionState

Histograms = dict[TimeName, Histogram]
"""Those of one run; `response` and `lateness` only of an open load."""


class SessionResult(msgspec.Struct, frozen=True, kw_only=True):
    """A session with its runs, in the order in which they were planned."""

    record: SessionRecord
    state: SessionState | Literal["starting"] = "finished"
    snapshot: str | None = None
    """The name that it was saved under, None for an unsaved one."""
    note: str = ""
    tags: tuple[str, ...] = ()
    runs: tuple[RunResult, ...] = ()
    histograms: dict[int, Histograms] = {}
    """By number of the run."""
    shard_times: dict[int, tuple[IntervalHistogram, ...]] = {}
    """By number of the run, where several runners share it: those of the headline of each."""

    def view(self) -> SessionView:
        """As a screen or a report shows one that has ended, or that another process measures."""
        record = self.record
        return SessionView(
            session=record.id,
            state="running" if self.state == "running" else "finished",
            stopped=self.state == "stopped",
            became=self.state if self.state in ("died", "interrupted") else "",
            placement=record.placement,
            loop=record.loop,
            timer=record.timer,
            started_at=record.started_at,
            rounds=record.rounds,
            clock_cost_ns=record.clock_cost_ns,
            await_cost_ns=record.await_cost_ns,
            environment=record.environment,
            runs=self.runs,
            stored=True,
        )
