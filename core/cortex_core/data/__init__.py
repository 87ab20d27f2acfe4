"""Conversations from a seed, and files filled with them: what the benchmarks measure on."""

from cortex_core.data.seed import seed_file
from cortex_core.data.stream import conversation_id, conversations

__all__ = ["conversation_id", "conversations", "seed_file"]
