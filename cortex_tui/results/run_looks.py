"""The looks over all intervals of one run: when they are taken, and what they told last."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.results.evidence import asked_by_spreads, spreads_of
from cortex_tui.results.findings import (
    ExaminationTimes,
    Findings,
    asked_by_findings,
    findings_of,
)
from cortex_tui.results.interval import TimeName
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.look import Asked, Look
from cortex_tui.results.run_totals import RunTotals
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.spread import Spread
from cortex_tui.stats.targets import Target


class RunLooks:
    """What they tell is as of a moment ago: they are taken when they are due and somebody asks."""

    def __init__(
        self,
        totals: RunTotals,
        intervals: IntervalSeries,
        interval_ns: int,
        targets: Sequence[Target],
    ) -> None:
        """The run, its intervals, how long those of its messages are, and its targets."""
        self._totals = totals
        self._intervals = intervals
        self._interval_ns = interval_ns
        self._targets = targets
        self._findings = Findings()
        self._spreads: dict[str, Spread] | None = {}
        """None where a look is due at those, too."""
        self._asks_for_spreads = False
        """Whether anybody has asked for those since the last look."""
        self._times = ExaminationTimes()

    def findings(self, *, live: bool) -> Findings:
        """Whatever there is to find in a run; of its headline alone while it is `live`."""
        totals = self._totals
        if self._times.due(totals.measured_ns, live=live):
            name, precision = totals.headline_name, totals.profile.precision
            times: dict[TimeName, Histogram] = {name: totals.headline} if live else totals.times
            # Whoever asked for the spreads of the look before will ask for those of this one.
            wanted, self._asks_for_spreads = self._asks_for_spreads, False
            asked = [asked_by_findings(times, name, precision)]
            if wanted:
                asked.append(self._asked_by_spreads)
            look = Look(self._intervals, name, *asked)
            self._findings = findings_of(look, times, name, precision)
            self._spreads = self._spreads_of(look) if wanted else None
        return self._findings

    def spreads(self, *, live: bool) -> dict[str, Spread]:
        """By target, how its statistic varied. Of most runs it need not be looked for: of a target
        that no operation is against, nobody asks."""
        self.findings(live=live)
        self._asks_for_spreads = True
        if self._spreads is None:
            look = Look(self._intervals, self._totals.headline_name, self._asked_by_spreads)
            self._spreads = self._spreads_of(look)
        return self._spreads

    def again(self) -> None:
        """Makes the next findings those of all that was measured up to now."""
        self._times.again()

    def restore(self, findings: Findings) -> None:
        """Those that were stored, of the whole run."""
        self._findings = findings
        self._times.whole = True

    @property
    def _asked_by_spreads(self) -> Asked:
        totals = self._totals
        return asked_by_spreads(self._targets, totals.measured, totals.headline_name, totals.times)

    def _spreads_of(self, look: Look) -> dict[str, Spread]:
        totals = self._totals
        return spreads_of(
            self._targets,
            look,
            self._intervals,
            self._interval_ns * self._intervals.length,
            totals.measured,
            totals.headline_name,
            totals.times,
            steered=totals.profile.load.levels().vary,
        )
