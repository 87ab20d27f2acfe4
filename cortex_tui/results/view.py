"""What there is to see of a session at one moment: made by the intake, read by any screen.

Views are immutable; a screen takes the newest one and may skip any. Nothing here needs a clock, a
loop or numpy.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cortex_tui.results.machine_view import MachineView
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.targets import Verdict


class LogEntry(msgspec.Struct, frozen=True):
    """A line that was printed, or that the runner reports; control characters are made visible."""

    text: str
    stream: Literal["stdout", "stderr", "runner"] = "stdout"
    profile: str = ""
    """Full name of the profile whose run printed it; empty if that is not known."""
    offset_ns: int | None = None
    """When, since the session's start; None if that is not known."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session at one moment."""

    session: str
    state: Literal["starting", "running", "finished", "died"] = "starting"
    stopped: bool = False
    """Whether it finished because it was stopped before its runs had ended."""
    became: Literal["", "died", "interrupted"] = ""
    """Of a stored session that did not come to an end of its own: what became of it."""
    placement: str = "process"
    where: str = ""
    """What that is, in words: `on the machines of tcp://host:8786`; "" where only its name is
    known."""
    cluster: str = ""
    """What a person named it by behind `--cluster`; "" where that is not known."""
    machines: tuple[MachineView, ...] = ()
    """Those of a cluster that have runners of it."""
    loop: str = ""
    timer: str = ""
    started_at: str = ""
    """UTC, ISO 8601."""
    rounds: int = 1
    """How many rounds are planned."""
    clock_cost_ns: float = 0.0
    """What reading the clock twice adds to every timed operation."""
    await_cost_ns: float = 0.0
    """What awaiting a coroutine that does nothing takes."""
    runner_cpu_share: float | None = None
    """CPU time of the runner over wall time, lately; 2.0 is two cores."""
    loop_lag_ns: int = 0
    """The longest hold of the measuring loop lately."""
    gc_pauses: int = 0
    """Garbage collections in the runner while it measured, and how long they took together."""
    gc_pause_ns: int = 0
    elapsed_ns: int = 0
    silent_ns: int = 0
    """How long the runner has sent nothing while it should: after a second the loop is blocked."""
    environment: dict[str, Any] = {}
    """The facts of where it is measured, as `environment.describe_environment` found them; empty
    until it has."""
    runs: tuple[RunResult, ...] = ()
    log: tuple[LogEntry, ...] = ()
    """The newest lines of what the workloads printed."""
    log_dropped: int = 0
    died: str = ""
    """What became of a runner that died."""
    store_error: str = ""
    """Why the session cannot be written at present; it is kept in memory and tried again."""
    stored: bool = False
    """Whether everything up to this view is on disk."""

    @property
    def outcome(self) -> str:
        """Its state in a word: a session that was stopped or cut short has not finished."""
        if self.became:
            return self.became
        return "stopped" if self.stopped and self.state == "finished" else self.state

    @property
    def current_round(self) -> int:
        """The newest round that has begun."""
        return max((run.round for run in self.runs if run.has_begun), default=1)

    @property
    def failed(self) -> int:
        """How many runs failed. None of them is counted as missed or undecided, too."""
        return sum(run.state == "failed" for run in self.runs)

    @property
    def missed(self) -> int:
        """How many runs missed a target."""
        return self._having("missed")

    @property
    def undecided(self) -> int:
        """How many runs have a target that they could not decide."""
        return self._having("undecided")

    def _having(self, verdict: Verdict) -> int:
        judged = (run for run in self.runs if run.has_begun and run.state != "failed")
        return sum(run.verdict == verdict for run in judged)

    @property
    def is_live(self) -> bool:
        """Whether the session has not ended yet."""
        return self.state in ("starting", "running")
