"""The profiles of a session, each with the operations of all its rounds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cortex_tui.formats.port import Recording
from cortex_tui.results.interval import TimeName
from cortex_tui.results.rounds import alike, rounds_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN, samples_missing


class Pooled(NamedTuple):
    name: str
    """`suite.profile`, with `@variant` where variants were compared."""
    rounds: tuple[RunResult, ...]
    times: Mapping[TimeName, Histogram]
    """Empty where rounds had batches of different sizes, whose times are not of the same thing."""

    @property
    def headline(self) -> Histogram:
        return self.times.get(self.rounds[0].profile.headline, Histogram())

    @property
    def batch(self) -> int:
        return self.rounds[0].batch

    @property
    def partial(self) -> str:
        """What was lost of its rounds; "" where they are whole."""
        return "; ".join(run.partial for run in self.rounds if run.partial)

    @property
    def about(self) -> str:
        """What its times are of, where that is not one operation, and whether a part of it was
        lost; for behind its name."""
        batches = f" (batches of {self.batch:,})" if self.batch > 1 else ""
        return batches + " (partial)" * bool(self.partial)

    @property
    def operations(self) -> int:
        return sum(run.operations for run in self.rounds)

    @property
    def errors(self) -> int:
        return sum(run.error_count for run in self.rounds)

    @property
    def throughput_per_s(self) -> float | None:
        """Of one round on its own; of several, their operations over their windows."""
        if len(self.rounds) == 1:
            return self.rounds[0].throughput_per_s
        in_window = self.operations - sum(run.drained for run in self.rounds)
        measured_ns = sum(run.measured_ns for run in self.rounds)
        return in_window * 1e9 / measured_ns if measured_ns else None

    def percentiles(self) -> dict[str, int]:
        """In ns, those that have enough operations; of a file without any, those that it had."""
        if not self.headline.total:
            known = self.rounds[0].percentiles_ns
            return {name: value for name, value in known.items() if value is not None}
        values = self.headline.percentiles(tuple(SHOWN.values()))
        return {
            name: value
            for name, value in zip(SHOWN, values, strict=True)
            if value is not None and not samples_missing(SHOWN[name], self.headline.total)
        }

    def bounds(self, statistic: str) -> tuple[int, int] | None:
        """The 95 % confidence interval of a percentile in ns, where one round alone has one."""
        return self.rounds[0].confidence_ns.get(statistic) if len(self.rounds) == 1 else None


def pooled(recording: Recording) -> Iterator[Pooled]:
    """In the order of the session's plan."""
    result = recording.result
    for (name, variant), rounds in rounds_of(result.runs).items():
        whole: dict[TimeName, Histogram] = {}
        for run in rounds if alike(rounds) else ():
            for time, values in result.histograms[run.run].items():
                whole.setdefault(time, Histogram()).add(values)
        yield Pooled(f"{name}@{variant}" if variant else name, tuple(rounds), whole)
