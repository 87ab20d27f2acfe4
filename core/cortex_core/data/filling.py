"""Fills any store with generated memories, through its port."""

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from cortex_core.data import stream
from cortex_core.data.seed import Progress
from cortex_core.data.stream import DEFAULT_COUNT, DEFAULT_SEED
from cortex_core.ops import SaveAll
from cortex_core.ports import Store

T = TypeVar("T")

BATCH = 1_000
"""How many entities are saved in one transaction: in memory at once, and lost together where the
store fails."""


async def seed_store(
    store: Store,
    *,
    conversations: int = DEFAULT_COUNT,
    patterns: int = 0,
    seed: int = DEFAULT_SEED,
    progress: Progress = lambda what, done, total: None,
) -> None:
    """Save that many generated memories, batch by batch; those with the same ids are replaced.

    Interrupted, it has saved whole batches, and running it again completes them. Raises
    StoreError.
    """
    for done, captured in _batches(stream.conversations(conversations, seed=seed)):
        progress("conversations", done, conversations)
        await store.ask(SaveAll(conversations=captured))
    if conversations:
        progress("conversations", conversations, conversations)
    for done, learned in _batches(stream.patterns(patterns, seed=seed)):
        progress("patterns", done, patterns)
        await store.ask(SaveAll(patterns=learned))
    if patterns:
        progress("patterns", patterns, patterns)


def _batches(entities: Iterator[T]) -> Iterator[tuple[int, tuple[T, ...]]]:
    """Each batch, after how many entities came before it."""
    done = 0
    while batch := tuple(islice(entities, BATCH)):
        yield done, batch
        done += len(batch)
