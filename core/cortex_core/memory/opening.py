"""Opens the store on dictionaries."""

from cortex_core.memory.store import MemoryStore
from cortex_core.ports import Publish
from cortex_core.settings import StoreSettings


async def open_store(place: str, publish: Publish, settings: StoreSettings) -> MemoryStore:
    """A new store, which is empty: there is no place from which it could come back."""
    return MemoryStore(publish, settings.search_timeout_s)
