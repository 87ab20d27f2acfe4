"""Messages of a runner: a tagged union, encoded with msgpack.

Each names its run and is complete in itself: replaying a recorded stream leads to the same view.
A `Moment` is a reading of `time.perf_counter_ns` on the runner's machine; whoever receives messages
of another machine moves them to its own clock. Other times in ns are durations.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.lifecycle import Outcome, RunLife, ShardState
from cortex_tui.protocol.moments import ClockMap, Moment

ELSEWHERE = ""
"""What operations in flight at places beyond the first MAX_WAIT_PLACES are counted as."""


class SessionStarted(msgspec.Struct, frozen=True, tag=True):
    """The first message: who measures, and on what."""

    at_ns: Moment
    pid: int
    python: str
    loop: str
    timer: str
    """What wakes the arrivals of open loads: `timerfd`, or `loop`, the event loop's own timer."""
    clock_resolution_ns: int
    clock_cost_ns: float = 0.0
    """What reading the clock twice adds to every operation that is timed."""
    await_cost_ns: float = 0.0
    """What awaiting a coroutine that does nothing takes: no operation can be faster."""


class RunPlanned(msgspec.Struct, frozen=True, tag=True):
    run: int
    profile: Profile
    neighbours: tuple[str, ...]
    round: int = 1
    variant: str = ""
    """The name of the variant that it is a run of, where variants are compared."""
    runners: tuple[int, ...] = (0,)
    """The numbers of the runners that share it."""


class StateChanged(msgspec.Struct, frozen=True, tag=True):
    """Where a run is from `at_ns` on."""

    run: int
    life: RunLife
    at_ns: Moment


class ShardChanged(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What has become of the part that one of several runners has in a run.

    Made by whoever merges the runners' messages, and only where it differs from what becomes of the
    run: `running` for one that is not silent any more.
    """

    run: int
    runner: int
    state: ShardState
    at_ns: Moment
    reason: str = ""
    measured_ns: int = 0
    """How long it measured, 0 where that is not known."""
    unfinished: int = 0


class Arrived(msgspec.Struct, frozen=True, tag=True):
    """In a session of several runners: all runs that this one has have arrived at a barrier."""

    barrier: str
    runs: tuple[int, ...]
    """All that the barrier is for, over all runners."""
    at_ns: Moment


class Calibrated(msgspec.Struct, frozen=True, tag=True):
    """How many operations of a run are timed as one from now on."""

    run: int
    batch: int
    operation_ns: float
    """What one operation took while that was found out."""


class LevelChanged(msgspec.Struct, frozen=True, tag=True):
    """The load of a run as it is now: operations a second, or workers."""

    run: int
    level: float
    at_ns: Moment


class Mark(msgspec.Struct, frozen=True, tag=True):
    """Something that a person did to a run while it was measured, such as `rate 500 → 625/s`."""

    run: int
    offset_ns: int
    """On the run's clock, from the start of measure."""
    text: str
    at_ns: Moment


MAX_MEASURE = 1 << 53
"""Of what is measured in an interval: 104 days in ns. A thousand of them add up within 64 bits."""
Measure = Annotated[int, msgspec.Meta(ge=-MAX_MEASURE, le=MAX_MEASURE)]
"""Refused beyond its bounds where it is decoded, so that it fits wherever it is counted."""


class Health(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How the measuring loop and its process were during an interval."""

    loop_lag_ns: Measure = 0
    """For how long the event loop was blocked, at its longest."""
    gc_pause_ns: Measure = 0
    gc_pauses: Measure = 0
    cpu_ns: Measure = 0
    """CPU time of the whole runner process, all threads."""
    wall_ns: Measure = 0
    """The time in which all this happened."""
    voluntary_switches: Measure = 0
    involuntary_switches: Measure = 0
    """How often the kernel took the CPU away although there was work to do."""
    steal_ns: Measure = 0
    """CPU time that the hypervisor gave to others, over all cores."""
    foreign_ns: Measure = 0
    """That of processes that do not belong to the session, in steps of 10 ms; 0 where it is not
    known (several runners share the session, or there is no /proc)."""
    block_cause: str = ""
    """What blocked the event loop at its longest, such as `at prices.py:21 in lookup`, if known."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What one runner has in a message."""

    runner: int
    values: int
    """How many of `service`, and of `response` and `lateness` where there are any."""
    drained: int = 0
    failed: int = 0
    failed_in_batches: int = 0
    unstarted: int = 0


class Samples(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The operations of one run that ended in one interval of warm-up or measure.

    The values are nanoseconds as signed 64-bit integers in the machine's byte order. For a closed
    load `response` and `lateness` are empty: response is service, and there is no schedule.
    An interval may come in several messages; those add up.
    """

    run: int
    phase: Literal["warmup", "measure"]
    interval: int
    """Counted from the start of the phase: [interval, interval + 1) * plan.interval_ns."""
    runner: int = 0
    """Whose operations they are, where several runners share the run."""
    parts: tuple[Part, ...] = ()
    """Where messages were joined: whose the values of `service` and `response` are, in order."""
    service: bytes = b""
    response: bytes = b""
    lateness: bytes = b""
    failures: bytes = b""
    errors: dict[str, int] = {}
    """Failures by exception type."""
    tracebacks: dict[str, str] = {}
    """The first traceback of each exception type that is new in this interval."""
    texts: dict[str, str] = {}
    """What those exceptions said, in one line."""
    drained: int = 0
    """How many of the `service` values are outside the window, since they ended in the drain or
    workers did them in a pause: all of a message that was not joined, or none."""
    failed_in_batches: int = 0
    """Failures of operations that are part of the `service` values, in a batched run."""
    in_flight: int = 0
    """At some moment of the interval."""
    oldest_ns: int = 0
    """The age of the oldest operation in flight then, 0 with none."""
    unstarted: int = 0
    waits: dict[str, int] = {}
    """Where some of the operations in flight were then, and how many at each place, or
    ELSEWHERE."""
    neighbours: int = 0
    """Other runs of the session that were measuring at the end of the interval."""
    at_ns: Moment = 0
    """When the message was made."""
    health: Health = Health()
    spanned: dict[int, Health] = {}
    """What happened in other intervals, by their number, since it spanned the end of one: the event
    loop was blocked."""

    @property
    def values(self) -> tuple[bytes, bytes, bytes, bytes]:
        return self.service, self.response, self.lateness, self.failures


class Pulse(msgspec.Struct, frozen=True, tag=True):
    """Sent every tenth of a second: the loop turns, and this is how it was since the last one."""

    at_ns: Moment
    health: Health = Health()


class RunFinished(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The last message of a run. `unfinished_ns` holds the ages of operations that never ended, the
    oldest of them, and `unfinished_more` how many others there were."""

    run: int
    state: Outcome
    reason: str = ""
    """For a failed run: what failed, in one line; for others, anything a reader should know."""
    traceback: str = ""
    at_ns: Moment
    measured_ns: int = 0
    """The window: for how long operations were started, pauses left out. Where a number of
    operations was the end, until the last of them ended."""
    drain_ns: int = 0
    """How long the operations in flight were awaited after it."""
    warmup_ns: int = 0
    """How long warm-up took in the end, and `warmup_iterations` how many operations."""
    warmup_iterations: int = 0
    unfinished_ns: tuple[int, ...] = ()
    unfinished_more: int = 0
    warnings: tuple[str, ...] = ()
    partial: str = ""
    """Which of the processes that shared the run was lost, and why; the others went to the end."""


class RunMeasured(msgspec.Struct, frozen=True, tag=True):
    """A run has measured to its end, or never will. What it came to is known before its teardown,
    for which it may have to wait."""

    outcome: RunFinished
    """What its last message will say, unless its teardown fails."""


class Answered(msgspec.Struct, frozen=True):
    """What became of a command."""

    done: bool
    text: str
    """What was done, or why nothing was; to be shown as it is."""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """To the command of that number."""

    id: int
    answered: Answered


class LogLine(msgspec.Struct, frozen=True, tag=True):
    """A line that a workload printed, or that the runner reports. `run` is -1 if not known."""

    run: int
    stream: Literal["stdout", "stderr", "runner"]
    text: str
    at_ns: Moment = 0
    """0 if not known."""


class RunnerPlaced(msgspec.Struct, frozen=True, tag=True):
    """On which machine of a cluster a runner is started."""

    runner: int
    machine: str
    at_ns: Moment


class MachineDescribed(msgspec.Struct, frozen=True, tag=True):
    """What a machine of a cluster is, before anything is measured on it."""

    machine: str
    facts: dict[str, Any]
    """Its environment, as `environment.describe_environment` has it."""
    at_ns: Moment


MachineState = Literal["connected", "silent", "lost"]


class MachineChanged(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """How a machine of a cluster is from `since_ns` on."""

    machine: str
    state: MachineState
    """A machine that is `silent` sends nothing, and what it measures meanwhile arrives late; what
    one that is `lost` sends is refused."""
    reason: str = ""
    """Of a machine that is lost: why, in one line."""
    since_ns: Moment
    at_ns: Moment


class ClockKnown(msgspec.Struct, frozen=True, tag=True):
    """How well the clock of a machine of a cluster is known from now on, until the next such
    message."""

    machine: str
    bound_ns: int
    """By how much its moments may be wrong on the session's clock."""
    map: ClockMap
    at_ns: Moment


class SessionFinished(msgspec.Struct, frozen=True, tag=True):
    """The last message of a session that came to its end."""

    at_ns: Moment
    stopped: bool = False
    """Whether all its runs were stopped, and any of them had not ended."""


class RunnerDied(msgspec.Struct, frozen=True, tag=True):
    """Made by the intake: the runner is gone before its session came to its end."""

    reason: str
    at_ns: Moment


Message = (
    SessionStarted
    | RunPlanned
    | StateChanged
    | ShardChanged
    | Arrived
    | Calibrated
    | LevelChanged
    | Mark
    | Samples
    | Pulse
    | RunFinished
    | RunMeasured
    | Answer
    | LogLine
    | RunnerPlaced
    | MachineDescribed
    | MachineChanged
    | ClockKnown
    | SessionFinished
    | RunnerDied
)
