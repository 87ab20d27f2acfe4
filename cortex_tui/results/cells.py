"""The cells of a matrix that belong together: those whose growth a target speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from cortex_tui.profiles.model import Profile
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import samples_missing
from cortex_tui.stats.scaling import Cell
from cortex_tui.stats.targets import SCALING

Group = tuple[str, str, int, str]
"""Suite, profile, round and variant."""
Cells = Mapping[Group, tuple[Cell, ...]]


class Part(Protocol):
    """A run, live or stored, as far as this goes."""

    @property
    def profile(self) -> Profile: ...
    @property
    def round(self) -> int: ...
    @property
    def variant(self) -> str: ...
    @property
    def headline(self) -> Histogram: ...
    @property
    def batch(self) -> int: ...
    @property
    def live(self) -> bool: ...


def wants_cells(profile: Profile) -> bool:
    """Whether any of its targets speaks of other cells, too."""
    return bool(profile.base) and any(
        SCALING in text for text in (*profile.targets, *profile.warn_targets)
    )


def group_of(run: Part) -> Group:
    return run.profile.suite, run.profile.base, run.round, run.variant


def cells_of(runs: Iterable[Part]) -> Cells:
    """The cells of each group of runs that a target speaks of as a whole."""
    groups: dict[Group, list[Cell]] = {}
    for run in runs:
        if wants_cells(run.profile):
            groups.setdefault(group_of(run), []).append(_cell(run))
    return {group: tuple(cells) for group, cells in groups.items()}


def _cell(run: Part) -> Cell:
    needs = samples_missing(0.5, run.headline.total)
    (median_ns,) = run.headline.percentiles((0.5,))
    known = median_ns is not None and not needs
    return Cell(
        name=run.profile.full_name,
        matrix=run.profile.matrix,
        median_ns=median_ns / run.batch if known and median_ns is not None else None,
        needs=needs,
        live=run.live,
    )
