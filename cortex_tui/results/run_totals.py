"""What adds up in a run: its histograms and its counters."""

from __future__ import annotations

from cortex_tui.profiles.model import Profile
from cortex_tui.results.interval import Interval, TimeName
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.measured import Measured


class RunTotals:
    """Of the measure phase; times are in ns."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.batch = max(1, profile.batch)
        self.headline_name = profile.headline
        """Of the times that speak for the run. Asked for by many, and the profile works it out."""
        self.service, self.failures = Histogram(), Histogram()
        self.response = self.lateness = None
        if profile.load.has_schedule:
            self.response, self.lateness = Histogram(), Histogram()
        self.errors: dict[str, int] = {}
        self.unstarted = 0
        self.drained = 0
        """Operations that succeeded after the window, or that workers did in pauses."""
        self.failed_in_batches = 0
        self.unfinished_ns: tuple[int, ...] = ()
        self.unfinished_more = 0
        self.measured_ns = 0
        self.drain_ns = 0

    @property
    def headline(self) -> Histogram:
        """The times that speak for the run: response in an open load, service in a closed one."""
        return self.service if self.response is None else self.response

    @property
    def operations(self) -> int:
        """How many have succeeded; a value of a batched run stands for many."""
        return self.measured.operations

    @property
    def measured(self) -> Measured:
        return Measured(
            service=self.service,
            failure=self.failures,
            measured_ns=self.measured_ns,
            response=self.response,
            lateness=self.lateness,
            errors=self.failures.total + self.failures.overflow,
            unfinished=len(self.unfinished_ns) + self.unfinished_more,
            unstarted=self.unstarted,
            batch=self.batch,
            drained=self.drained,
            failed_in_batches=self.failed_in_batches,
        )

    @property
    def times(self) -> dict[TimeName, Histogram]:
        """All of the run; response and lateness only in an open load."""
        found: dict[TimeName, Histogram] = {"service": self.service, "failure": self.failures}
        if self.response is not None and self.lateness is not None:
            found |= {"response": self.response, "lateness": self.lateness}
        return found

    def headline_of(self, interval: Interval) -> IntervalHistogram:
        """Those of an interval."""
        return interval.service if self.response is None else interval.response

    def count(self, interval: Interval) -> None:
        """Adds the values of an interval of the measure phase."""
        self.service.add_interval(interval.service)
        self.failures.add_interval(interval.failure)
        if self.response is not None and self.lateness is not None:
            self.response.add_interval(interval.response)
            self.lateness.add_interval(interval.lateness)
        for name, count in interval.errors.items():
            self.errors[name] = self.errors.get(name, 0) + count
        self.unstarted += interval.unstarted
