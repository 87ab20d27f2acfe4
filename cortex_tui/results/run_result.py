"""What a run has come to at one moment, live or stored; `results.result_of` makes it.

Results are immutable. Nothing here needs a clock, a loop or numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Literal

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.lifecycle import INTERRUPTED, Phase, RunLife, RunState, Words, words
from cortex_tui.results.blocked import Blocks
from cortex_tui.results.shard_result import ShardResult, Unevenness
from cortex_tui.results.waits import Waits
from cortex_tui.stats.log_bins import LogBins
from cortex_tui.stats.measured import Subject
from cortex_tui.stats.summary import LiveSummary
from cortex_tui.stats.targets import TargetResult, Verdict
from cortex_tui.store.library import RunFacts
from cortex_tui.store.records import MarkRecord, StageRecord


class CurvePoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A point of the percentile curve: `nines` is -log10(1 - quantile), so 2.0 is p99."""

    nines: float
    value_ns: int


Curve = tuple[CurvePoint, ...]


class Shape:
    """What pictures of a run's times are drawn from, each made when it is first asked for: of most
    runs in a view nobody asks, and to make them takes 90 us."""

    def __init__(
        self,
        curve: Callable[[], Curve] = tuple,
        service_curve: Callable[[], Curve] = tuple,
        bins: Callable[[], LogBins] = LogBins,
        of: object = None,
    ) -> None:
        """How to make them, on any thread and with the same outcome at any time. Two that are `of`
        the same are equal, without being made."""
        self._of = of
        self._make_curve = curve
        self._make_service_curve = service_curve
        self._make_bins = bins

    @staticmethod
    def made(curve: Curve, service_curve: Curve, bins: LogBins) -> Shape:
        """One that is there already."""
        return Shape(lambda: curve, lambda: service_curve, lambda: bins)

    @cached_property
    def curve(self) -> Curve:
        """That of the headline time."""
        return self._make_curve()

    @cached_property
    def service_curve(self) -> Curve:
        """That of service time, where the headline is response time."""
        return self._make_service_curve()

    @cached_property
    def bins(self) -> LogBins:
        """The distribution of the headline time."""
        return self._make_bins()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shape):
            return NotImplemented
        return (self._of is not None and self._of == other._of) or self._all == other._all

    __hash__ = None  # type: ignore[assignment]

    @property
    def _all(self) -> tuple[Curve, Curve, LogBins]:
        return self.curve, self.service_curve, self.bins


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Percentiles and max are of the headline time (`profile.headline`), in ns."""

    run: int
    profile: Profile
    life: RunLife = RunLife()
    interrupted: bool = False
    """Whether its process ended before it did; what was stored until then is here."""
    round: int = 1
    variant: str = ""
    """The name of what it is a run of, where variants are compared."""
    progress: float | None = None
    """Of the phase under way, 0..1; None where its length is not known."""
    progress_note: str = ""
    """What ends the phase, where that is no length: `p99 ± 3.1 %, wanted 2 %`."""
    level: float | None = None
    """The rate a second, or the number of workers, of a load at this moment."""
    level_reached: float | None = None
    """The last level of a load that changes."""
    batch: int = 1
    """Above 1, percentiles and max are of whole batches of that many operations, in ns a batch."""
    mean_ns: float | None = None
    """The mean of one operation, of a batched run too."""
    operations: int = 0
    """Succeeded in measure."""
    failed_in_batches: int = 0
    """Operations that failed within batches whose time counts."""
    throughput_per_s: float | None = None
    percentiles_ns: dict[str, int | None] = {}
    """`p50`, `p75`, `p90`, `p95`, `p99`, `p99.9`, `p99.99`; None while samples are too few."""
    samples_missing: dict[str, int] = {}
    """For each percentile that is None: how many more operations it needs."""
    confidence_ns: dict[str, tuple[int, int]] = {}
    """The confidence interval (95 %) of the percentiles for which there is one."""
    times: dict[Subject, LiveSummary] = {}
    """Each of its times that has any values: service, response, lateness, failure."""
    bounds_ns: dict[str, dict[str, tuple[int, int]]] = {}
    """The confidence intervals of all its times; while it is live, of the headline alone."""
    flattered: tuple[str, ...] = ()
    """The percentiles from which more operations are missing than lie beyond them."""
    max_ns: int | None = None
    lateness_p50_ns: int | None = None
    service_p50_ns: int | None = None
    errors: dict[str, int] = {}
    error_messages: dict[str, str] = {}
    """What the first failure of each exception type said."""
    messages: dict[str, str] = {}
    """The same, also of those that said nothing."""
    unfinished: int = 0
    unfinished_ns: tuple[int, ...] = ()
    """The ages of operations that never ended, the oldest of them."""
    unstarted: int = 0
    overflow: int = 0
    in_flight: int = 0
    oldest_ns: int = 0
    """The age of the oldest operation in flight, as of the last message."""
    targets: tuple[TargetResult, ...] = ()
    verdict: Verdict = "none"
    trend_ns: tuple[int | None, ...] = ()
    """The p99 of each of the last intervals, oldest first; None for one in which nothing ended."""
    shape: Shape = Shape()
    slowest: str = ""
    """What the slowest intervals had in common: `3 of the 5 slowest intervals had a GC pause`."""
    marks: tuple[MarkRecord, ...] = ()
    stages: tuple[StageRecord, ...] = ()
    """Of a load with several, when the run has ended: those that it reached."""
    warmup_ns: int = 0
    """How long warm-up took in the end, and `warmup_iterations` how many operations."""
    warmup_iterations: int = 0
    warnings: tuple[str, ...] = ()
    blocks: Blocks = Blocks()
    """Of the event loop, while it was measured."""
    waits: Waits = Waits()
    """Where its operations were while they were in flight."""
    partial: str = ""
    """Which of the processes that shared it was lost, and why; "" for a run that is whole."""
    shards: tuple[ShardResult, ...] = ()
    """What each of several runners has come to, in order; empty where one has the run to itself."""
    unevenness: Unevenness | None = None
    """How the slowest of them stands to the others."""
    reason: str = ""
    """Why a failed run failed, in one line."""
    traceback: str = ""
    """The first traceback: of the failed run, or of its first failed operation."""
    own_traceback: str = ""
    """Of a run that failed as a whole."""
    tracebacks: dict[str, str] = {}
    """The first of each exception type of failed operations."""
    neighbours: tuple[str, ...] = ()
    measured_ns: int = 0
    """The window: for how long operations were started, pauses left out."""
    drained: int = 0
    """Operations that succeeded after it, or that workers did in pauses."""
    drain_ns: int = 0
    """How long those in flight were awaited."""

    @property
    def state(self) -> RunState:
        return self.life.state

    @property
    def words(self) -> Words:
        """Its state in words, as a screen shows it."""
        return INTERRUPTED if self.interrupted else words(self.life)

    @property
    def reported_state(self) -> RunState | Literal["interrupted"]:
        """The word of documents and reports, in which a run that was cut short was not stopped."""
        return "interrupted" if self.interrupted else self.state

    @property
    def has_begun(self) -> bool:
        """A session that is stopped leaves runs that never began; they have nothing to show."""
        return self.state != "planned" and (self.state != "stopped" or self.measured_ns > 0)

    @property
    def phase(self) -> Phase | None:
        return self.life.phase

    @property
    def statistics(self) -> dict[str, float]:
        """The few numbers that a history of the profile keeps; see `known_statistics`."""
        return known_statistics(
            self.percentiles_ns, self.max_ns, self.mean_ns, self.throughput_per_s
        )

    @property
    def setting(self) -> str:
        """What its verdict holds for: `with 4 neighbours`; empty for a run measured alone."""
        count = len(self.neighbours)
        return f"with {count} neighbour{'s' * (count > 1)}" if count else ""

    @property
    def verdict_text(self) -> str:
        """The verdict and its setting: `met, with 4 neighbours`; of a run without targets, the
        setting alone."""
        return ", ".join(filter(None, [self.verdict.removeprefix("none"), self.setting]))

    @property
    def facts(self) -> RunFacts:
        """What a history of the profile keeps of it."""
        return RunFacts(
            state=self.state,
            round=self.round,
            variant=self.variant,
            definition=self.profile.definition,
            neighbours=self.neighbours,
            operations=self.operations,
            batch=self.batch,
            primary=self.profile.primary,
            partial=bool(self.partial),
            statistics=self.statistics,
        )

    @property
    def error_count(self) -> int:
        return sum(self.errors.values())


def known_statistics(
    percentiles_ns: Mapping[str, int | None],
    max_ns: int | None,
    mean_ns: float | None,
    throughput_per_s: float | None,
) -> dict[str, float]:
    """By name, those that have a value: percentiles and `max` of the headline time, and of a whole
    batch where operations are batched; `mean` of the headline time of one operation; `throughput` a
    second."""
    values: dict[str, float | None] = {
        **percentiles_ns,
        "max": max_ns,
        "mean": mean_ns,
        "throughput": throughput_per_s,
    }
    return {name: value for name, value in values.items() if value is not None}
