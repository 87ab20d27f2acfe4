"""What runs are compared with, and what has come of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cortex_tui.results.run_result import RunResult

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import Baseline, BaselineVerdict

EVERY_S = 1.0
"""How often a session that is being measured is compared anew: 20 runs take 8 ms of a thread."""


class Versus(NamedTuple):
    """The baseline, and a verdict for each profile of the newest session that was measured."""

    baseline: Baseline | None = None
    """None where nothing is compared."""
    verdicts: Mapping[str, BaselineVerdict] = MappingProxyType({})
    """By full name."""
    error: str = ""
    """Why the newest session could not be compared."""
    variant: str = ""
    """The variant of the newest session that its other one is compared with; the baseline waits
    meanwhile."""

    @property
    def name(self) -> str:
        """Of what runs are compared with; "" for nothing."""
        return self.variant or (self.baseline.name if self.baseline is not None else "")

    def run_of(self, full_name: str) -> RunResult | None:
        """The baseline's run of a profile."""
        return self.baseline.runs.get(full_name) if self.baseline is not None else None
