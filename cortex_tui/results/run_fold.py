"""What is known of one run: every message of it folded in.

Nothing here reads a clock: all times come from messages, so a recorded stream leads to the same
state whenever it is replayed.
"""

from __future__ import annotations

import math
from bisect import insort

import msgspec

from cortex_tui.limits import MAX_ERROR_TYPES, MAX_MARKS, MAX_NEIGHBOUR_COUNTS
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Calibrated,
    LevelChanged,
    Mark,
    RunFinished,
    RunMeasured,
    RunPlanned,
    Samples,
    ShardChanged,
    StateChanged,
)
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.results.blocked import Blocks, blocks_from
from cortex_tui.results.findings import Findings
from cortex_tui.results.interval import CountedTimes, Interval, interval_of
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.no_success import why_no_success
from cortex_tui.results.phase_clock import PhaseClock
from cortex_tui.results.run_looks import RunLooks
from cortex_tui.results.run_totals import RunTotals
from cortex_tui.results.series import RunSeries
from cortex_tui.results.shard_fold import ShardsFold
from cortex_tui.results.shard_result import ShardResult, bounds_of_p99
from cortex_tui.results.trend import Trend, WarmUp
from cortex_tui.results.waits import add_waits
from cortex_tui.stats.spread import Spread
from cortex_tui.stats.targets import TargetResult, TargetVerdict, parse_targets
from cortex_tui.store.records import BlocksRecord, MarkRecord, StageRecord
from cortex_tui.text import lines

_WIDEST = 2.0
"""A noisy machine must not hide a shard that is several times as slow."""
UNSETTLED = "warm-up ended before the times had settled"


class Concluded(msgspec.Struct, frozen=True):
    """What was concluded of a run when it was stored, and stays as it was said then."""

    warnings: tuple[str, ...]
    targets: tuple[TargetResult, ...] | None
    """None where they are to be judged anew."""


class RunFold(RunTotals):
    """Filled and read on the intake's thread, or from stored records (`results.stored`)."""

    def __init__(
        self,
        planned: RunPlanned,
        clock_cost_ns: float = 0.0,
        interval_ns: int = INTERVAL_NS,
        file: IntervalFile | None = None,
    ) -> None:
        """With a `file`, intervals are in it once they are full."""
        super().__init__(planned.profile)
        self.interval_ns = interval_ns
        """How long the intervals of the messages are."""
        self.run = planned.run
        self._planned_neighbours = planned.neighbours
        self._neighbours: list[tuple[int, str]] | None = None
        """The runs that measure with it, in the order of the plan; None until that begins."""
        self._neighbour_names: tuple[str, ...] | None = None
        """Theirs, made when they are asked for."""
        self.clock_cost_ns = clock_cost_ns
        self.life = RunLife()
        self._measured: RunFinished | None = None
        """What it has come to, once nothing but its teardown is to come."""
        self.reason = ""
        self.partial = ""
        """Which of its processes was lost, and why, while others went to the end."""
        self.traceback = ""
        self.tracebacks: dict[str, str] = {}
        self.warnings: list[str] = []
        self.texts: dict[str, str] = {}
        """What the first failure of each exception type said."""
        self.shards = ShardsFold(planned.runners, has_schedule=planned.profile.load.has_schedule)
        self.intervals = IntervalSeries(file=file)
        self.targets = parse_targets(planned.profile.targets, planned.profile.warn_targets)
        self.round, self.variant = planned.round, planned.variant
        self.level: float | None = None
        self.marks: list[MarkRecord] = []
        self.warmup_ns = 0
        self.warmup_iterations = 0
        self.changed = True
        """Whether anything is new since whoever stores the run last took it in."""
        self.in_flight = 0
        self.oldest_ns = 0
        """The age of the oldest operation in flight, as of the last message."""
        self.neighbour_counts: list[int] = []
        """How many neighbours were measuring, the first times that this changed."""
        self.trend = Trend()
        self.settling = WarmUp()
        self.waits: dict[str, int] = {}
        """Where operations in flight were seen, and how many at each place."""
        self.decided: dict[str, TargetVerdict] = {}
        """The verdicts by which the run was ended, by target."""
        self.concluded: Concluded | None = None
        """Of a stored run."""
        self.interrupted = False
        """Whether its process ended before it did."""
        self.known_stages: tuple[StageRecord, ...] = ()
        """Of a run whose intervals are coarser than they are; so is the next."""
        self.known_blocks: BlocksRecord | None = None
        self._clock = PhaseClock()
        self._warmup_operations = 0
        self._looks = RunLooks(self, self.intervals, interval_ns, self.targets)

    @property
    def blocks(self) -> Blocks:
        """Of the event loop, as far as its intervals have them, or as it is known otherwise."""
        if self.known_blocks is not None:
            return blocks_from(self.known_blocks)
        return self.intervals.blocks(self.interval_ns)

    @property
    def neighbours(self) -> tuple[str, ...]:
        """Who measures with it; until that begins, who is planned to."""
        if self._neighbours is None:
            return self._planned_neighbours if self.live else ()
        if self._neighbour_names is None:
            self._neighbour_names = tuple(name for _, name in self._neighbours)
        return self._neighbour_names

    @property
    def phase_ns(self) -> int:
        """How long the phase has lasted, by the last message and without pauses."""
        return self._clock.passed_ns()

    @property
    def phase_iterations(self) -> int:
        """How many operations of the phase have ended."""
        if self.life.phase == "measure":
            return self.operations + self.failures.total
        return self._warmup_operations

    def change(self, message: StateChanged) -> None:
        """Where it is from now on. While it is paused its clock stands still: what is to come is
        put off by as much."""
        if self.life.has_ended:
            return
        before, self.life = self.life, self._judged(message.life)
        self._clock.advance(message.at_ns)
        self.changed = True
        if self.life.stage != before.stage:
            self._enter(message.at_ns)
        elif before.paused and not self.life.paused:
            self._clock.resume(message.at_ns)
        elif self.life.paused and not before.paused:
            self._clock.stand(message.at_ns, paused=True)

    def _enter(self, at_ns: int) -> None:
        if self.life.stage in ("setup", "warmup", "measure", "measured"):
            self._clock.begin(at_ns)
        self._clock.stand(at_ns, paused=self.life.paused)
        if self.life.stage == "measure":
            self._neighbours, self._neighbour_names = [], None
            if self.profile.auto_warmup and not self.settling.settled:
                self.warnings.append(UNSETTLED)

    def _judged(self, life: RunLife) -> RunLife:
        """A run that went to its end, but in which nothing succeeded, has failed."""
        if life.outcome == "finished" and why_no_success(self, self._measured):
            return msgspec.structs.replace(life, outcome="failed")
        return life

    def meet(self, other: RunFold) -> None:
        """Begins to measure at the same moment as the other: they are neighbours."""
        if self._neighbours is not None:
            insort(self._neighbours, (other.run, other.profile.full_name))
            self._neighbour_names, self.changed = None, True

    def mark(self, message: Mark) -> None:
        if len(self.marks) < MAX_MARKS:
            self.marks.append(MarkRecord(message.offset_ns, lines(message.text)))
        self.changed = True

    def calibrate(self, message: Calibrated) -> None:
        self.batch, self.changed = message.batch, True

    def change_level(self, message: LevelChanged) -> None:
        self.level = message.level

    def add(self, samples: Samples, times: CountedTimes | None = None) -> None:
        """Folds a message in: the values of warm-up are not counted, only that there were any.
        `times` are its times where they are counted already."""
        self._clock.advance(samples.at_ns)
        self.in_flight, self.oldest_ns = samples.in_flight, samples.oldest_ns
        for name, text in samples.tracebacks.items():
            if len(self.tracebacks) < MAX_ERROR_TYPES:
                self.tracebacks.setdefault(lines(name), lines(text))
                self.texts.setdefault(lines(name), lines(samples.texts.get(name, "")))
        if samples.phase == "warmup":
            ended = (len(samples.service) + len(samples.failures)) // 8
            self._warmup_operations += ended * self.batch
            if self.profile.auto_warmup:
                self.settling.add(
                    samples.interval, self.headline_of(interval_of(samples, None, times))
                )
            return
        self.changed = True
        interval = interval_of(samples, self.level, times, self.batch)
        self.count(interval)
        # Messages of closed intervals without a time of their own are older than this one.
        until_ns = self._until(samples.at_ns) if samples.at_ns else 0
        self.shards.add(samples, until_ns, self.headline_of(interval))
        if samples.at_ns:
            self.measured_ns = max(self.measured_ns, until_ns)
            self._note_neighbours(samples)
        self.trend.add(samples.interval, self.headline_of(interval))
        self.intervals.add(samples.interval, interval)
        add_waits(self.waits, samples.waits)
        self.drained += interval.drained
        self.failed_in_batches += samples.failed_in_batches
        for index, health in samples.spanned.items():
            self.intervals.add_health(index, health, self.level)

    def change_shard(self, message: ShardChanged) -> None:
        """What has become of the part of one of its runners."""
        measuring = self.life.phase in ("measure", "teardown")
        self.shards.change(message, self._clock.passed_ns(message.at_ns) if measuring else None)
        self.changed = True

    @property
    def shard_results(self) -> tuple[ShardResult, ...]:
        """What each of its runners has come to, where several share it."""
        if not self.shards.each:
            return ()
        return self.shards.results(
            self.life.state, self.measured_ns, self.batch, live=self.live, wider=self._wider()
        )

    def _wider(self) -> float:
        """How many times as wide as by the number of operations the confidence interval of the p99
        is, 1 where there is none: slow operations may come in bursts."""
        found = self.findings().confidence_ns.get(self.headline_name, {}).get("p99")
        by_number = bounds_of_p99(self.headline.total)
        if found is None or by_number is None:
            return 1.0
        low_ns, high_ns = (each or 1 for each in self.headline.percentiles(by_number))
        if low_ns >= high_ns or not 0 < found[0] < found[1]:
            return 1.0
        wider = math.log(found[1] / found[0]) / math.log(high_ns / low_ns)
        return min(max(1.0, wider), _WIDEST)

    def note_measured(self, message: RunMeasured) -> None:
        self._measured = message.outcome

    def finish(self, message: RunFinished) -> None:
        self.reason, self.partial = lines(message.reason), lines(message.partial)
        self.traceback = lines(message.traceback)
        self.measured_ns, self.drain_ns = message.measured_ns, message.drain_ns
        self.warmup_ns = message.warmup_ns
        self.warmup_iterations = message.warmup_iterations
        self.unfinished_ns = message.unfinished_ns
        self.unfinished_more = message.unfinished_more
        self.warnings.extend(message.warnings)
        self.in_flight = self.oldest_ns = 0
        self.life = self._judged(RunLife("ended", False, self.life.stopping, message.state))
        if message.state != self.life.outcome:
            self.reason = f"measure: {why_no_success(self, message)}"
        self.changed = True

    def die(self, reason: str) -> None:
        """The runner is gone: what was measured is kept. A run that was not done has failed."""
        if not self.live:
            return
        if self._measured is not None:
            self.finish(self._measured)
            self.warnings.append(f"it had measured to its end, but was not torn down: {reason}")
        else:
            self.life, self.reason, self.changed = RunLife("ended", outcome="failed"), reason, True
            self.in_flight = self.oldest_ns = 0

    def skip(self, reason: str) -> None:
        """The runner is gone before the run's turn came."""
        self.life, self.changed = RunLife("ended", outcome="stopped"), True
        self.warnings.append(f"not measured: the session ended before its turn: {reason}")

    def restore_neighbours(self, names: tuple[str, ...]) -> None:
        """Those that were stored."""
        self._neighbours, self._neighbour_names = list(enumerate(names)), names

    def restore_findings(self, findings: Findings) -> None:
        """Those that were stored; without this, they are found again."""
        self._looks.restore(findings)

    def restore_interval(self, index: int, interval: Interval) -> None:
        """One that was stored. Its values are in the histograms of the run already."""
        self.trend.add(index // self.intervals.length, self.headline_of(interval))
        self.intervals.add(index, interval)

    @property
    def live(self) -> bool:
        return not self.life.has_ended

    def series(self) -> RunSeries:
        """What is known of its intervals now. A slice that has not changed since the last call is
        the same object, so that whoever keeps what was made of it can go by that."""
        return RunSeries(
            run=self.run,
            headline=self.headline_name,
            batch=self.batch,
            slice_ns=self.intervals.length * self.interval_ns,
            end_ns=self.measured_ns,
            slices=self.intervals.slices(self.interval_ns),
            marks=tuple(self.marks),
        )

    def findings(self) -> Findings:
        """What a look over all intervals tells, as of a moment ago; taken anew when it is due."""
        return self._looks.findings(live=self.live)

    def spreads(self) -> dict[str, Spread]:
        """By target, how its statistic varied, as of a moment ago."""
        return self._looks.spreads(live=self.live)

    def look_again(self) -> None:
        """Makes the next findings those of all that was measured up to now."""
        self._looks.again()

    def _note_neighbours(self, samples: Samples) -> None:
        if self.life.paused:
            return
        # Once the time is up, all that still happens is that last operations end.
        limit_ns = self.profile.stop.duration_ns
        if limit_ns is not None and samples.at_ns - self._clock.began_ns >= limit_ns:
            return
        counts = self.neighbour_counts
        if samples.neighbours not in counts[-1:] and len(counts) < MAX_NEIGHBOUR_COUNTS:
            counts.append(samples.neighbours)

    def _until(self, at_ns: int) -> int:
        """How much of the measure phase had passed, to its planned end at most."""
        elapsed_ns = self._clock.passed_ns(at_ns)
        limit_ns = self.profile.stop.duration_ns
        return max(0, elapsed_ns if limit_ns is None else min(elapsed_ns, limit_ns))
