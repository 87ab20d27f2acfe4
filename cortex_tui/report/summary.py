"""A session that has ended, as text: the table, then everything that a number alone hides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cortex_tui.profiles.words import printable
from cortex_tui.quantities import format_count, format_duration
from cortex_tui.report.stream import Tone, toned
from cortex_tui.report.table import SHOWN, table
from cortex_tui.session.view import RunView, SessionView, TargetView
from cortex_tui.stats.targets import COUNTS, parse_target


def summary(
    view: SessionView, *, width: int = 100, colour: bool = False, store: Path | None = None
) -> str:
    """The whole report of a session, several lines without a final line feed.

    `width` is that of the terminal; the notes below the table are not cut. `store` is named as the
    place where the session can be found again.
    """
    lines = table(view.runs, width, colour=colour) if view.runs else ["nothing was run"]
    notes = [note for run in view.runs for note in _notes(run, colour=colour)]
    if view.died:
        notes.append(f"{toned('died', 'bad', colour=colour)}: {printable(view.died)}")
    if any(_too_few(run) for run in view.runs):
        notes.append("–: too few operations for this percentile")
    tracebacks = list(_tracebacks(view))
    where = _where(view, store)
    blocks = ["\n".join(block) for block in (lines, notes, tracebacks, where) if block]
    return "\n\n".join(blocks)


def _notes(run: RunView, *, colour: bool) -> Iterator[str]:
    name = run.profile.full_name

    def note(word: str, tone: Tone, text: str) -> str:
        return f"{name}: {toned(word, tone, colour=colour)}: {printable(text)}"

    if run.state == "failed":
        yield note("failed", "bad", run.reason or "without a reason")
    elif run.reason:
        yield note(run.state, "warn", run.reason)
    for target in run.targets:
        if not target.met:
            yield note("missed", "bad", f"{target.target}: {_value(target)}")
        elif target.note and target.value is not None:
            yield note("met", "warn", f"{target.target}: {_value(target)}")
    for kind, count in sorted(run.errors.items()):
        yield note("errors", "bad", f"{count:,} × {kind}")
    if run.unfinished:
        yield note("unfinished", "warn", f"{run.unfinished:,} had not ended when the run did")
    if run.unstarted:
        yield note("unstarted", "warn", f"{run.unstarted:,} were due, but never started")
    for warning in run.warnings:
        yield note("warning", "warn", warning)


def _value(target: TargetView) -> str:
    """The value in its own unit, and what speaks against it."""
    if target.value is None:
        return target.note or "no value"
    statistic = parse_target(target.target).statistic
    if statistic in COUNTS:
        text = format_count(target.value)
    elif statistic == "throughput":
        text = f"{format_count(target.value)}/s"
    elif statistic == "error_rate":
        text = f"{target.value:.3%}"
    else:
        text = format_duration(target.value)
    return f"{text} ({target.note})" if target.note else text


def _too_few(run: RunView) -> bool:
    return run.operations > 0 and any(run.percentiles_ns.get(name) is None for name in SHOWN)


def _tracebacks(view: SessionView) -> Iterator[str]:
    """The first traceback of each run that has one, each text once."""
    seen: dict[str, list[str]] = {}
    for run in view.runs:
        if run.traceback:
            seen.setdefault(run.traceback, []).append(run.profile.full_name)
    for traceback, names in seen.items():
        yield f"{', '.join(names)}:"
        yield from (f"  {printable(line)}" for line in traceback.rstrip().split("\n"))


def _where(view: SessionView, store: Path | None) -> list[str]:
    if view.store_error:
        return [f"not stored: {printable(view.store_error)}"]
    if view.stored and store is not None:
        return [f"session {view.session} is stored in {printable(str(store))}"]
    return []
