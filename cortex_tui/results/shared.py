"""The warnings that runs have in common: those measured together, or all of a session.

What befell the event loop befell every run on it: one warning for the session, with the moments,
says more than the same mark on each row, which would hide the rows that have warnings of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from cortex_tui.results.blocked import BLOCKED
from cortex_tui.results.run_result import RunResult


class SharedWarning(NamedTuple):
    text: str
    profiles: tuple[str, ...]
    """The full names of those whose runs have it, each once."""


def shared_warnings(runs: Sequence[RunResult]) -> tuple[SharedWarning, ...]:
    """Those of at least two runs that had neighbours, and those that all runs of a session have
    word for word. That the loop was blocked is one thing whatever each run's numbers: the worst of
    those texts stands for all."""
    everywhere: set[str] = set()
    if len(runs) > 1:
        everywhere = set.intersection(*(set(run.warnings) for run in runs))
    found: dict[str, list[RunResult]] = {}
    for run in runs:
        for warning in run.warnings:
            if run.neighbours or warning in everywhere:
                found.setdefault(_subject(warning), []).append(run)
    return tuple(
        SharedWarning(_worst(subject, having), tuple(_names(having)))
        for subject, having in found.items()
        if len(having) > 1
    )


def own_warnings(run: RunResult, shared: Collection[SharedWarning]) -> tuple[str, ...]:
    """The warnings of this run alone; `shared` are those of its session."""
    name = run.profile.full_name
    subjects = {_subject(warning.text) for warning in shared if name in warning.profiles}
    return tuple(warning for warning in run.warnings if _subject(warning) not in subjects)


def _subject(warning: str) -> str:
    return BLOCKED if warning.startswith(BLOCKED) else warning


def _worst(subject: str, runs: list[RunResult]) -> str:
    worst = max(runs, key=lambda run: (run.blocks.longest_ns, run.blocks.intervals))
    return next(warning for warning in worst.warnings if _subject(warning) == subject)


def _names(runs: list[RunResult]) -> Iterable[str]:
    return dict.fromkeys(run.profile.full_name for run in runs)
