"""Opens PostgreSQL's store by its URL."""

from cortex_core.ports import Publish
from cortex_core.postgres.places import server_version, temporary_place
from cortex_core.postgres.store import PostgresStore
from cortex_core.settings import StoreSettings

__all__ = ["open_store", "server_version", "temporary_place"]


async def open_store(place: str, publish: Publish, settings: StoreSettings) -> PostgresStore:
    """The store on the server that the URL names. `synchronous` is the server's own setting."""
    return await PostgresStore.open(
        place,
        publish,
        busy_timeout_s=settings.busy_timeout_s,
        search_timeout_s=settings.search_timeout_s,
    )
