"""The parts that several runners have in one run, as messages fill them. On the intake's thread.

A part has one histogram and a few counters, whatever the length of the run: a thousand runners
must not keep a thousand series of intervals. The values of a message that is all its own are
counted for the run anyway, and that is taken over. Those of a message of several runners wait until
a result is wanted, or until there are many: counting each runner's would cost more than all else
that is done with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from cortex_tui.protocol.joining import parts_of
from cortex_tui.protocol.lifecycle import ShardState
from cortex_tui.protocol.messages import Part, Samples, ShardChanged
from cortex_tui.results.shard_result import ShardResult, Unevenness, bounds_of_p99, unevenness
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.summary import summarise_live
from cortex_tui.store.records import EncodedHistogram, ShardRecord
from cortex_tui.text import lines

_VALUE_BYTES = 8
_WAITING_BYTES = 1 << 16
_WAITING_COUNTED = 16
_LOOK_NS = 1_000_000_000
_LOOK_NS_EACH = 5_000_000
"""How long a result of many shards stands, for each of them: one takes some 60 µs."""
_LOOK_AT_ONCE = 100
"""How many are made for one view of a live run. The intake receives nothing meanwhile: those of
10,000 shards at once took 0.6 s."""

_OVER = ("finished", "stopped", "failed", "lost")

_NONE = IntervalHistogram.of(b"")
_NO_VALUES = summarise_live(Histogram())
_NEVER = -(1 << 62)


class ShardFold:
    """One of them."""

    __slots__ = (
        "_counted", "_raw", "_raw_bytes", "_times", "clock_bound_ns", "drained", "ended_ns",
        "errors", "failed_in_batches", "failed_in_drain", "machine", "measured_ns", "reason",
        "seen_ns", "state", "succeeded", "unfinished", "unstarted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.machine = ""
        self.clock_bound_ns: int | None = None
        self.state: ShardState | None = None
        """None where it is as the run is."""
        self.reason = ""
        self.ended_ns: int | None = None
        self.measured_ns = 0
        """0 where it is that of the run."""
        self.seen_ns = 0
        """When its last message was made, on the run's clock from the start of measure."""
        self.succeeded = 0
        """Values: each stands for a batch."""
        self.drained = 0
        self.errors = 0
        self.failed_in_batches = 0
        self.failed_in_drain = 0
        """Those of them that are in the values of `drained`."""
        self.unstarted = 0
        self.unfinished = 0
        self._times = _NONE
        self._counted: list[IntervalHistogram] = []
        self._raw: list[bytes] = []
        self._raw_bytes = 0

    def add(self, part: Part, headline: bytes | IntervalHistogram) -> None:
        """`headline` are its values of that time, or what was counted of them already."""
        self.succeeded += part.values
        self.drained += part.drained
        self.errors += part.failed
        self.failed_in_batches += part.failed_in_batches
        self.failed_in_drain += part.failed_in_batches if part.drained else 0
        self.unstarted += part.unstarted
        if isinstance(headline, IntervalHistogram):
            self._counted.append(headline)
            if len(self._counted) >= _WAITING_COUNTED:
                self._fold()
        elif headline:
            self._raw.append(headline)
            self._raw_bytes += len(headline)
            if self._raw_bytes >= _WAITING_BYTES:
                self._fold()

    @property
    def times(self) -> IntervalHistogram:
        """Of the headline."""
        self._fold()
        return self._times

    def _fold(self) -> None:
        if self._raw:
            self._counted.append(IntervalHistogram.of(*self._raw))
            self._raw, self._raw_bytes = [], 0
        if self._counted:
            self._times = IntervalHistogram.together((self._times, *self._counted))
            self._counted = []

    def record(self, runner: int) -> ShardRecord:
        times = self.times
        return ShardRecord(
            runner=runner,
            machine=self.machine,
            clock_bound_ns=self.clock_bound_ns,
            state=self.state,
            reason=self.reason,
            ended_ns=self.ended_ns,
            measured_ns=self.measured_ns,
            succeeded=self.succeeded,
            drained=self.drained,
            errors=self.errors,
            failed_in_batches=self.failed_in_batches,
            failed_in_drain=self.failed_in_drain,
            unstarted=self.unstarted,
            unfinished=self.unfinished,
            headline=EncodedHistogram(times.encode(), times.moments),
        )

    @staticmethod
    def of(record: ShardRecord) -> ShardFold:
        """As it was stored. Raises HistogramFormatError for a damaged histogram."""
        shard = ShardFold()
        for name in (
            "machine", "clock_bound_ns", "state", "reason", "ended_ns", "measured_ns",
            "succeeded", "drained", "errors", "failed_in_batches", "failed_in_drain", "unstarted",
            "unfinished",
        ):  # fmt: skip
            setattr(shard, name, getattr(record, name))
        stored = record.headline
        shard._times = IntervalHistogram.decode(stored.blob, stored.moments)
        return shard


class ShardsFold:
    """All of a run, by runner; empty where one runner has the run to itself."""

    def __init__(self, runners: Sequence[int], *, has_schedule: bool) -> None:
        shared = runners if len(runners) > 1 else ()
        self.each: dict[int, ShardFold] = {runner: ShardFold() for runner in shared}
        self._has_schedule = has_schedule
        self.unevenness: Unevenness | None = None
        """As of the last look at each."""
        self._results: list[ShardResult] = []
        """By number; as of when each was looked at."""
        self._shown: tuple[ShardResult, ...] = ()
        self._looked_at_ns: list[int] = []
        """How much of the run was measured then."""
        self._next = 0
        """The one that was looked at longest ago: they take turns."""
        self._changed: set[int] = set()
        """The runners of which more than their values has changed since."""
        self._looked_at_live = True

    def add(self, samples: Samples, passed_ns: int, counted: IntervalHistogram) -> None:
        """A message of measure, `passed_ns` after that began; 0 where it has no time. `counted` are
        its values of the headline."""
        if not self.each:
            return
        parts = parts_of(samples)
        headline = samples.response if self._has_schedule else samples.service
        at = 0
        for part in parts:
            following = at + part.values * _VALUE_BYTES
            if (shard := self.each.get(part.runner)) is not None:
                shard.add(part, headline[at:following] if len(parts) > 1 else counted)
                shard.seen_ns = max(shard.seen_ns, passed_ns)
            at = following

    def change(self, message: ShardChanged, passed_ns: int | None) -> None:
        """What has become of one, `passed_ns` after measure began, None before that."""
        shard = self.each.get(message.runner)
        if shard is None or shard.state in _OVER:
            return
        # What runs is as the run is.
        shard.state = None if message.state == "running" else message.state
        shard.reason, shard.unfinished = lines(message.reason), message.unfinished
        shard.measured_ns = message.measured_ns
        if message.state == "lost":
            # What it measured after its last message is lost with it.
            shard.ended_ns, shard.measured_ns = passed_ns, shard.seen_ns or passed_ns or 0
        self._changed.add(message.runner)

    def place(self, runner: int, machine: str) -> None:
        """It was started on that machine."""
        if runner in self.each:
            self.each[runner].machine = machine
            self._changed.add(runner)

    def set_silent(self, machine: str, *, silent: bool) -> None:
        """Nothing is received from that machine, or something is again."""
        for runner, shard in self.each.items():
            if shard.machine == machine and shard.state not in _OVER:
                shard.state = "silent" if silent else None
                self._changed.add(runner)

    def bound_clocks(self, machine: str, bound_ns: int, *, measuring: bool) -> None:
        """How well the clock of that machine is known now; what was worse while the run measured
        stays."""
        for runner, shard in self.each.items():
            if shard.machine == machine:
                before_ns = shard.clock_bound_ns
                shard.clock_bound_ns = max(bound_ns, before_ns or 0) if measuring else bound_ns
                if shard.clock_bound_ns != before_ns:
                    self._changed.add(runner)

    @property
    def times(self) -> tuple[IntervalHistogram, ...]:
        """Those of the headline of each."""
        return tuple(shard.times for shard in self.each.values())

    def records(self) -> tuple[ShardRecord, ...]:
        return tuple(shard.record(runner) for runner, shard in self.each.items())

    def restore(self, records: Iterable[ShardRecord]) -> None:
        """As they were stored."""
        self.each = {record.runner: ShardFold.of(record) for record in records}
        self._results, self._next = [], 0

    def results(
        self, state: ShardState, measured_ns: int, batch: int, *, live: bool, wider: float = 1.0
    ) -> tuple[ShardResult, ...]:
        """What each has come to; while the run is live, as of a moment ago. `wider` is how much
        less sure the p99 of the run is than by the number of its operations."""
        if not self.each:
            return ()
        runners = list(self.each)
        if not self._results:
            self._results = [
                self._counted(number, runner, state, measured_ns, batch)
                for number, runner in enumerate(runners, 1)
            ]
            self._looked_at_ns = [_NEVER] * len(runners)
        due, is_whole = self._due(runners, measured_ns, live=live)
        for at in due:
            result = self._counted(at + 1, runners[at], state, measured_ns, batch)
            self._results[at] = self._timed(result, self.each[runners[at]].times, wider)
        self._changed.clear()
        self._looked_at_live = live
        if is_whole:
            self.unevenness = unevenness(self._results)
        if due:
            self._shown = tuple(self._results)
        return self._shown

    def _due(
        self, runners: Sequence[int], measured_ns: int, *, live: bool
    ) -> tuple[list[int], bool]:
        """Where those are that have to be looked at, and whether all were when these are."""
        stands_ns = max(_LOOK_NS, len(runners) * _LOOK_NS_EACH)
        looked_at_ns, changed = self._looked_at_ns, self._changed
        if not live:
            due = [
                at
                for at, runner in enumerate(runners)
                if self._looked_at_live or looked_at_ns[at] != measured_ns or runner in changed
            ]
            for at in due:
                looked_at_ns[at] = measured_ns
            return due, bool(due)
        if not self._looked_at_live:
            looked_at_ns[:] = [_NEVER] * len(runners)
        due, is_whole = [], False
        while len(due) < _LOOK_AT_ONCE and measured_ns - looked_at_ns[self._next] >= stands_ns:
            due.append(self._next)
            looked_at_ns[self._next] = measured_ns
            self._next = (self._next + 1) % len(runners)
            is_whole = is_whole or not self._next
        if changed:
            # Their turn stays what it is.
            taken = set(due)
            due += [
                at for at, runner in enumerate(runners) if runner in changed and at not in taken
            ]
            is_whole = is_whole or len(runners) <= _LOOK_AT_ONCE
        return due, is_whole

    def _counted(
        self, number: int, runner: int, state: ShardState, measured_ns: int, batch: int
    ) -> ShardResult:
        """What is known of one without a look at its values."""
        shard = self.each[runner]
        operations = shard.succeeded * batch - shard.failed_in_batches
        took_ns = shard.measured_ns or measured_ns
        in_window = operations - (shard.drained * batch - shard.failed_in_drain)
        return ShardResult(
            number=number,
            runner=runner,
            machine=shard.machine,
            clock_bound_ns=shard.clock_bound_ns,
            state=shard.state or state,
            reason=shard.reason,
            ended_ns=shard.ended_ns,
            operations=operations,
            errors=shard.errors,
            unstarted=shard.unstarted,
            unfinished=shard.unfinished,
            measured_ns=took_ns,
            throughput_per_s=in_window * 1e9 / took_ns if took_ns else None,
            percentiles_ns=_NO_VALUES.percentiles_ns,
            samples_missing=_NO_VALUES.samples_missing,
        )

    def _timed(self, result: ShardResult, times: IntervalHistogram, wider: float) -> ShardResult:
        """With the percentiles of its values."""
        if not (times.total or times.overflow):
            return result
        histogram = Histogram.of_intervals((times,))
        summary = summarise_live(histogram)
        within_ns = None
        if (bounds := bounds_of_p99(histogram.total, len(self.each), wider)) is not None:
            low_ns, high_ns = histogram.percentiles(bounds)
            within_ns = (low_ns or 0, high_ns or 0)
        return msgspec.structs.replace(
            result,
            percentiles_ns=summary.percentiles_ns,
            samples_missing=summary.samples_missing,
            max_ns=summary.max_ns,
            p99_within_ns=within_ns,
        )
