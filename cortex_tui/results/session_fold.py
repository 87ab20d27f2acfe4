"""Folds a session's messages, and makes the views of it. Everything runs on the intake's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, TypeVar

from cortex_tui.environment import VOLATILE_FILE_SYSTEMS
from cortex_tui.placement.registry import place_of
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Answer,
    Arrived,
    Calibrated,
    ClockKnown,
    LevelChanged,
    LogLine,
    MachineChanged,
    MachineDescribed,
    Mark,
    Message,
    Pulse,
    RunFinished,
    RunMeasured,
    RunnerDied,
    RunnerPlaced,
    RunPlanned,
    Samples,
    SessionFinished,
    SessionStarted,
    ShardChanged,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.results.cells import Cells, cells_of, wants_cells
from cortex_tui.results.interval import CountedTimes
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.machine_fold import MachineFold
from cortex_tui.results.machines import CLOCK_BOUND, machines_of, with_machine
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_health import SessionHealth
from cortex_tui.results.session_log import SessionLog
from cortex_tui.results.view import SessionView

_A_FEW = 2
"""Results take a quarter of a millisecond each."""

M = TypeVar("M")

SHARED_LOOP_WARNING = "shares its loop with the screen"


class SessionFold:
    """All that is known of a session."""

    def __init__(
        self,
        plan: SessionPlan,
        placement: str,
        started_at: str,
        file_system: str = "",
        file: IntervalFile | None = None,
        where: str = "",
        cluster: str = "",
    ) -> None:
        """`placement` is its name, `where` what it is in words and `cluster` what a person named it
        by, `started_at` UTC in ISO 8601, `file_system` the kind that databases are kept on, `file`
        where intervals are kept that are seldom looked at."""
        self.plan = plan
        self.placement, self._place = placement, place_of(placement)
        self._where, self._cluster = where, cluster
        self.started_at = started_at
        self.file_system = file_system
        self._file = file
        self.environment: dict[str, Any] = {}
        """The facts of where it is measured, once they are known."""
        self.started: SessionStarted | None = None
        self.finished = False
        self.stopped = False
        """Whether it was stopped before its runs had ended."""
        self.died = ""
        self.messages = 0
        """How many were taken in."""
        self.received_ns = 0
        """The time of the runner's newest message."""
        self._machines = MachineFold()
        self.runs: dict[int, RunFold] = {p.run: self._planned(_announced(p)) for p in plan.runs}
        self.log = SessionLog(self._name_of, self._since_start_ns)
        self._ended_ns = 0
        self._unmoved: dict[int, RunResult] = {}
        """Nothing happens to a run before its turn and when it has ended, so its result is made
        once."""
        self._began: list[RunFold] = []
        """The runs that were the last to begin to measure, all of them at `_began_at_ns`."""
        self._began_at_ns = 0
        self._health = SessionHealth()

    def extend(self, plan: SessionPlan) -> None:
        """The session continues with the runs of that plan, whose numbers follow."""
        self.messages += 1
        self.plan = plan
        for p in plan.runs:
            self.runs[p.run] = self._planned(_announced(p))

    @property
    def over(self) -> bool:
        return self.finished or bool(self.died)

    @property
    def rounds(self) -> int:
        """How many are planned."""
        return max((run.round for run in self.runs.values()), default=1)

    @property
    def state(self) -> Literal["starting", "running", "finished", "died"]:
        if self.died:
            return "died"
        if self.finished:
            return "finished"
        return "running" if self.started else "starting"

    def apply(self, message: Message, times: CountedTimes | None = None) -> None:
        """Takes a message in. One that names a run which was never planned changes nothing. `times`
        are those of samples where they are counted already."""
        self.messages += 1
        match message:
            case RunPlanned():
                self.runs[message.run] = self._planned(message)
                self._unmoved.pop(message.run, None)
            case Samples():
                self._received(message.at_ns)
                self._apply(message.run, partial(RunFold.add, times=times), message)
            case Pulse():
                self._received(message.at_ns)
                self._health.add(message.health)
            case StateChanged():
                self._received(message.at_ns)
                known = self.runs.get(message.run)
                began = known is not None and known.life.stage != "measure"
                self._apply(message.run, RunFold.change, message)
                if began and message.life.stage == "measure":
                    self._introduce(message)
            case ShardChanged():
                self._apply(message.run, RunFold.change_shard, message)
            case RunFinished():
                self._received(message.at_ns)
                self._apply(message.run, RunFold.finish, message)
                self._reconsider()
            case RunMeasured():
                self._apply(message.outcome.run, RunFold.note_measured, message)
            case Mark():
                self._apply(message.run, RunFold.mark, message)
            case Calibrated():
                self._apply(message.run, RunFold.calibrate, message)
            case LevelChanged():
                self._apply(message.run, RunFold.change_level, message)
            case RunnerPlaced():
                self._machines.place(message, self.runs.values())
                self._forget_results()
            case MachineDescribed():
                self.environment = with_machine(self.environment, message.machine, message.facts)
                # Databases are kept there. One disk that is none is worth a warning.
                kinds = {each.get("file_system") for each in machines_of(self.environment).values()}
                self.file_system = max(VOLATILE_FILE_SYSTEMS & kinds, default="")
            case MachineChanged():
                self._machines.change(message, self.runs.values())
            case ClockKnown():
                facts = machines_of(self.environment).get(message.machine, {})
                if CLOCK_BOUND not in facts:
                    facts = {**facts, CLOCK_BOUND: message.bound_ns}
                    self.environment = with_machine(self.environment, message.machine, facts)
                self._machines.know_clock(message, self.runs.values())
                self._forget_results()
            case Answer() | Arrived():
                pass  # the controller's, and the placement's
            case LogLine():
                self.log.add(message)
            case SessionStarted():
                self.started = message
                self.log.know_start()
                self._received(message.at_ns)
            case SessionFinished():
                self._end(message.at_ns)
                self.finished, self.stopped = True, message.stopped
            case RunnerDied():
                self.die(message.reason, message.at_ns)
        if self.finished:
            self._unmoved.clear()
            for run in self.runs.values():
                run.die("the session ended without a result of this run")
            self._reconsider()

    def cells(self) -> Cells:
        """What each cell of a matrix has come to, where a target compares them."""
        return cells_of(self.runs[number] for number in sorted(self.runs))

    def die(self, reason: str, at_ns: int) -> None:
        """The session cannot continue: its runs that have begun and not ended have failed; all have
        where none has begun."""
        self.messages += 1
        self._end(at_ns)
        self.died = reason
        self._unmoved.clear()
        begun = any(run.life.stage != "planned" for run in self.runs.values())
        for run in self.runs.values():
            if begun and run.life.stage == "planned":
                run.skip(reason)
            else:
                run.die(reason)
        self._reconsider()

    def view(
        self,
        now_ns: int,
        *,
        stored: bool,
        store_error: str,
        between_runs: Callable[[], None] | None = None,
    ) -> SessionView:
        """The session as it is now; `now_ns` only gives how long there was no message.

        `between_runs` is called each time that a few runs have been looked at.
        """
        started = self.started
        until_ns = self._ended_ns or now_ns
        return SessionView(
            session=self.plan.session,
            state=self.state,
            stopped=self.stopped,
            placement=self.placement,
            where=self._where,
            cluster=self._cluster,
            machines=self._machines.views(self._since_start_ns),
            loop=started.loop if started else "",
            timer=started.timer if started else "",
            started_at=self.started_at,
            rounds=self.rounds,
            clock_cost_ns=started.clock_cost_ns if started else 0.0,
            await_cost_ns=started.await_cost_ns if started else 0.0,
            runner_cpu_share=self._health.cpu_share,
            loop_lag_ns=self._health.loop_lag_ns,
            gc_pauses=self._health.gc_pauses,
            gc_pause_ns=self._health.gc_pause_ns,
            elapsed_ns=max(0, until_ns - started.at_ns) if started else 0,
            silent_ns=max(0, now_ns - self.received_ns) if started and not self.over else 0,
            environment=self.environment,
            runs=self.results(between_runs),
            log=self.log.entries,
            log_dropped=self.log.dropped,
            died=self.died,
            store_error=store_error,
            stored=stored,
        )

    def _since_start_ns(self, at_ns: int) -> int | None:
        return max(0, at_ns - self.started.at_ns) if self.started is not None and at_ns else None

    def _name_of(self, number: int) -> str:
        run = self.runs.get(number)
        return run.profile.full_name if run else ""

    def _reconsider(self) -> None:
        # What has become of one cell decides on the targets of the others, ended or not.
        for number, run in self.runs.items():
            if wants_cells(run.profile):
                run.changed = True
                self._unmoved.pop(number, None)

    def _apply(self, number: int, take: Callable[[RunFold, M], None], message: M) -> None:
        run = self.runs.get(number)
        if run is not None:
            self._unmoved.pop(number, None)
            take(run, message)

    def _introduce(self, message: StateChanged) -> None:
        """Those that begin to measure at one moment are neighbours: what failed before, or was put
        off until these are done, is not among them."""
        run = self.runs.get(message.run)
        if run is None:
            return
        if message.at_ns != self._began_at_ns:
            self._began_at_ns, self._began = message.at_ns, []
        for other in self._began:
            run.meet(other)
            other.meet(run)
        self._began.append(run)

    def _planned(self, message: RunPlanned) -> RunFold:
        run = RunFold(
            message,
            self.started.clock_cost_ns if self.started else 0.0,
            self.plan.interval_ns,
            self._file,
        )
        if self._place.shares_loop:
            run.warnings.append(SHARED_LOOP_WARNING)
        if not self._place.has_fleets and (processes := message.profile.load.shared_by) > 1:
            run.warnings.append(f"ran in one process, not in the {processes} of its load")
        if message.profile.keeps_data:
            if message.profile.database == "memory":
                run.warnings.append("its database is kept in memory, as the profile says")
            elif self.file_system in VOLATILE_FILE_SYSTEMS:
                run.warnings.append(f"its database is kept in memory ({self.file_system})")
        self._machines.introduce(run)
        return run

    def results(self, between_runs: Callable[[], None] | None = None) -> tuple[RunResult, ...]:
        """What each run has come to, in the order of the plan."""
        cells = self.cells()
        views: list[RunResult] = []
        for number in sorted(self.runs):
            view = self._unmoved.get(number)
            if view is None:
                if between_runs is not None and len(views) % _A_FEW == 1:
                    between_runs()
                run = self.runs[number]
                view = result_of(run, cells)
                if not run.live or run.life == RunLife():
                    self._unmoved[number] = view
            views.append(view)
        return tuple(views)

    def _forget_results(self) -> None:
        """Has results of runs that have not ended made anew."""
        for number, run in self.runs.items():
            if not run.life.is_over:
                self._unmoved.pop(number, None)

    def _received(self, at_ns: int) -> None:
        self.received_ns = max(self.received_ns, at_ns)

    def _end(self, at_ns: int) -> None:
        self._received(at_ns)
        self._ended_ns = at_ns


def _announced(run: RunPlan) -> RunPlanned:
    """The message that a runner sends first, as far as the plan knows it."""
    return RunPlanned(run.run, run.profile, (), run.round, run.variant, run.runners)
