"""A session whose runs are tests: pytest runs them, once for each round."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Sequence

import pytest

from cortex_tui.protocol.commands import (
    Adjust,
    Command,
    EndPhase,
    Pause,
    Request,
    Resume,
    Stop,
)
from cortex_tui.protocol.lifecycle import TransitionError
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    RunPlanned,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.protocol.programs import NOT_FOUND, TESTS_LOOP
from cortex_tui.pytest_runner.calls import finished
from cortex_tui.pytest_runner.channel import Channel
from cortex_tui.pytest_runner.measuring import TestRun
from cortex_tui.pytest_runner.plugin import RunningPlugin
from cortex_tui.pytest_runner.profiles import node_id_of
from cortex_tui.runner.calibration import await_cost_ns, clock_cost_ns
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.executing import execute
from cortex_tui.runner.health import HealthMeter
from cortex_tui.workloads.loading import why_stray

_ENDED: dict[int, str] = {
    pytest.ExitCode.INTERRUPTED: "pytest was interrupted, or could not collect it",
    pytest.ExitCode.INTERNAL_ERROR: "pytest had an internal error",
    pytest.ExitCode.USAGE_ERROR: "pytest refused its options",
    pytest.ExitCode.NO_TESTS_COLLECTED: NOT_FOUND,
}


_QUIET = ("--color=no", "--no-header", "--no-summary", "--quiet")
"""What pytest prints is the session's log, which has the failures already."""


class PytestSession:
    """Runs a plan of tests, one after the other."""

    def __init__(self, plan: SessionPlan, channel: Channel, early: Sequence[Request]) -> None:
        self._plan = plan
        self._channel = channel
        self._early = list(early)
        self._health = HealthMeter(None, program=os.getppid())
        self._stopped = False
        batches: dict[str, int] = {}
        self._runs = {
            p.run: TestRun(p, plan.interval_ns, self._health, channel.send, self.poll, batches)
            for p in plan.runs
        }

    def run(self) -> None:
        """From the first message to the last."""
        self._channel.send([self._started(), *self._planned()])
        self._health.begin()
        rounds: dict[int, list[TestRun]] = {}
        for run in self._runs.values():
            rounds.setdefault(run.round, []).append(run)
        for runs in rounds.values():
            self.poll(0.0)
            waiting = [run for run in runs if not run.life.stopping]
            code = self._run_pytest(waiting) if waiting else pytest.ExitCode.OK
            for run in runs:
                if run in waiting and not run.life.stopping:
                    run.fail_unless_begun(_ENDED.get(code, NOT_FOUND))
                run.end()
        self._health.end()
        self._health.close()
        self._channel.send([SessionFinished(CLOCK.read_ns(), self._stopped)])

    def _run_pytest(self, runs: Sequence[TestRun]) -> int:
        by_node = {node_id_of(run.profile): run for run in runs}
        plugin = RunningPlugin(by_node, lambda: self._stopped, self._strays)
        options = shlex.split(str(runs[0].profile.params["options"]))
        where = [f"--rootdir={runs[0].profile.params['rootdir']}", *_QUIET]
        # A file may lack a test, and a version a file: pytest would refuse to run the others.
        files = dict.fromkeys(run.profile.source for run in runs)
        there = [file for file in files if os.path.isfile(file)]
        if not there:
            return pytest.ExitCode.NO_TESTS_COLLECTED
        return pytest.main([*options, *where, *there], plugins=[plugin])

    def _strays(self) -> str:
        """Why what a test measured is not the code of its version; "" where it is."""
        spec = self._plan.spec
        return why_stray(spec.variant, spec.foreign, spec.own)

    def poll(self, wait_s: float) -> None:
        """Carries out and answers the commands that have come, or come within `wait_s`."""
        early, self._early = self._early, []
        for request in (*early, *self._channel.requests(wait_s)):
            self._channel.send([Answer(request.id, self.execute(request.command))])

    def execute(self, command: Command) -> Answered:
        """Does what a person asks for; what was done, or why nothing was."""
        if command == Stop():
            self._stopped = any(not run.life.is_over for run in self._runs.values())
        return execute(command, self._runs, _carry_out)

    def _planned(self) -> list[RunPlanned]:
        return [
            RunPlanned(p.run, p.profile, (), p.round, p.variant, p.runners) for p in self._plan.runs
        ]

    def _started(self) -> SessionStarted:
        return SessionStarted(
            at_ns=CLOCK.read_ns(),
            pid=os.getpid(),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            loop=TESTS_LOOP,
            timer="none",
            clock_resolution_ns=CLOCK.resolution_ns,
            clock_cost_ns=clock_cost_ns(),
            await_cost_ns=finished(await_cost_ns()),
        )


def _carry_out(command: Command, run: TestRun) -> tuple[str, str]:
    name = run.profile.full_name
    match command:
        case Stop():
            return name, run.stop()
        case Pause():
            return name, run.pause()
        case Resume():
            return name, run.resume()
        case EndPhase():
            return name, run.end_phase(command.phase, command.mark)
        case Adjust():
            raise TransitionError("the load of a test is one call after the other")
