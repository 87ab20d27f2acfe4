"""Learns, observes and fetches patterns."""

from collections.abc import Callable
from datetime import datetime

from cortex_core.commands import LearnPattern, UpdatePatternConfidence
from cortex_core.domain.entity import new_id
from cortex_core.domain.pattern import Pattern
from cortex_core.events import PatternConfidenceUpdated, PatternLearned
from cortex_core.ports import ReadTx, Store, Tx
from cortex_core.queries import FindSimilarPatterns, GetPatternById, GetPatternsByNamespace
from cortex_core.result import NOT_FOUND, Result, failed
from cortex_core.search import PatternSearch, SimilarPattern

Clock = Callable[[], datetime]


class LearnPatternHandler:
    request_type = LearnPattern

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, request: LearnPattern) -> Result[Pattern]:
        now = self._clock()

        def learn(tx: Tx) -> Pattern:
            before = None if request.id is None else tx.patterns.get(request.id)
            pattern = Pattern(
                id=new_id() if request.id is None else request.id,
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
                created_at=now if before is None else min(before.created_at, now),
                updated_at=now,
            )
            tx.patterns.save(pattern)
            tx.record(
                PatternLearned(
                    occurred_at=now,
                    pattern_id=pattern.id,
                    namespace=pattern.namespace,
                    confidence=pattern.confidence,
                    replaced=before is not None,
                )
            )
            return pattern

        return Result(await self._store.write(learn))


class UpdatePatternConfidenceHandler:
    request_type = UpdatePatternConfidence

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, request: UpdatePatternConfidence) -> Result[Pattern]:
        now = self._clock()

        def observe(tx: Tx) -> Result[Pattern]:
            before = tx.patterns.get(request.id)
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
        def get(tx: ReadTx) -> Pattern | None:
            return tx.patterns.get(request.id)

        return Result(await self._store.look_up(get))


class GetPatternsByNamespaceHandler:
    request_type = GetPatternsByNamespace

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: GetPatternsByNamespace) -> Result[tuple[Pattern, ...]]:
        def in_namespace(tx: ReadTx) -> tuple[Pattern, ...]:
            return tx.patterns.in_namespace(
                request.namespace, request.min_confidence, request.max_results
            )

        return Result(await self._store.read(in_namespace))


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
