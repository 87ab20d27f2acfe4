"""The store's port on dictionaries: for tests of what is built on it, and small memories."""

from cortex_core.memory.store import MemoryStore

__all__ = ["MemoryStore"]
