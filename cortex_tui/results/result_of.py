"""Makes the one result of a run from its fold, which live messages or stored records filled."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cortex_tui.quantities import format_noun
from cortex_tui.results.cells import Cells, group_of
from cortex_tui.results.progress import progress_note, progress_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_result import RunResult, known_statistics
from cortex_tui.results.shape import made_shape_of, shape_of
from cortex_tui.results.stages import stages_of
from cortex_tui.results.waits import waits_of
from cortex_tui.results.warnings import median_of, warnings_of
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.scaling import Cell
from cortex_tui.stats.statistics import DURATION, RATE
from cortex_tui.stats.summary import summarise_live
from cortex_tui.stats.targets import Target, TargetResult, parse_target
from cortex_tui.stats.verdicts import evaluate, is_estimated, verdict


def result_of(run: RunFold, cells: Cells) -> RunResult:
    """`cells` are those of the session's matrices."""
    times = {
        name: summarise_live(times)
        for name, times in run.times.items()
        if times.total or times.overflow
    }
    headline = times.get(run.headline_name) or summarise_live(run.headline)
    live = run.live
    measured, mean_ns, shards = run.measured, run.headline.mean_ns, run.shard_results
    targets = targets_of(run, cells, measured)
    findings = run.findings()
    return RunResult(
        run=run.run,
        profile=run.profile,
        life=run.life,
        interrupted=run.interrupted,
        round=run.round,
        variant=run.variant,
        progress=progress_of(run) if live else None,
        progress_note=progress_note(run, targets) if live else "",
        level=run.level if live else None,
        level_reached=run.level,
        batch=run.batch,
        mean_ns=None if mean_ns is None else mean_ns / run.batch,
        operations=measured.operations,
        failed_in_batches=measured.failed_in_batches,
        throughput_per_s=measured.throughput_per_s,
        percentiles_ns=headline.percentiles_ns,
        samples_missing=headline.samples_missing,
        confidence_ns=_confidence(run, headline.percentiles_ns),
        times=times,
        bounds_ns=dict(findings.confidence_ns),
        flattered=measured.flattered_names,
        max_ns=headline.max_ns,
        lateness_p50_ns=median_of(run.lateness),
        service_p50_ns=median_of(run.service),
        errors=dict(run.errors),
        messages=dict(run.texts),
        error_messages={name: text for name, text in run.texts.items() if text},
        unfinished=measured.unfinished,
        unfinished_ns=run.unfinished_ns,
        unstarted=run.unstarted,
        overflow=run.service.overflow,
        in_flight=run.in_flight,
        oldest_ns=run.oldest_ns,
        targets=targets,
        verdict=verdict(targets, live=live),
        trend_ns=run.trend.values(),
        # The next result of a live run replaces this one soon; of others there may be many.
        shape=(shape_of if live else made_shape_of)(run.headline, run.service),
        slowest=findings.slowest,
        marks=tuple(run.marks),
        # Of a live run it would cost a look over all intervals, several times a second.
        stages=() if live else run.known_stages or stages_of(run),
        warmup_ns=run.warmup_ns,
        warmup_iterations=run.warmup_iterations,
        warnings=warnings_of(run),
        blocks=run.blocks,
        waits=waits_of(run.waits),
        reason=run.reason,
        partial=run.partial,
        shards=shards,
        unevenness=run.shards.unevenness,
        traceback=run.traceback or next(iter(run.tracebacks.values()), ""),
        own_traceback=run.traceback,
        tracebacks=dict(run.tracebacks),
        neighbours=run.neighbours,
        measured_ns=run.measured_ns,
        drained=run.drained,
        drain_ns=run.drain_ns,
    )


def _confidence(run: RunFold, percentiles_ns: dict[str, int | None]) -> dict[str, tuple[int, int]]:
    """Those that are not older than the values that they are shown with."""
    found = run.findings().confidence_ns.get(run.headline_name, {})
    return {
        name: (low, high)
        for name, (low, high) in found.items()
        if (value := percentiles_ns.get(name)) is not None and low <= value <= high
    }


def statistics_of(run: RunFold) -> dict[str, float]:
    """As `RunResult.statistics`, without making all of the result."""
    headline, mean_ns = summarise_live(run.headline), run.headline.mean_ns
    return known_statistics(
        headline.percentiles_ns,
        headline.max_ns,
        None if mean_ns is None else mean_ns / run.batch,
        run.measured.throughput_per_s,
    )


def targets_of(
    run: RunFold, cells: Cells, measured: Measured | None = None
) -> tuple[TargetResult, ...]:
    """The targets, and how each stands; `measured` is that of the run where it is there already.

    Those of a stored run stand as they were stored, unless that was while it, or another cell of
    its matrix, was still live.
    """
    concluded = run.concluded.targets if run.concluded is not None else None
    if concluded is not None and run.live:
        return concluded
    known = {
        (each.target, each.warn): each for each in concluded or () if each.verdict != "pending"
    }
    siblings, measured = cells.get(group_of(run), ()), measured or run.measured
    standing = (
        known.get((target.text, target.warn))
        or _of_part(
            run.partial, _among(len(run.neighbours), _standing(run, target, measured, siblings))
        )
        for target in run.targets
    )
    return tuple(standing)


def _of_part(partial: str, result: TargetResult) -> TargetResult:
    """What a part of a run shows decides nothing."""
    if not partial or result.verdict == "pending":
        return result
    return msgspec.structs.replace(
        result, verdict="undecided", note=f"the run is partial: {partial}", more_ns=None
    )


def estimated(run: RunFold) -> tuple[TargetResult, ...]:
    """How those targets stand that can fail the run, and that more operations could decide."""
    targets = (target for target in run.targets if is_estimated(target) and not target.warn)
    measured = run.measured
    return tuple(_standing(run, target, measured) for target in targets)


def _standing(
    run: RunFold, target: Target, measured: Measured, siblings: Sequence[Cell] = ()
) -> TargetResult:
    result = evaluate(
        target,
        measured,
        run.headline_name,
        live=run.live,
        any_look=run.profile.until_decided is not None,
        varied=lambda: run.spreads().get(target.text),
        cells=siblings,
    )
    decided = run.decided.get(target.text)
    if decided is None or result.met is not None:
        return result
    return msgspec.structs.replace(result, verdict=decided, note="", more_ns=None)


def _among(neighbours: int, result: TargetResult) -> TargetResult:
    """A tight limit on times is meant for a profile alone: neighbours alone can make a run miss it,
    and so its miss says nothing then."""
    if (
        not neighbours
        or not result.warns
        or parse_target(result.target).unit not in (DURATION, RATE)
    ):
        return result
    with_them = f"with {format_noun(neighbours, 'neighbour')}"
    note = f"missed {with_them}, which may be the reason: run it with --one-by-one"
    return msgspec.structs.replace(result, verdict="undecided", note=note)
