"""The part of a run that one of several runners does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Of everything that is numbered from 0, the items `index`, `index + of`, `index + 2 of`, …

    The shares of all runners together are the whole, and no item is in two of them.
    """

    index: int = 0
    of: int = 1

    def count(self, total: int) -> int:
        """How many of the first `total` items are in this share."""
        return len(range(self.index, total, self.of))

    def in_batches(self, total: int, batch: int) -> int:
        """How many of `total` items it has, where whole batches are divided: all shares together
        have as many as one runner, which does at least one batch."""
        return self.count(max(1, total // batch)) * batch

    def number(self, n: int) -> int:
        """The number that the `n`-th item of this share has in the whole."""
        return self.index + n * self.of


WHOLE = Share()
"""The share of a runner that has a run to itself."""
