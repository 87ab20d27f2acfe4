"""What statistics and targets ask of a run, live or stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from cortex_tui.stats.percentiles import SHOWN, flagged

MUCH = 0.01
"""Of the operations in batches: if that share of them failed, times may be wrong by as much."""

Subject = Literal["service", "response", "lateness", "failure"]
SUBJECTS: tuple[Subject, ...] = ("service", "response", "lateness", "failure")
"""The times of a run; `failure` are those of the operations that failed."""


class Distribution(Protocol):
    """A histogram as far as statistics go; durations in ns, None where there are too few values."""

    @property
    def total(self) -> int: ...
    @property
    def overflow(self) -> int: ...
    @property
    def min_ns(self) -> int | None: ...
    @property
    def max_ns(self) -> int | None: ...
    @property
    def mean_ns(self) -> float | None: ...
    @property
    def stddev_ns(self) -> float | None: ...
    def percentiles(self, quantiles: Sequence[float]) -> list[int | None]: ...
    def count_above(self, limit_ns: int) -> int: ...
    def count_at_least(self, limit_ns: int) -> int: ...


class Measured(NamedTuple):
    """What was measured of a run. A closed load has neither `response` nor `lateness`."""

    service: Distribution
    failure: Distribution
    measured_ns: int
    """The window: for how long operations were started."""
    response: Distribution | None = None
    lateness: Distribution | None = None
    errors: int = 0
    unfinished: int = 0
    unstarted: int = 0
    batch: int = 1
    """How many operations each value stands for: above 1, percentiles and extremes are of whole
    batches, the mean and the throughput are of operations all the same."""
    drained: int = 0
    """Operations that succeeded after the window, or that workers did in pauses: they have a time,
    and no part in throughput."""
    failed_in_batches: int = 0
    """Operations that failed within a batch that was timed."""

    @property
    def operations(self) -> int:
        """How many succeeded."""
        return self.service.total * self.batch - self.failed_in_batches

    @property
    def ended(self) -> int:
        """How many ended, with success or without."""
        return self.operations + self.service.overflow * self.batch + self.errors

    def times(self, subject: Subject) -> Distribution:
        """Those of a subject; the response of a closed load is its service time."""
        found: Distribution | None = getattr(self, subject)
        return self.service if found is None else found

    @property
    def without_time(self) -> int:
        """Operations that failed, never ended or were never started."""
        return self.errors - self.failed_in_batches + self.unfinished + self.unstarted

    @property
    def missing(self) -> int:
        """Operations that are in no percentile: those without a time, and those that took too long
        to be counted."""
        return self.without_time + self.service.overflow * self.batch

    @property
    def failed_share(self) -> float:
        """How many of the operations within timed batches failed. The time of a batch is that of
        all of them: if those took no time, the others took 1 / (1 - share) times as long as it
        seems."""
        timed = self.service.total * self.batch
        return min(1.0, self.failed_in_batches / timed) if timed else 0.0

    @property
    def failed_words(self) -> str:
        """Why times of batches may be too low, whatever share of them failed."""
        return (
            f"may be too low: {self.failed_in_batches:,} of {self.service.total * self.batch:,} "
            "operations failed within batches, and may have taken no time"
        )

    @property
    def lowered(self) -> str:
        """The same where many did; "" otherwise."""
        return self.failed_words if self.failed_share >= MUCH else ""

    def flattered(self, quantile: float) -> bool:
        """Whether more operations are missing from a percentile than lie beyond it."""
        return flagged(quantile, self.service.total * self.batch, self.missing)

    @property
    def flattered_names(self) -> tuple[str, ...]:
        """The shown percentiles of which that holds."""
        if not self.missing:
            return ()
        return tuple(name for name, quantile in SHOWN.items() if self.flattered(quantile))

    @property
    def in_window(self) -> int:
        """How many succeeded within the window."""
        return self.operations - self.drained

    @property
    def throughput_per_s(self) -> float | None:
        """Operations that succeeded within the window, over the window."""
        if not self.measured_ns:
            return None
        return self.in_window * 1e9 / self.measured_ns
