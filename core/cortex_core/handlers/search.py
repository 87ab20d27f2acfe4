"""Searches conversations."""

from cortex_core.clock import Clock
from cortex_core.ports import Store
from cortex_core.queries import SearchContext
from cortex_core.result import Result
from cortex_core.search import ConversationSearch, SearchHits


class SearchContextHandler:
    request_type = SearchContext

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, request: SearchContext) -> Result[SearchHits]:
        search = ConversationSearch(
            text=request.text,
            now=self._clock(),
            namespace=request.namespace,
            max_results=request.max_results,
            min_relevance=request.min_relevance,
        )
        return Result(await self._store.search_conversations(search))
