"""What a number alone hides: a line for each thing that a reader should know of a run."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from cortex_tui.protocol.lifecycle import PAUSED
from cortex_tui.quantities import format_duration, format_names, format_range, longer_ns
from cortex_tui.report.results import is_too_short
from cortex_tui.report.stream import toned
from cortex_tui.results.rounds import alike, apart, rounds_of
from cortex_tui.results.run_length import (
    LONG_ENOUGH_NS,
    counted_in,
    has_its_number,
    interval_count,
    timed_operations,
)
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shared import SharedWarning, own_warnings, shared_warnings
from cortex_tui.results.view import SessionView
from cortex_tui.stats.targets import SCALING, TargetResult, parse_target
from cortex_tui.store.records import IMPORTED
from cortex_tui.tables import Tone
from cortex_tui.text import one_line

_MARKS_SHOWN = 12
_DRAIN_SHARE = 20
"""Operations that took a twentieth of the window to end after it are worth a line; so is a
twentieth of all that workers did in pauses."""
_BLOCKED_SHARE = 4
"""A loop that was blocked in a quarter of the intervals hides much of what operations do."""
_NAMES_SHOWN = 4
_OVER_ROUNDS = ("p50", "p99")
_TAILS = ("p90", "p99", "p99.9")


def run_notes(
    run: RunResult,
    rounds: int,
    *,
    colour: bool,
    shared: Collection[SharedWarning] = (),
    waits: bool = False,
) -> Iterator[str]:
    """With several rounds, each line says of which. The `shared` warnings are left to the notes
    on the session; with `waits` there is a line about where operations were in flight."""
    name = f"{run.profile.full_name} {run.variant}".rstrip()
    if rounds > 1:
        name += f" round {run.round}"

    def note(word: str, tone: Tone, text: str) -> str:
        return f"{name}: {toned(word, tone, colour=colour)}: {one_line(text)}"

    if run.state == "failed":
        yield note("failed", "bad", run.reason or "without a reason")
    elif run.reason:
        yield note(run.reported_state, "warn", run.reason)
    for target in run.targets:
        if _statistic(target) != SCALING and (standing := _standing(target, run.setting)):
            yield note(*standing)
    for kind, count in sorted(run.errors.items()):
        text = run.error_messages.get(kind, "")
        yield note("errors", "bad", f"{count:,} × {kind}" + (f", first: {text}" if text else ""))
    if run.unfinished:
        yield note("unfinished", "warn", f"{run.unfinished:,} had not ended when the run did")
    if run.unstarted:
        yield note("unstarted", "warn", f"{run.unstarted:,} were due, but never started")
    if drained := _drained(run):
        yield note("drained", "plain", drained)
    if run.batch > 1:
        failed = ", those that failed among them" if run.failed_in_batches else ""
        yield note(
            "batches",
            "plain",
            f"{format_duration(run.mean_ns)} an operation on average{failed}; percentiles and max "
            f"are of batches of {run.batch:,}, timed as one",
        )
    if run.profile.auto_warmup and run.warmup_ns:
        yield note("warm-up", "plain", f"ended after {format_duration(run.warmup_ns)}")
    if run.slowest:
        yield note("slowest", "plain", run.slowest)
    if waits and (seen := _waits(run)):
        yield note("in flight", "plain", seen)
    for mark in run.marks[:_MARKS_SHOWN]:
        yield note("mark", "plain", f"after {format_duration(mark.offset_ns)}: {mark.text}")
    if len(run.marks) > _MARKS_SHOWN:
        yield note("mark", "plain", f"and {len(run.marks) - _MARKS_SHOWN:,} more")
    for warning in own_warnings(run, shared):
        yield note("warning", "warn", warning)


def _drained(run: RunResult) -> str:
    """That throughput is not of all operations, where the others are many or took long."""
    operations = f"{run.drained:,} operation{'s' * (run.drained != 1)}"
    if run.drained * _DRAIN_SHARE > run.operations and any(
        mark.text == PAUSED for mark in run.marks
    ):
        return (
            f"{operations} ended after the end of measure, or were done in pauses; "
            "throughput is of the others"
        )
    if run.drained and run.drain_ns * _DRAIN_SHARE > run.measured_ns:
        return (
            f"{operations} ended after the end of measure, within "
            f"{format_duration(run.drain_ns)}; throughput is of those before"
        )
    return ""


def _waits(run: RunResult) -> str:
    """Where operations were in flight, empty where that says nothing: all of them at one place, of
    which is not seen what it awaits. Where the loop was blocked much, that this is not in it."""
    waits, blocked = run.waits, run.blocks.intervals
    if not waits.words:
        return ""
    (first, *others) = waits.places
    if not others and first.seen == waits.seen and ", awaiting " not in first.place:
        return ""
    if blocked * _BLOCKED_SHARE < interval_count(run):
        return waits.words
    return f"{waits.words}; what computes is not seen here, and the event loop was blocked often"


def _standing(target: TargetResult, setting: str = "") -> tuple[str, Tone, str] | None:
    """What there is to report of a target, if anything; `setting` is what its verdict holds for."""
    text = f"{target.target}: {target.value_text}"
    if target.warn:
        word = f"warning {setting}".rstrip()
        return (word, "warn", f"missed {text}") if target.warns else None
    word = f"{target.verdict} {setting}".rstrip()
    if target.verdict == "missed":
        return word, "bad", text
    if target.verdict == "undecided" or (target.verdict == "met" and target.note):
        return word, "plain" if target.met and target.value is None else "warn", text
    return None


def _statistic(target: TargetResult) -> str:
    return parse_target(target.target).statistic


def session_notes(view: SessionView, *, colour: bool) -> Iterator[str]:
    """What concerns the runs together, once."""
    yield from _scaling(view, colour=colour)
    for warning in shared_warnings(view.runs):
        text = f"{warning.text}; seen by {format_names(warning.profiles, _NAMES_SHOWN)}"
        yield f"{toned('warning', 'warn', colour=colour)}: {one_line(text)}"
    yield from _apart(view.runs)
    if view.runs and all(run.state == "failed" for run in view.runs):
        return
    if view.placement != IMPORTED:
        yield from _too_short(view.runs)
        yield from _longer(view.runs)
    together = list(dict.fromkeys(run.profile.full_name for run in view.runs if run.neighbours))
    if together:
        yield (
            f"together: {len(together)} profiles shared one event loop, each other's neighbours: "
            f"{format_names(together, _NAMES_SHOWN)}; alone (run --one-by-one) each may be many "
            "times faster"
        )
    closed = list(
        dict.fromkeys(run.profile.family for run in view.runs if not run.profile.load.has_schedule)
    )
    if view.placement == IMPORTED:
        yield (
            "imported: measured by another program; a load that its file does not hold is shown as "
            "one worker"
        )
    elif closed:
        everyone = len(closed) == len({run.profile.family for run in view.runs})
        whose = "every load here" if everyone else format_names(closed, _NAMES_SHOWN)
        yield (
            f"closed: {whose}: a worker waits for its last operation, so queueing cannot be seen "
            "(a load with a rate sees it)"
        )


def _too_short(runs: Sequence[RunResult]) -> Iterator[str]:
    """How long to measure for the percentiles of which it is not known how they vary."""
    if any(
        0 < run.measured_ns < LONG_ENOUGH_NS and is_too_short(run) and not has_its_number(run)
        for run in runs
    ):
        yield f"too short: measure {LONG_ENOUGH_NS / 1e9:.0f} s or longer (--duration)"


def _longer(runs: Sequence[RunResult]) -> Iterator[str]:
    """How long to measure for what has too few operations in any run."""
    found = []
    for name in _TAILS:
        fixed, lengths_ns = [], []
        for run in runs:
            if not (missing := run.samples_missing.get(name)):
                continue
            if has_its_number(run):
                fixed.append(run)
            else:
                more = longer_ns(run.measured_ns, timed_operations(run), missing * run.batch)
                lengths_ns.append(more)
        if any(lengths_ns):
            option = f"--duration {_as_option(max(lengths_ns))}"
            found.append(f"{option} for every {name}{_without(fixed)}")
    if found:
        yield f"longer: {', '.join(found)}, at the rates measured here"


def _without(fixed: Sequence[RunResult]) -> str:
    """Which runs are meant where `fixed`, those of a fixed number, are not; empty for all."""
    words = set(map(counted_in, fixed))
    return f" of runs without fixed {' or '.join(sorted(words))}" if words else ""


def _as_option(ns: int) -> str:
    """A duration that can be given as it is; a long one in whole seconds."""
    return f"{math.ceil(ns / 1e9)}s" if ns > 10_000_000_000 else format_duration(ns)


def _scaling(view: SessionView, *, colour: bool) -> Iterator[str]:
    """A target on the growth over a matrix is one of all its cells, and so told once."""
    found: dict[str, None] = {}
    for run in view.runs:
        name = run.profile.family + (f" round {run.round}" if view.rounds > 1 else "")
        for target in run.targets:
            if _statistic(target) == SCALING and (standing := _standing(target)):
                word, tone, text = standing
                line = f"{name}: {toned(word, tone, colour=colour)}: {one_line(text)}"
                found[line] = None
    yield from found


def _apart(runs: Sequence[RunResult]) -> Iterator[str]:
    """How far the rounds of each profile lie apart: what one round alone cannot know."""
    for (profile, variant), rounds in rounds_of(runs).items():
        name = f"{profile} {variant}".rstrip()
        parts = []
        for percentile in _OVER_ROUNDS if alike(rounds) else ():
            known = [ns for run in rounds if (ns := run.percentiles_ns.get(percentile)) is not None]
            share = apart(known)
            if share is not None:
                text = format_range(min(known), max(known))
                parts.append(f"{percentile} {text}, {share:.1%} apart")
        if parts:
            yield f"{name}: {len(rounds)} rounds: {'; '.join(parts)}"
