"""What the rounds of each profile come to together, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cortex_tui.results.document import ProfileDocument, SpreadDocument
from cortex_tui.results.interval import TimeName
from cortex_tui.results.rounds import alike, apart, rounds_of
from cortex_tui.results.run_document import TimesDocument
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import Histograms, SessionResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
from cortex_tui.stats.summary import as_document, summarise


def profile_documents(result: SessionResult) -> list[ProfileDocument]:
    """One entry a profile. Percentiles are of all rounds' operations together, never averages of
    percentiles; `spread` has each statistic of the headline by round, in order."""
    return [
        _profile(name, variant, rounds, [result.histograms[run.run] for run in rounds])
        for (name, variant), rounds in rounds_of(
            sorted(result.runs, key=lambda run: run.run)
        ).items()
    ]


def _profile(
    name: str, variant: str, rounds: Sequence[RunResult], histograms: Sequence[Histograms]
) -> ProfileDocument:
    operations = sum(run.operations for run in rounds)
    in_window = operations - sum(run.drained for run in rounds)
    measured_ns = sum(run.measured_ns for run in rounds)
    headlines = [each[rounds[0].profile.headline] for each in histograms]
    busy_ns = sum((times.mean_ns or 0.0) * times.total for times in headlines)
    # As in the mean of each round, with those that failed within batches, which are in their times.
    timed = sum(times.total * run.batch for times, run in zip(headlines, rounds, strict=True))
    same = alike(rounds)
    batches = (run.batch for run in rounds if "service" in run.times)

    def merged(name: TimeName) -> TimesDocument | None:
        if not same:
            return None
        whole = Histogram()
        for each in histograms:
            if name in each:
                whole.add(each[name])
        return times_document(whole)

    return ProfileDocument(
        profile=name,
        variant=variant,
        rounds=[run.round for run in rounds],
        operations=operations,
        batch=next(batches, 1) if same else None,
        measured_ns=measured_ns,
        throughput_per_s=in_window * 1e9 / measured_ns if measured_ns else None,
        mean_ns=busy_ns / timed if timed else None,
        errors=sum(run.error_count for run in rounds),
        headline=rounds[0].profile.headline,
        service_ns=merged("service"),
        response_ns=merged("response"),
        lateness_ns=merged("lateness"),
        failure_ns=merged("failure"),
        spread=_spread(rounds, same=same),
    )


def times_document(
    histogram: Histogram | None, bounds_ns: Mapping[str, tuple[int, int]] | None = None
) -> TimesDocument | None:
    """None where nothing was measured; without `bounds_ns` nothing is said of confidence."""
    summary = None if histogram is None else summarise(histogram)
    if summary is None:
        return None
    known = {} if bounds_ns is None else {"confidence_ns": dict(bounds_ns)}
    return msgspec.convert(as_document(summary) | known, TimesDocument)


def _spread(rounds: Sequence[RunResult], *, same: bool) -> dict[str, SpreadDocument]:
    values: dict[str, list[float | None]] = {
        "throughput_per_s": [run.throughput_per_s for run in rounds],
        "mean_ns": [run.mean_ns for run in rounds],
    }
    if same:
        values |= {name: [run.percentiles_ns[name] for run in rounds] for name in SHOWN}
        values["max"] = [run.max_ns for run in rounds]
    return {
        statistic: SpreadDocument(values=found, share=apart(found))
        for statistic, found in values.items()
    }
