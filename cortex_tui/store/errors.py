"""What can go wrong with a store, in the words of the person who has to do something about it."""

from __future__ import annotations

from pathlib import Path

TO_DO = "remove it, or restore the file"
"""About something that is damaged."""


class SnapshotError(Exception):
    """Says what, where and what to do. The store itself is as it was before the call."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
        """Whether the same call may succeed later, once the disk or another process lets it."""


def damaged(path: Path, what: str, reason: object) -> SnapshotError:
    """Something in the store cannot be what this program has written."""
    return SnapshotError(f"{path}: {what} cannot be read: {reason}: {TO_DO}")
