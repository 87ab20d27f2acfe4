"""Captures, deletes and fetches conversations."""

from datetime import datetime
from functools import partial

from cortex_core.clock import Clock
from cortex_core.commands import CaptureConversation, DeleteConversation
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.entity import new_id
from cortex_core.domain.quality import ConversationQuality, estimated_score
from cortex_core.events import ConversationCaptured, ConversationDeleted
from cortex_core.ops import GetConversation, RecentConversations, SaveConversation
from cortex_core.ports import Store, Tx
from cortex_core.queries import GetConversationById, GetConversationQuality, GetRecentConversations
from cortex_core.result import NOT_FOUND, NOT_WORTH_CAPTURING, Refusal, Result, failed


class CaptureConversationHandler:
    request_type = CaptureConversation

    def __init__(self, store: Store, clock: Clock, refusal: Refusal) -> None:
        self._store = store
        self._clock = clock
        self._refusal = refusal

    async def handle(self, request: CaptureConversation) -> Result[Conversation]:
        score = request.quality
        if score is None:
            score = estimated_score(request.content)
        quality = ConversationQuality(score, request.turn_count, request.entity_count)
        if not quality.worth_capturing:
            return failed(NOT_WORTH_CAPTURING, _not_worth(quality))
        now = self._clock()

        if request.id is None:
            conversation, event = _captured(request, score, now, None)
            await self._store.ask(SaveConversation(conversation, (event,)))
            return Result(conversation)
        capture = partial(_capture, request, request.id, score, now, self._refusal)
        return await self._store.write(capture)


def _capture(
    request: CaptureConversation,
    id_: str,
    score: float,
    now: datetime,
    refusal: Refusal,
    tx: Tx,
) -> Result[Conversation]:
    """The unit for an id of the caller's."""
    before = tx.conversations.get(id_, for_update=True)
    refused = None if before is None else refusal(before.namespace)
    if refused is not None:
        return Result(None, (refused,))
    conversation, event = _captured(request, score, now, before)
    tx.conversations.save(conversation)
    tx.record(event)
    return Result(conversation)


def _captured(
    request: CaptureConversation, score: float, now: datetime, before: Conversation | None
) -> tuple[Conversation, ConversationCaptured]:
    """What is stored in place of `before`, and the event that reports it."""
    id_ = request.id
    conversation = Conversation(
        id=new_id() if id_ is None else id_,
        title=request.title,
        content=request.content,
        quality=score,
        turn_count=request.turn_count,
        entity_count=request.entity_count,
        file_path=request.file_path,
        namespace=request.namespace,
        captured_at=now if request.captured_at is None else request.captured_at,
        created_at=now,
        updated_at=now,
    )
    if before is not None:
        conversation = conversation.replacing(before)
    return conversation, ConversationCaptured(
        occurred_at=now,
        conversation_id=conversation.id,
        namespace=conversation.namespace,
        quality=conversation.quality,
        replaced=before is not None,
    )


def _not_worth(quality: ConversationQuality) -> str:
    return (
        f"quality {quality.score:g} with {quality.turns} turns and {quality.entities} entities: "
        "expected a quality of at least 0.7, or at least 10 turns and 15 entities"
    )


class DeleteConversationHandler:
    request_type = DeleteConversation

    def __init__(self, store: Store, clock: Clock, refusal: Refusal) -> None:
        self._store = store
        self._clock = clock
        self._refusal = refusal

    async def handle(self, request: DeleteConversation) -> Result[Conversation]:
        now = self._clock()

        def delete(tx: Tx) -> Result[Conversation]:
            conversation = tx.conversations.get(request.id, for_update=True)
            if conversation is None:
                return failed(NOT_FOUND, f"no conversation has the id {request.id}", "id")
            patterns = tx.patterns.learned_from(request.id) if request.with_patterns else ()
            for namespace in (conversation.namespace, *(p.namespace for p in patterns)):
                refusal = self._refusal(namespace)
                if refusal is not None:
                    return Result(None, (refusal,))
            tx.conversations.delete(request.id)
            for pattern in patterns:
                tx.patterns.delete(pattern.id)
            tx.record(
                ConversationDeleted(
                    occurred_at=now,
                    conversation_id=conversation.id,
                    namespace=conversation.namespace,
                    pattern_ids=tuple(pattern.id for pattern in patterns),
                )
            )
            return Result(conversation)

        return await self._store.write(delete)


class GetConversationByIdHandler:
    request_type = GetConversationById

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetConversationById) -> Result[Conversation | None]:
        return Result(await self._store.ask(GetConversation(request.id)))


class GetConversationQualityHandler:
    request_type = GetConversationQuality

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetConversationQuality) -> Result[ConversationQuality | None]:
        conversation = await self._store.ask(GetConversation(request.id))
        return Result(None if conversation is None else conversation.rated)


class GetRecentConversationsHandler:
    request_type = GetRecentConversations

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetRecentConversations) -> Result[tuple[Conversation, ...]]:
        recent = await self._store.ask(RecentConversations(request.max_results, request.namespace))
        return Result(recent)
