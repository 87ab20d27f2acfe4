"""What is known of one run: every message of it folded in, and the view of it at any moment.

Nothing here reads a clock: all times come from messages, so a recorded stream leads to the same
views whenever it is replayed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cortex_tui.profiles.model import Length, Profile, is_open
from cortex_tui.protocol import (
    Calibrated,
    LevelChanged,
    Mark,
    Paused,
    Phase,
    PhaseChanged,
    RunFinished,
    RunPlanned,
    RunState,
    Samples,
)
from cortex_tui.quantities import format_duration
from cortex_tui.session.intervals import Interval, IntervalSeries, interval_of
from cortex_tui.session.view import CurvePoint, MarkView, RunView, TargetView
from cortex_tui.session.visible import visible
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN, flagged
from cortex_tui.stats.summary import summarise_live
from cortex_tui.stats.targets import (
    Evaluation,
    Measured,
    Target,
    evaluate,
    parse_target,
    verdict,
)

TREND_INTERVALS = 60
LOOP_HELD_NS = 100_000_000
"""From here on a hold of the measuring loop is worth a warning: a whole interval."""
_LATE_SHARE = 10
"""Lateness beyond a tenth of the service time says more about the schedule than the subject."""
_MAX_TRACEBACKS = 32
_MAX_MARKS = 1_000


class RunTally:
    """Filled on the intake's thread; a view of it is immutable and may go anywhere."""

    def __init__(self, planned: RunPlanned, interval_ns: int) -> None:
        self.run = planned.run
        self.profile: Profile = planned.profile
        self.neighbours = planned.neighbours
        self.state: RunState = "planned"
        self.phase: Phase | None = None
        self.reason = ""
        self.traceback = ""
        self.tracebacks: dict[str, str] = {}
        self.warnings: list[str] = []
        self.errors: dict[str, int] = {}
        self.unstarted = 0
        self.unfinished_ns: tuple[int, ...] = ()
        self.measured_ns = 0
        self.intervals = IntervalSeries()
        self.service, self.failures = Histogram(), Histogram()
        self.response = self.lateness = None
        if is_open(planned.profile.load):
            self.response, self.lateness = Histogram(), Histogram()
        self.targets = tuple(parse_target(text) for text in planned.profile.targets)
        self.round = planned.round
        self.batch = max(1, planned.profile.batch)
        self.level: float | None = None
        self.paused = False
        self.marks: list[MarkView] = []
        self.warmup_ns = 0
        self.warmup_iterations = 0
        self.changed = True
        """Whether anything is new since whoever stores the run last took it in."""
        self._interval_ns = interval_ns
        self._phase_began_ns = 0
        self._heard_ns = 0
        self._warmup_operations = 0
        self._paused_since_ns = 0
        self._in_flight = 0
        self._oldest_ns = 0
        self._loop_held_ns = 0
        self._neighbour_counts: list[int] = []
        self._trend: deque[tuple[int, int]] = deque(maxlen=TREND_INTERVALS)
        self._last_interval = -1

    @property
    def headline(self) -> Histogram:
        """The times that speak for the run: response in an open load, service in a closed one."""
        return self.service if self.response is None else self.response

    @property
    def operations(self) -> int:
        """How many have succeeded; a value of a batched run stands for many."""
        return self.service.total * self.batch

    @property
    def measured(self) -> Measured:
        return Measured(
            service=self.service,
            failure=self.failures,
            measured_ns=self.measured_ns,
            response=self.response,
            lateness=self.lateness,
            errors=self.failures.total + self.failures.overflow,
            unfinished=len(self.unfinished_ns),
            unstarted=self.unstarted,
        )

    def enter(self, message: PhaseChanged) -> None:
        self.state, self.phase = "running", message.phase
        self._phase_began_ns = self._heard_ns = message.at_ns
        self.changed = True

    def mark(self, message: Mark) -> None:
        if len(self.marks) < _MAX_MARKS:
            self.marks.append(MarkView(message.offset_ns, visible(message.text)))
        self.changed = True

    def pause(self, message: Paused) -> None:
        """Its clock stands still, or goes on: what is to come is put off by as much."""
        if message.paused:
            self._paused_since_ns = message.at_ns
        elif self.paused:
            self._phase_began_ns += message.at_ns - self._paused_since_ns
        self.paused = message.paused
        self._heard_ns = max(self._heard_ns, message.at_ns)

    def calibrate(self, message: Calibrated) -> None:
        self.batch, self.changed = message.batch, True

    def change_level(self, message: LevelChanged) -> None:
        self.level = message.level

    def add(self, samples: Samples) -> None:
        """Folds a message in: the values of warm-up are not counted, only that there were any."""
        self._heard_ns = max(self._heard_ns, samples.at_ns)
        self._in_flight, self._oldest_ns = samples.in_flight, samples.oldest_ns
        self._loop_held_ns = max(self._loop_held_ns, samples.health.loop_lag_ns)
        for name, text in samples.tracebacks.items():
            if len(self.tracebacks) < _MAX_TRACEBACKS:
                self.tracebacks.setdefault(visible(name), visible(text))
        if samples.phase == "warmup":
            ended = (len(samples.service) + len(samples.failures)) // 8
            self._warmup_operations += ended * self.batch
            return
        self.changed = True
        interval = interval_of(samples)
        self._count(interval)
        if samples.at_ns:
            # Messages of closed intervals without a time of their own are older than this one.
            self.measured_ns = max(self.measured_ns, self._until(samples.at_ns))
            self._note_neighbours(samples)
        self._note_trend(samples.interval, interval)
        self.intervals.add(samples.interval, interval)

    def finish(self, message: RunFinished) -> None:
        self.state, self.reason = message.state, visible(message.reason)
        self.traceback = visible(message.traceback)
        self.measured_ns = message.measured_ns
        self.warmup_ns = message.warmup_ns
        self.warmup_iterations = message.warmup_iterations
        self.paused = False
        self.unfinished_ns = message.unfinished_ns
        self.warnings.extend(message.warnings)
        self._in_flight = self._oldest_ns = 0
        if self.state == "finished" and not self.service.total and self.failures.total:
            self.state = "failed"
            names = ", ".join(self.errors)
            self.reason = f"measure: none of {self.failures.total:,} operations succeeded ({names})"
        self.changed = True

    def die(self, reason: str) -> None:
        """The runner is gone: what was measured is kept, and the run has failed."""
        if self.live:
            self.state, self.reason, self.changed = "failed", reason, True
            self._in_flight = self._oldest_ns = 0

    @property
    def live(self) -> bool:
        return self.state in ("planned", "running")

    def standings(self) -> list[tuple[Target, Evaluation]]:
        """The targets, and how each stands."""
        measured, headline = self.measured, self.profile.headline
        return [
            (target, evaluate(target, measured, headline, live=self.live))
            for target in self.targets
        ]

    def view(self) -> RunView:
        """The run as it stands after the last message."""
        summary = summarise_live(self.headline)
        live = self.live
        standings = self.standings()
        return RunView(
            run=self.run,
            profile=self.profile,
            state=self.state,
            round=self.round,
            paused=self.paused,
            level=self.level if live else None,
            batch=self.batch,
            mean_ns=None if self.service.mean_ns is None else self.service.mean_ns / self.batch,
            marks=tuple(self.marks),
            warmup_ns=self.warmup_ns,
            phase=self.phase if live else None,
            progress=self._progress() if live else None,
            operations=self.operations,
            throughput_per_s=self.operations * 1e9 / self.measured_ns if self.measured_ns else None,
            percentiles_ns=summary.percentiles_ns,
            samples_missing=summary.samples_missing,
            max_ns=summary.max_ns,
            lateness_p50_ns=_median(self.lateness),
            service_p50_ns=_median(self.service),
            errors=dict(self.errors),
            unfinished=len(self.unfinished_ns),
            unstarted=self.unstarted,
            overflow=self.service.overflow,
            in_flight=self._in_flight,
            oldest_ns=self._oldest_ns,
            targets=tuple(
                TargetView(target.text, standing.value, standing.met, standing.note)
                for target, standing in standings
            ),
            verdict=verdict([standing for _, standing in standings], live=live),
            trend_ns=self._trend_values(),
            curve=tuple(CurvePoint(nines, ns) for nines, ns in self.headline.curve()),
            warnings=self.all_warnings(),
            reason=self.reason,
            traceback=self.traceback or next(iter(self.tracebacks.values()), ""),
            neighbours=self.neighbours,
            measured_ns=self.measured_ns,
        )

    def all_warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the numbers."""
        found = list(self.warnings)
        measured = self.measured
        flattered = [
            name for name in SHOWN if flagged(SHOWN[name], self.headline.total, measured.missing)
        ]
        if flattered and self.headline.total:
            found.append(
                f"{', '.join(flattered)} flattered: {measured.missing:,} operations failed, never "
                "ended or never started, and are missing from the percentiles"
            )
        late_ns, service_ns = _median(self.lateness), _median(self.service)
        if late_ns and service_ns and late_ns * _LATE_SHARE > service_ns:
            found.append(
                f"operations started late: lateness p50 {format_duration(late_ns)} is more than a "
                f"tenth of the service p50 {format_duration(service_ns)}"
            )
        if self.service.overflow:
            found.append(f"{self.service.overflow:,} operations took longer than 1 h")
        if self._loop_held_ns >= LOOP_HELD_NS:
            found.append(
                f"the measuring loop was held for up to {format_duration(self._loop_held_ns)}"
            )
        if len(self._neighbour_counts) > 1:
            counts = " → ".join(str(count) for count in self._neighbour_counts[:6])
            found.append(f"neighbours changed while it was measured: {counts}")
        return tuple(found)

    def _count(self, interval: Interval) -> None:
        interval.service.add_to(self.service)
        interval.failures.add_to(self.failures)
        if self.response is not None and self.lateness is not None:
            interval.response.add_to(self.response)
            interval.lateness.add_to(self.lateness)
        for name, count in interval.errors.items():
            self.errors[name] = self.errors.get(name, 0) + count
        self.unstarted += interval.unstarted

    def _note_neighbours(self, samples: Samples) -> None:
        # Once the time is up, all that still happens is that last operations end.
        limit_ns = self.profile.stop.duration_ns
        if limit_ns is not None and samples.at_ns - self._phase_began_ns >= limit_ns:
            return
        if samples.neighbours not in self._neighbour_counts[-1:]:
            self._neighbour_counts.append(samples.neighbours)

    def _note_trend(self, index: int, interval: Interval) -> None:
        times = interval.service if self.response is None else interval.response
        self._last_interval = max(self._last_interval, index)
        p99_ns = times.percentile(0.99)
        if p99_ns is not None:
            self._trend.append((index, p99_ns))

    def _trend_values(self) -> tuple[int | None, ...]:
        if self._last_interval < 0:
            return ()
        values: dict[int, int] = {}
        for index, p99_ns in self._trend:
            values[index] = max(p99_ns, values.get(index, 0))
        first = max(0, self._last_interval + 1 - TREND_INTERVALS)
        return tuple(values.get(index) for index in range(first, self._last_interval + 1))

    def _length(self) -> Length | None:
        lengths = {"warmup": self.profile.warmup, "measure": self.profile.stop}
        return lengths.get(self.phase or "")

    def _until(self, at_ns: int) -> int:
        """How much of the measure phase had passed, to its planned end at most."""
        elapsed_ns = (self._paused_since_ns if self.paused else at_ns) - self._phase_began_ns
        limit_ns = self.profile.stop.duration_ns
        return max(0, elapsed_ns if limit_ns is None else min(elapsed_ns, limit_ns))

    def _progress(self) -> float | None:
        length = self._length()
        if length is None:
            return None
        shares = []
        if length.duration_ns:
            now_ns = self._paused_since_ns if self.paused else self._heard_ns
            shares.append((now_ns - self._phase_began_ns) / length.duration_ns)
        if length.iterations:
            done = self._warmup_operations
            if self.phase == "measure":
                done = self.operations + self.failures.total
            shares.append(done / length.iterations)
        return min(1.0, max(shares, default=0.0))


def _median(histogram: Histogram | None) -> int | None:
    if histogram is None:
        return None
    medians: Sequence[int | None] = histogram.percentiles((0.5,))
    return medians[0]
