"""The progress of a session in one line: overwritten on a terminal, now and then anywhere else."""

from __future__ import annotations

import contextlib
from typing import TextIO

from cortex_tui.protocol.lifecycle import words
from cortex_tui.quantities import format_count, format_noun, format_seconds
from cortex_tui.report.stream import is_terminal, width_of
from cortex_tui.results.view import LogEntry, SessionView
from cortex_tui.text import one_line

PLAIN_EVERY_NS = 2_000_000_000
"""How far apart the lines are where none can be overwritten."""


class Progress:
    """Shows views on a stream; a stream that is gone (a closed terminal) is no error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = is_terminal(stream)
        self._next_ns = PLAIN_EVERY_NS
        self._store_error = ""
        self._shown: SessionView | None = None

    def show(self, view: SessionView) -> None:
        if view is self._shown:
            return
        self._shown = view
        self._warn_of_store(view)
        if self._live:
            line = progress_line(view)[: max(width_of(self._stream) - 1, 1)]
            self._write(f"\r\x1b[K{line}")
        elif view.elapsed_ns >= self._next_ns:
            self._next_ns += PLAIN_EVERY_NS
            self._write(f"{progress_line(view)}\n")

    def report(self, text: str) -> None:
        """A line of its own that stays."""
        self.clear()
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Takes the overwritten line away."""
        if self._live:
            self._write("\r\x1b[K")

    def end(self, view: SessionView, *, has_table: bool) -> None:
        """The last view: what the workloads printed. `has_table` if a table of the runs follows."""
        self.clear()
        for entry in view.log:
            self._write(f"{log_text(entry)}\n")

    def _warn_of_store(self, view: SessionView) -> None:
        """Reports that the session cannot be written, once for each reason."""
        if view.store_error and view.store_error != self._store_error:
            self._store_error = view.store_error
            self.report(f"warning: not stored for now: {one_line(view.store_error)}")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def log_text(entry: LogEntry) -> str:
    """Such as `  | 1.20s loads.rate stdout: what was printed`."""
    when = [] if entry.offset_ns is None else [f"{entry.offset_ns / 1e9:.2f}s"]
    origin = " ".join([*when, *filter(None, [entry.profile]), entry.stream])
    return f"  | {one_line(f'{origin}: {entry.text}')}"


def progress_line(view: SessionView) -> str:
    """Such as `12.0s  5 runs: 2 done, 3 measure 40%  12.3k operations, 0 errors`.

    For a single run without a fixed length it includes what the run lasts for.
    """
    outcomes = [run.life.outcome for run in view.runs]
    done = sum(outcome in ("finished", "stopped") for outcome in outcomes)
    failed = outcomes.count("failed")
    phases: dict[str, list[float]] = {}
    notes: list[str] = []
    for run in view.runs:
        if run.state == "running" and run.life.outcome is None:
            word = words(run.life).long
            phases.setdefault(word, []).append(run.progress or 0.0)
            notes.append(run.progress_note)
    parts = [f"{count} {word}" for count, word in ((done, "done"), (failed, "failed")) if count]
    for phase, progress in phases.items():
        share = f" {sum(progress) / len(progress):.0%}" if phase in ("warmup", "measure") else ""
        parts.append(f"{len(progress)} {phase}{share}")
    planned = sum(run.state == "planned" for run in view.runs)
    if planned and parts:
        parts.append(f"{planned} to come")
    state = ", ".join(parts) or view.state
    operations = sum(run.operations for run in view.runs)
    errors = sum(run.error_count for run in view.runs)
    silent = ""
    if view.silent_ns > 1_000_000_000 and view.state == "running":
        silent = f", silent for {format_seconds(view.silent_ns, unit='s')}"
    runs = format_noun(len(view.runs), "run")
    if view.rounds > 1:
        runs += f", round {view.current_round}/{view.rounds}"
    note = f" ({notes[0]})" if len(notes) == 1 and notes[0] else ""
    return (
        f"{format_seconds(view.elapsed_ns, 1, 's')}  {runs}: {state}{note}  "
        f"{format_count(operations)} operations, {format_count(errors)} errors{silent}"
    )
