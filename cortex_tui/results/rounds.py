"""The rounds of a profile, and how far they lie apart: for the screen, the report and documents."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.results.run_result import RunResult


def rounds_of(runs: Sequence[RunResult]) -> dict[tuple[str, str], list[RunResult]]:
    """The runs of each profile by its name and variant, in the order of the first."""
    found: dict[tuple[str, str], list[RunResult]] = {}
    for run in runs:
        found.setdefault((run.profile.full_name, run.variant), []).append(run)
    return found


def alike(rounds: Sequence[RunResult]) -> bool:
    """Whether their times are of the same thing: batches of different sizes, as each round may
    have found its own, are different things."""
    return len({run.batch for run in rounds if run.operations}) <= 1


def apart(values: Sequence[float | None]) -> float | None:
    """How far the lowest and the highest lie apart, as a share of the middle between them."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    lowest, highest = min(known), max(known)
    return (highest - lowest) / ((highest + lowest) / 2) if highest else 0.0
