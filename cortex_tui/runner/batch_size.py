"""How many operations of a run are timed as one: as its profile has it, or as is found out."""

from __future__ import annotations

from collections.abc import Iterator

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.limits import MAX_BATCH
from cortex_tui.profiles.model import Profile
from cortex_tui.runner.calibration import calibrated_batch
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import DRAIN_NS, contained


class BatchSize:
    """One until it is found, where the profile leaves it to us."""

    def __init__(self, profile: Profile, known: dict[str, int]) -> None:
        """`known` has what earlier rounds found, by profile, and gets what this one finds."""
        self.size = max(1, profile.batch)
        self._profile = profile
        self._known = known
        self._search: asyncio.Task[tuple[int, float]] | None = None

    def cancel(self) -> None:
        """Ends a search that is under way."""
        if self._search is not None:
            self._search.cancel()

    async def find(
        self, operations: Operations, indices: Iterator[int]
    ) -> tuple[int, float] | None:
        """The size, and the ns of one operation, 0 where an earlier round found it; None once
        cancelled. Raises what the operation raises."""
        name = self._profile.full_name
        if known := self._profile.batch_found or self._known.get(name, 0):
            self.size = known
            return known, 0.0
        most = self._profile.stop.iterations or MAX_BATCH
        self._search = own_task(
            contained(calibrated_batch, operations.first, indices, most),
            context=operations.context.copy(),
        )
        if (found := await _within_drain(self._search)) is not None:
            self.size, operation_ns = found
            if operation_ns < DRAIN_NS:
                self._known[name] = self.size
        return found


async def _within_drain(search: asyncio.Task[tuple[int, float]]) -> tuple[int, float] | None:
    """What it finds; None once cancelled. One operation and DRAIN_NS where that was not found out
    within DRAIN_NS: so long an operation needs no batch."""
    try:
        await asyncio.wait((search,), timeout=DRAIN_NS / 1e9)
    finally:
        ended = search.done() or not search.cancel()
    if not ended:
        return 1, DRAIN_NS
    return None if search.cancelled() else search.result()
