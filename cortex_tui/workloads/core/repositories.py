"""Conversations and patterns in and out of their repositories, without the mediator."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from cortex_core import Cortex
from cortex_core.data import NAMESPACES, conversation_id, pattern_id
from cortex_tui.workloads.api import workload
from cortex_tui.workloads.core.databases import alone, opened
from cortex_tui.workloads.core.results import (
    Operation,
    expect,
    expect_entity,
    fresh_conversation,
    fresh_pattern,
)


@workload
async def repository_write(batch: int = 1) -> AsyncGenerator[Operation, None]:
    """Write `batch` conversations, one after the other."""
    async with opened() as cortex:
        fresh, save = fresh_conversation(), cortex.conversations.save
        saved = 0

        async def operation(i: int) -> None:
            nonlocal saved
            for _ in range(batch):
                await save(fresh())
                saved += 1

        yield operation
        _expect_stored("conversations", saved, await cortex.conversations.count())


@workload
async def repository_read(
    conversations: int = 1, batch: int = 1
) -> AsyncGenerator[Operation, None]:
    """Read `batch` conversations, one after the other."""
    async with opened(conversations=conversations) as cortex:
        read = cortex.conversations.get

        async def operation(i: int) -> None:
            for n in range(batch):
                wanted = conversation_id((i + n) % conversations)
                expect_entity(await read(wanted), wanted)

        yield operation


@workload
async def recent(conversations: int = 50, limit: int = 20) -> AsyncGenerator[Operation, None]:
    """The newest conversations."""
    async with opened(conversations=conversations) as cortex:
        expected = min(limit, conversations)
        newest = conversation_id(conversations - 1) if alone() else None

        async def operation(i: int) -> None:
            found = await cortex.conversations.recent(limit)
            expect(len(found) == expected, f"expected {expected} conversations, got {len(found)}")
            expect(newest in (None, found[0].id), f"{found[0].id} is not the newest")
            expect(found[0].captured_at >= found[-1].captured_at, "not the newest first")

        yield operation


@workload
async def repository_delete(conversations: int = 10) -> AsyncGenerator[Operation, None]:
    """Write one conversation and delete it again."""
    async with opened(conversations=conversations) as cortex:
        fresh, repository = fresh_conversation(), cortex.conversations

        async def operation(i: int) -> None:
            conversation = fresh()
            await repository.save(conversation)
            expect(await repository.delete(conversation.id), f"{conversation.id} was not there")

        yield operation


@workload
async def pattern_write() -> AsyncGenerator[Operation, None]:
    """Write one pattern."""
    async with opened() as cortex:
        fresh, save = fresh_pattern(), cortex.patterns.save
        saved = 0

        async def operation(i: int) -> None:
            nonlocal saved
            await save(fresh())
            saved += 1

        yield operation
        _expect_stored("patterns", saved, await cortex.patterns.count())


@workload
async def pattern_read(patterns: int = 1) -> AsyncGenerator[Operation, None]:
    """Read one pattern."""
    async with opened(patterns=patterns) as cortex:
        read = cortex.patterns.get

        async def operation(i: int) -> None:
            wanted = pattern_id(i % patterns)
            expect_entity(await read(wanted), wanted)

        yield operation


@workload
async def pattern_observe(patterns: int = 1) -> AsyncGenerator[Operation, None]:
    """Observe one pattern, by turns with success and without: its confidence moves."""
    async with opened(patterns=patterns) as cortex:
        before = await _observations(cortex, patterns)
        observed = 0

        async def operation(i: int) -> None:
            nonlocal observed
            wanted = pattern_id(i % patterns)
            found = await cortex.patterns.observe(wanted, success=i % 2 == 0)
            expect_entity(found, wanted)
            observed += 1

        yield operation
        after = await _observations(cortex, patterns)
        expect(
            after - before >= observed,
            f"{observed} observations were made, but only {after - before} are stored",
        )


@workload
async def patterns_by_namespace(
    patterns: int = 100, min_confidence: float = 0.6, limit: int = 50
) -> AsyncGenerator[Operation, None]:
    """The most trusted patterns of one namespace; the generated ones go round five."""
    async with opened(patterns=patterns) as cortex:
        namespace = NAMESPACES[0]
        # All that are generated are trusted more than the default minimum.
        least = len(await cortex.patterns.in_namespace(namespace, min_confidence, limit))
        expect(least > 0, f"none of {patterns} patterns is in {namespace}")

        async def operation(i: int) -> None:
            found = await cortex.patterns.in_namespace(namespace, min_confidence, limit)
            expect(len(found) >= least, f"expected {least} patterns, got {len(found)}")
            trust = 1.0
            for pattern in found:
                expect(pattern.namespace == namespace, f"{pattern.id} is in {pattern.namespace}")
                expect(min_confidence <= pattern.confidence <= trust, f"{pattern.id} is misplaced")
                trust = pattern.confidence

        yield operation


async def _observations(cortex: Cortex, patterns: int) -> int:
    found = [await cortex.patterns.get(pattern_id(n)) for n in range(patterns)]
    return sum(pattern.observation_count for pattern in found if pattern is not None)


def _expect_stored(what: str, saved: int, stored: int) -> None:
    # Saving has no result to check, so what it stored is counted in the end.
    expect(stored >= saved, f"{saved} {what} were saved, but only {stored} are stored")
