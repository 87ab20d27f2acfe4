"""Getting by id while something else keeps the store busy, compared with getting alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from statistics import median

from cortex_core import Cortex, GetConversationById, SearchContext
from cortex_core.data import conversation_id
from cortex_core.domain.specification import satisfies, turns
from tests.performance._bench import Bench, Operation, on_the_writer, p99_of

Other = Callable[[Cortex], Awaitable[None]]
"""A piece of other work, done again and again."""

EACH = 500
GOAL = 3.0

NEVER = turns(1_000_000)
"""What no conversation satisfies, so that every one is looked at: by SQLite, and by Python."""
NEVER_IN_PYTHON = satisfies(lambda conversation: conversation.turn_count >= 1_000_000)

WRITE = """
    WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers LIMIT 500)
    INSERT INTO context_items (id, namespace, relevance, tier, created_at_us, content)
    SELECT 'item ' || n, 'workspace', 0.5, 1, 0, hex(randomblob(4000)) FROM numbers WHERE true
    ON CONFLICT (id) DO UPDATE SET content = excluded.content
"""
"""4 MB in one statement, so that SQLite's log is written back into the file again and again."""


def gets(cortex: Cortex, rows: int) -> Operation:
    """By the request, which looks up on the event loop what is in memory."""
    numbers = random.Random(7)

    async def get(_: int) -> None:
        found = await cortex.send(GetConversationById(conversation_id(numbers.randrange(rows))))
        assert found.value is not None

    return get


def reads(cortex: Cortex, rows: int) -> Operation:
    """On the readers' thread."""
    numbers = random.Random(7)

    async def read(_: int) -> None:
        wanted = conversation_id(numbers.randrange(rows))
        assert await cortex.store.read(lambda tx: tx.conversations.get(wanted))

    return read


async def search(cortex: Cortex) -> None:
    assert (await cortex.send(SearchContext("performance", max_results=20))).ok


async def find(cortex: Cortex) -> None:
    assert await cortex.conversations.find(NEVER) == ()


async def find_in_python(cortex: Cortex) -> None:
    assert await cortex.conversations.find(NEVER_IN_PYTHON) == ()


async def write(cortex: Cortex) -> None:
    await on_the_writer(cortex, lambda connection: connection.execute(WRITE) and None)


def gets_among_others(bench: Bench, rows: int) -> None:
    """The p99 of 500 gets, random ids, in turns without and with the other work."""
    others: list[tuple[str, Callable[[Cortex, int], Operation], Other]]
    others = [
        ("get p99 with searches / alone", gets, search),
        ("the same on the readers' thread, with searches", reads, search),
        ("get p99 with find / alone", gets, find),
        ("the same on the readers' thread, with find", reads, find),
        ("get p99 with find by a function / alone", gets, find_in_python),
        ("get p99 with writes and their checkpoints / alone", gets, write),
    ]
    for what, operation_on, other in others:
        if bench.measurements.wants(what):
            with bench.core(rows) as cortex:
                _compare(bench, what, cortex, operation_on(cortex, rows), other)


def _compare(
    bench: Bench,
    what: str,
    cortex: Cortex,
    operation: Operation,
    other: Other,
) -> None:
    alone, disturbed = list[float](), list[float]()

    async def without_end() -> None:
        while True:
            await other(cortex)

    async def with_other() -> None:
        working = asyncio.create_task(without_end())
        disturbed.append(await p99_of(operation, EACH))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    bench.run(lambda: p99_of(operation, EACH))  # not counted: caches warm up
    for _ in range(bench.rounds(quick=31, full=99)):
        alone.append(bench.run(lambda: p99_of(operation, EACH)))
        bench.run(with_other)
    bench.measurements.ratio(what, median(disturbed), median(alone), unit="ns", goal=GOAL)
