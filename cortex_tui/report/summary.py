"""A session that has ended, as text: the tables, then everything that a number alone hides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cortex_tui.placement.registry import place_of
from cortex_tui.quantities import format_duration
from cortex_tui.report.notes import run_notes, session_notes
from cortex_tui.report.results import (
    by_profile,
    confidence_table,
    results_table,
    shard_tables,
    stage_tables,
)
from cortex_tui.report.stream import toned, wrapped
from cortex_tui.report.tracebacks import tracebacks
from cortex_tui.results.shared import shared_warnings
from cortex_tui.results.view import SessionView
from cortex_tui.text import one_line

_CONFIDENCE = (
    "the 95 % confidence interval of each percentile, or how many operations are missing; too "
    "short: the run has too few intervals"
)

_FEW_PROFILES = 3
"""Up to this number of profiles it is reported where operations of each were in flight: who
measures few wants to understand them, and of many it would be too much to read."""


def summary(
    view: SessionView, *, width: int = 100, colour: bool = False, store: Path | None = None
) -> str:
    """The whole report of a session, several lines without a final line feed.

    `width` is that of the terminal; the notes below the tables are wrapped at words. `store` is
    named as the place where the session can be found again.
    """
    runs = view.runs
    results = results_table(runs, width, colour=colour) if runs else ["nothing was run"]
    confidence = confidence_table(runs, width, colour=colour)
    if confidence:
        about = [toned(line, "dim", colour=colour) for line in wrapped(_CONFIDENCE, width, "")]
        confidence = [*about, *confidence]
    stages = stage_tables(runs, width, colour=colour)
    shards = shard_tables(runs, width, colour=colour)
    shared = shared_warnings(runs)
    few = len({run.profile.full_name for run in runs}) <= _FEW_PROFILES
    notes = [
        note
        for run in by_profile(runs)
        for note in run_notes(run, view.rounds, colour=colour, shared=shared, waits=few)
    ]
    notes += session_notes(view, colour=colour)
    if view.died:
        notes.append(f"{toned('died', 'bad', colour=colour)}: {one_line(view.died)}")
    notes = [line for note in notes for line in wrapped(note, width)]
    failures = list(tracebacks(view.runs))
    end = [
        line
        for text in (*_measured_on(view), *where_stored(view, store))
        for line in wrapped(text, width)
    ]
    blocks = (results, confidence, stages, shards, notes, failures, end)
    return "\n\n".join("\n".join(block) for block in blocks if block)


def troubles(
    view: SessionView, *, width: int = 100, colour: bool = False, store: Path | None = None
) -> str:
    """What went wrong in a session whose result is a comparison, and where the session is."""
    wrong: dict[str, None] = {}
    for run in view.runs:
        if run.state == "failed":
            word = toned("failed", "bad", colour=colour)
            name = f"{run.profile.full_name} {run.variant}".rstrip()
            wrong[f"{name}: {word}: {one_line(run.reason)}"] = None
    if view.died:
        wrong[f"{toned('died', 'bad', colour=colour)}: {one_line(view.died)}"] = None
    failures = list(tracebacks(view.runs))
    end = [line for text in where_stored(view, store) for line in wrapped(text, width)]
    notes = [line for note in wrong for line in wrapped(note, width)]
    return "\n\n".join("\n".join(block) for block in (notes, failures, end) if block)


def _measured_on(view: SessionView) -> Iterator[str]:
    if view.clock_cost_ns:
        most = max((len(run.shards) for run in view.runs), default=0)
        shared = f", up to {most} processes a run" if most else ""
        where = view.where or place_of(view.placement).words
        yield (
            f"measured with {view.loop or 'asyncio'} {where}{shared}: "
            "timing adds "
            f"{format_duration(view.clock_cost_ns)} to an operation, and awaiting one that does "
            f"nothing takes {format_duration(view.await_cost_ns)}"
        )


ONLY_SHOWN = "only in the table"


def not_stored(why: str, where: str = ONLY_SHOWN) -> str:
    """The error of a session that did not reach the disk; `where` its results are then."""
    return one_line(f"the session could not be stored: {why}; its results are {where}")


def where_stored(view: SessionView, store: Path | None) -> Iterator[str]:
    """Where the session can be found again, or why it cannot."""
    if view.store_error:
        yield f"not stored: {one_line(view.store_error)}"
    elif view.stored and store is not None:
        yield f"session {view.session} is stored in {one_line(str(store))}"
