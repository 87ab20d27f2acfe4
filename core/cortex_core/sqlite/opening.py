"""Opens SQLite's store by the path of its file."""

from cortex_core.ports import Publish
from cortex_core.settings import StoreSettings
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore


async def open_store(place: str, publish: Publish, settings: StoreSettings) -> SqliteStore:
    """The store in the file `place`; in memory where it is `:memory:`."""
    database = await Database.open(
        place,
        synchronous=settings.synchronous or "NORMAL",
        busy_timeout_s=settings.busy_timeout_s,
        search_timeout_s=settings.search_timeout_s,
    )
    return SqliteStore(database, publish)
