"""Conversations from a seed, and files filled with them: what the benchmarks measure on."""

from cortex_core.data.conversations import conversation_id, conversations
from cortex_core.data.seed import seed_file

__all__ = ["conversation_id", "conversations", "seed_file"]
