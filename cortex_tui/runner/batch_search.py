"""Finds how many operations of a run to time as one, for as long as that may take."""

from __future__ import annotations

from collections.abc import Iterator

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.runner.calibration import calibrated_batch
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import DRAIN_NS, contained


class BatchSearch:
    """Begins at once."""

    def __init__(self, operations: Operations, indices: Iterator[int], most: int) -> None:
        """A batch has at most `most` operations."""
        self._task = own_task(
            contained(calibrated_batch, operations.first, indices, most),
            context=operations.context.copy(),
        )

    def cancel(self) -> None:
        self._task.cancel()

    async def found(self) -> tuple[int, float] | None:
        """The batch, and the ns of one operation; None once cancelled. One operation and DRAIN_NS
        where that was not found out within DRAIN_NS: so long an operation needs no batch. Raises
        what the operation raises."""
        try:
            await asyncio.wait((self._task,), timeout=DRAIN_NS / 1e9)
        finally:
            ended = self._task.done() or not self._task.cancel()
        if not ended:
            return 1, DRAIN_NS
        return None if self._task.cancelled() else self._task.result()
