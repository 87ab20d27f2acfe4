"""Learns, observes and fetches patterns."""

from datetime import datetime
from functools import partial

from cortex_core.clock import Clock
from cortex_core.commands import LearnPattern, UpdatePatternConfidence
from cortex_core.domain.entity import new_id
from cortex_core.domain.pattern import Pattern
from cortex_core.events import PatternConfidenceUpdated, PatternLearned
from cortex_core.ops import GetPattern, PatternsInNamespace, SavePattern
from cortex_core.ports import Store, Tx
from cortex_core.queries import FindSimilarPatterns, GetPatternById, GetPatternsByNamespace
from cortex_core.result import NOT_FOUND, Refusal, Result, failed
from cortex_core.search import PatternSearch, SimilarPattern


class LearnPatternHandler:
    request_type = LearnPattern

    def __init__(self, store: Store, clock: Clock, refusal: Refusal) -> None:
        self._store = store
        self._clock = clock
        self._refusal = refusal

    async def handle(self, request: LearnPattern) -> Result[Pattern]:
        now = self._clock()

        if request.id is None:
            pattern, event = _learned(request, now, None)
            await self._store.ask(SavePattern(pattern, (event,)))
            return Result(pattern)
        learn = partial(_learn, request, request.id, now, self._refusal)
        return await self._store.write(learn)


def _learn(
    request: LearnPattern, id_: str, now: datetime, refusal: Refusal, tx: Tx
) -> Result[Pattern]:
    """The unit for an id of the caller's."""
    before = tx.patterns.get(id_, for_update=True)
    refused = None if before is None else refusal(before.namespace)
    if refused is not None:
        return Result(None, (refused,))
    pattern, event = _learned(request, now, before)
    tx.patterns.save(pattern)
    tx.record(event)
    return Result(pattern)


def _learned(
    request: LearnPattern, now: datetime, before: Pattern | None
) -> tuple[Pattern, PatternLearned]:
    """What is stored in place of `before`, and the event that reports it."""
    id_ = request.id
    pattern = Pattern(
        id=new_id() if id_ is None else id_,
        name=request.name,
        type=request.type,
        content=request.content,
        confidence=request.confidence,
        source_conversation_id=request.source_conversation_id,
        observation_count=request.observation_count,
        success_rate=request.success_rate,
        tags=request.tags,
        examples=request.examples,
        related_ids=request.related_ids,
        namespace=request.namespace,
        learned_at=now if request.learned_at is None else request.learned_at,
        created_at=now,
        updated_at=now,
    )
    if before is not None:
        pattern = pattern.replacing(before)
    return pattern, PatternLearned(
        occurred_at=now,
        pattern_id=pattern.id,
        namespace=pattern.namespace,
        confidence=pattern.confidence,
        replaced=before is not None,
    )


class UpdatePatternConfidenceHandler:
    request_type = UpdatePatternConfidence

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, request: UpdatePatternConfidence) -> Result[Pattern]:
        now = self._clock()

        def observe(tx: Tx) -> Result[Pattern]:
            before = tx.patterns.get(request.id, for_update=True)
            if before is None:
                return failed(NOT_FOUND, f"no pattern has the id {request.id}", "id")
            pattern = before.observed(success=request.success, at=now)
            tx.patterns.save(pattern)
            tx.record(
                PatternConfidenceUpdated(
                    occurred_at=now,
                    pattern_id=pattern.id,
                    success=request.success,
                    confidence_before=before.confidence,
                    confidence=pattern.confidence,
                )
            )
            return Result(pattern)

        return await self._store.write(observe)


class GetPatternByIdHandler:
    request_type = GetPatternById

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetPatternById) -> Result[Pattern | None]:
        return Result(await self._store.ask(GetPattern(request.id)))


class GetPatternsByNamespaceHandler:
    request_type = GetPatternsByNamespace

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetPatternsByNamespace) -> Result[tuple[Pattern, ...]]:
        patterns = await self._store.ask(
            PatternsInNamespace(request.namespace, request.min_confidence, request.max_results)
        )
        return Result(patterns)


class FindSimilarPatternsHandler:
    request_type = FindSimilarPatterns

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: FindSimilarPatterns) -> Result[tuple[SimilarPattern, ...]]:
        search = PatternSearch(
            context=request.context,
            namespace=request.namespace,
            type=request.type,
            min_confidence=request.min_confidence,
            max_results=request.max_results,
        )
        return Result(await self._store.search_patterns(search))
