"""Gives context items a new relevance."""

from cortex_core.clock import Clock
from cortex_core.commands import UpdateContextRelevance
from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.relevance_score import RelevanceScore
from cortex_core.events import ContextRelevanceUpdated
from cortex_core.ports import Store, Tx
from cortex_core.result import NOT_FOUND, Result, failed


class UpdateContextRelevanceHandler:
    request_type = UpdateContextRelevance

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, request: UpdateContextRelevance) -> Result[ContextItem]:
        now = self._clock()

        def update(tx: Tx) -> Result[ContextItem]:
            before = tx.context_items.get(request.id, for_update=True)
            if before is None:
                return failed(NOT_FOUND, f"no context item has the id {request.id}", "id")
            item = before.with_relevance(RelevanceScore(request.relevance), request.reason)
            tx.context_items.save(item)
            tx.record(
                ContextRelevanceUpdated(
                    occurred_at=now,
                    context_id=item.id,
                    relevance_before=before.relevance,
                    relevance=item.relevance,
                    reason=request.reason,
                )
            )
            return Result(item)

        return await self._store.write(update)
