"""Memories from a seed, and stores filled with them: what the benchmarks measure on."""

from cortex_core.data.filling import seed_store
from cortex_core.data.seed import VERSION, seed_file
from cortex_core.data.stream import NAMESPACES, conversation_id, conversations, pattern_id, patterns

__all__ = [
    "NAMESPACES",
    "VERSION",
    "conversation_id",
    "conversations",
    "pattern_id",
    "patterns",
    "seed_file",
    "seed_store",
]
