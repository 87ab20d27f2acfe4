"""What the rounds of each profile come to together, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cortex_tui.results.stored import RunResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
from cortex_tui.stats.summary import as_document, summarise, summarise_live

Pick = Callable[[RunResult], "Histogram | None"]


def profiles_document(runs: Sequence[RunResult]) -> list[dict[str, Any]]:
    """One entry a profile, in the order of the first round.

    Percentiles are of all rounds' operations together, never averages of percentiles. `spread`
    has each statistic of the headline by round, in order, with None where a round has none, and
    as `share` how far lowest and highest lie apart, as a share of their middle.
    """
    by_name: dict[str, list[RunResult]] = {}
    for run in sorted(runs, key=lambda run: run.record.run):
        by_name.setdefault(run.profile.full_name, []).append(run)
    return [_profile(name, rounds) for name, rounds in by_name.items()]


def _profile(name: str, rounds: Sequence[RunResult]) -> dict[str, Any]:
    operations = sum(run.operations for run in rounds)
    measured_ns = sum(run.record.measured_ns for run in rounds)
    busy_ns = sum((run.service.mean_ns or 0.0) * run.service.total for run in rounds)
    batches = {run.batch for run in rounds if run.service.total}
    # Batches of different sizes, as each round may have found its own, are different things.
    alike = len(batches) <= 1
    return {
        "profile": name,
        "rounds": [run.round for run in rounds],
        "operations": operations,
        "batch": next(iter(batches), 1) if alike else None,
        "measured_ns": measured_ns,
        "throughput_per_s": operations * 1e9 / measured_ns if measured_ns else None,
        "mean_ns": busy_ns / operations if operations else None,
        "errors": sum(sum(run.record.errors.values()) for run in rounds),
        "headline": rounds[0].profile.headline,
        "service_ns": _merged(rounds, lambda run: run.service) if alike else None,
        "response_ns": _merged(rounds, lambda run: run.response) if alike else None,
        "lateness_ns": _merged(rounds, lambda run: run.lateness) if alike else None,
        "failure_ns": _merged(rounds, lambda run: run.failure) if alike else None,
        "spread": _spread(rounds, alike=alike),
    }


def _merged(rounds: Sequence[RunResult], pick: Pick) -> dict[str, Any] | None:
    whole = Histogram()
    for run in rounds:
        part = pick(run)
        if part is not None:
            whole.add(part)
    summary = summarise(whole)
    return None if summary is None else as_document(summary)


def _spread(rounds: Sequence[RunResult], *, alike: bool) -> dict[str, Any]:
    by_statistic: dict[str, list[float | None]] = {
        "throughput_per_s": [run.throughput_per_s for run in rounds],
        "mean_ns": [run.mean_ns for run in rounds],
    }
    if alike:
        summaries = [summarise_live(run.headline).percentiles_ns for run in rounds]
        by_statistic |= {name: [each[name] for each in summaries] for name in SHOWN}
        by_statistic["max"] = [run.headline.max_ns for run in rounds]
    return {
        statistic: {"values": values, "share": _share(values)}
        for statistic, values in by_statistic.items()
    }


def _share(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    lowest, highest = min(known), max(known)
    return (highest - lowest) / ((highest + lowest) / 2) if highest else 0.0
