"""Folds a session's messages, and makes the views of it. Everything runs on the intake's thread."""

from __future__ import annotations

from collections import deque
from typing import Literal

from cortex_tui.environment import VOLATILE_FILE_SYSTEMS
from cortex_tui.protocol import (
    LogLine,
    Message,
    PhaseChanged,
    Pulse,
    RunFinished,
    RunnerDied,
    RunPlanned,
    Samples,
    SessionFinished,
    SessionPlan,
    SessionStarted,
)
from cortex_tui.session.placement import PlacementName
from cortex_tui.session.tally import RunTally
from cortex_tui.session.view import RunView, SessionView
from cortex_tui.session.visible import visible
from cortex_tui.workloads.names import BUILT_IN

LOG_LINES = 500
_MAX_LINE_CHARS = 500

IN_PROCESS_WARNING = "shares its loop with the screen"


class SessionTally:
    """All that is known of a session."""

    def __init__(
        self, plan: SessionPlan, placement: PlacementName, started_at: str, file_system: str = ""
    ) -> None:
        """`started_at` is UTC in ISO 8601; `file_system` the kind that databases are kept on."""
        self.plan = plan
        self.placement: PlacementName = placement
        self.started_at = started_at
        self.file_system = file_system
        self.started: SessionStarted | None = None
        self.finished = False
        self.died = ""
        self.heard_ns = 0
        """When the runner was last heard of."""
        self.runs: dict[int, RunTally] = {
            p.run: self._planned(RunPlanned(p.run, p.profile, ())) for p in plan.runs
        }
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.log_total = 0
        self._ended_ns = 0

    @property
    def over(self) -> bool:
        return self.finished or bool(self.died)

    @property
    def state(self) -> Literal["starting", "running", "finished", "died"]:
        if self.died:
            return "died"
        if self.finished:
            return "finished"
        return "running" if self.started else "starting"

    def apply(self, message: Message) -> None:
        """Takes a message in. One that names a run which was never planned changes nothing."""
        match message:
            case Samples():
                self._heard(message.at_ns)
                if (run := self.runs.get(message.run)) is not None:
                    run.add(message)
            case Pulse():
                self._heard(message.at_ns)
            case PhaseChanged():
                self._heard(message.at_ns)
                if (run := self.runs.get(message.run)) is not None:
                    run.enter(message)
            case RunPlanned():
                self.runs[message.run] = self._planned(message)
            case RunFinished():
                self._heard(message.at_ns)
                if (run := self.runs.get(message.run)) is not None:
                    run.finish(message)
            case LogLine():
                text = visible(message.text[:_MAX_LINE_CHARS])
                self.log.append(LogLine(message.run, message.stream, text))
                self.log_total += 1
            case SessionStarted():
                self.started = message
                self._heard(message.at_ns)
            case SessionFinished():
                self._end(message.at_ns)
                self.finished = True
            case RunnerDied():
                self.die(message.reason, message.at_ns)
        if self.finished:
            for run in self.runs.values():
                run.die("the session ended without a word of this run")

    def die(self, reason: str, at_ns: int) -> None:
        """The session cannot go on: its runs that have not ended have failed."""
        self._end(at_ns)
        self.died = reason
        for run in self.runs.values():
            run.die(reason)

    def view(self, now_ns: int, *, stored: bool, store_error: str) -> SessionView:
        """The session as it stands; `now_ns` only tells how long nothing was heard."""
        started = self.started
        until_ns = self._ended_ns or now_ns
        return SessionView(
            session=self.plan.session,
            state=self.state,
            placement=self.placement,
            loop=started.loop if started else "",
            timer=started.timer if started else "",
            started_at=self.started_at,
            elapsed_ns=max(0, until_ns - started.at_ns) if started else 0,
            silent_ns=max(0, now_ns - self.heard_ns) if started and not self.over else 0,
            runs=tuple(self._run_views()),
            log=tuple(f"{line.stream}: {line.text}" for line in self.log),
            log_dropped=self.log_total - len(self.log),
            died=self.died,
            store_error=store_error,
            stored=stored,
        )

    def _planned(self, message: RunPlanned) -> RunTally:
        run = RunTally(message, self.plan.interval_ns)
        if self.placement == "in-process":
            run.warnings.append(IN_PROCESS_WARNING)
        if message.profile.workload in BUILT_IN:
            if message.profile.database == "memory":
                run.warnings.append("its database is kept in memory, as the profile says")
            elif self.file_system in VOLATILE_FILE_SYSTEMS:
                run.warnings.append(f"its database is kept in memory ({self.file_system})")
        return run

    def _run_views(self) -> list[RunView]:
        return [self.runs[number].view() for number in sorted(self.runs)]

    def _heard(self, at_ns: int) -> None:
        self.heard_ns = max(self.heard_ns, at_ns)

    def _end(self, at_ns: int) -> None:
        self._heard(at_ns)
        self._ended_ns = at_ns
