"""What a request costs, alone and among many, compared with the same SQL without it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from functools import partial
from statistics import median

from cortex_core import (
    ContextItem,
    Cortex,
    GetConversationById,
    UpdateContextRelevance,
)
from cortex_core.data import conversation_id, patterns
from cortex_core.ports import Tx
from cortex_core.settings import Synchronous
from cortex_core.sqlite.context_items import SAVE_ITEM, item_to_row
from cortex_core.sqlite.patterns import GET_PATTERN, SAVE_PATTERN, pattern_to_row
from tests.performance._bench import PATTERNS, Bench, Operation, on_the_writer
from tests.performance._references import (
    GET,
    Statement,
    checked_out_pool,
    in_one_thread,
    one_transaction_each,
    transaction,
)

ROWS = 1_000
AT_ONCE = 64


def point_read(bench: Bench) -> None:
    """By the request, which looks it up on the loop, and as a read of the readers' thread."""
    each = 500
    path = bench.file(ROWS)
    with closing(in_one_thread(path)) as connection:

        def gets(cortex: Cortex) -> Operation:
            async def get(i: int) -> None:
                found = await cortex.send(GetConversationById(conversation_id(i % ROWS)))
                assert found.value is not None

            return get

        def reads(cortex: Cortex) -> Operation:
            async def read(i: int) -> None:
                wanted = conversation_id(i % ROWS)
                assert await cortex.store.read(lambda tx: tx.conversations.get(wanted))

            return read

        def select(i: int) -> None:
            assert connection.execute(GET, (conversation_id(i % ROWS),)).fetchone()

        ways: list[tuple[str, Callable[[Cortex], Operation], float | None]] = [
            ("get by id / sqlite3", gets, 10.0),
            ("the same on the readers' thread / sqlite3", reads, None),
        ]
        for what, operation, goal in ways:
            bench.at_most(
                what,
                bench.reopened(path, operation, each),
                bench.called(select, each),
                unit="ns",
                goal=goal,
                rounds=bench.rounds(quick=25, full=99),
            )


def random_reads(bench: Bench, rows: int) -> None:
    """By ids in no order, from a file whose pages do not all fit SQLite's cache."""
    each = 500
    path = bench.file(rows)
    numbers, same = random.Random(5), random.Random(5)
    with closing(in_one_thread(path)) as connection, bench.core(path) as cortex:

        async def get(_: int) -> None:
            wanted = conversation_id(numbers.randrange(rows))
            assert (await cortex.send(GetConversationById(wanted))).value is not None

        def select(_: int) -> None:
            wanted = conversation_id(same.randrange(rows))
            assert connection.execute(GET, (wanted,)).fetchone()

        bench.measurements.at_most(
            f"get by id, {rows:,} rows, random ids / sqlite3",
            bench.one_by_one(get, each),
            bench.called(select, each),
            unit="ns",
            goal=10.0,
            rounds=bench.rounds(quick=25, full=99),
        )


def three_statements(bench: Bench) -> None:
    """Load a pattern, save it, and save a context item."""
    each = 200
    learned = list(patterns(PATTERNS))
    items = [ContextItem(id=str(n), content="noted", relevance=0.5) for n in range(PATTERNS)]
    pattern_rows, item_rows = list(map(pattern_to_row, learned)), list(map(item_to_row, items))
    with closing(in_one_thread(bench.file(ROWS))) as connection:

        def commands(cortex: Cortex) -> Operation:
            async def command(i: int) -> None:
                n = i % PATTERNS

                def unit(tx: Tx) -> None:
                    assert tx.patterns.get(learned[n].id)
                    tx.patterns.save(learned[n])
                    tx.context_items.save(items[n])

                await cortex.store.write(unit)

            return command

        def statements(i: int) -> None:
            n = i % PATTERNS
            transaction(
                connection,
                (GET_PATTERN, (learned[n].id,)),
                (SAVE_PATTERN, pattern_rows[n]),
                (SAVE_ITEM, item_rows[n]),
            )

        bench.at_most(
            "three-statement command / sqlite3",
            bench.reopened(bench.file(ROWS), commands, each),
            bench.called(statements, each),
            unit="ns",
            goal=4.0,
            rounds=bench.rounds(quick=25, full=99),
        )


def three_tiny_statements(bench: Bench) -> None:
    """The least that three statements can do, so that the hop weighs most. No command of the core
    does as little: shown without a goal."""
    each = 200
    path, other = bench.file(ROWS), bench.file(ROWS)
    with closing(in_one_thread(path)) as connection, closing(in_one_thread(other)) as ours:
        for each_connection in (connection, ours):
            each_connection.execute("CREATE TABLE tiny (id INTEGER PRIMARY KEY, n INTEGER)")

        def commands(cortex: Cortex) -> Operation:
            async def command(i: int) -> None:
                statements = _tiny(i)
                await on_the_writer(
                    cortex, lambda c: [c.execute(*each).fetchall() for each in statements]
                )

            return command

        bench.at_most(
            "three tiny statements / sqlite3",
            bench.reopened(other, commands, each),
            bench.called(lambda i: transaction(connection, *_tiny(i)), each),
            unit="ns",
            goal=None,
            rounds=bench.rounds(quick=25, full=99),
        )


def _tiny(i: int) -> tuple[Statement, ...]:
    return (
        ("INSERT INTO tiny (n) VALUES (?)", (i,)),
        ("UPDATE tiny SET n = n + 1 WHERE id = ?", (i // 2 + 1,)),
        ("SELECT n FROM tiny WHERE id = ?", (i // 2 + 1,)),
    )


def gets_at_once(bench: Bench) -> None:
    each = bench.rounds(quick=20, full=60)
    with (
        bench.core(ROWS) as cortex,
        bench.open(checked_out_pool(bench.file(ROWS))) as pool,
    ):

        async def get(i: int) -> None:
            found = await cortex.send(GetConversationById(conversation_id(i % ROWS)))
            assert found.value is not None

        async def pooled(i: int) -> None:
            await pool.get(conversation_id(i % ROWS))

        p99s: list[float] = []
        bench.measurements.compare(
            f"{AT_ONCE} gets at once / pool of two",
            bench.at_once(get, AT_ONCE, each, p99s),
            bench.at_once(pooled, AT_ONCE, each),
            unit="ns",
            goal=4.0,
            rounds=bench.rounds(quick=9, full=31),
        )
        if p99s:
            p99_ms = median(p99s) / 1e6
            bench.measurements.absolute(f"{AT_ONCE} gets at once, p99", p99_ms, goal=5.0, unit="ms")


def commands_at_once(bench: Bench, synchronous: Synchronous, goal: float) -> None:
    """Without full text: a new relevance for one of as many context items."""
    each = bench.rounds(quick=20, full=30)
    with (
        bench.core(ROWS, synchronous) as cortex,
        bench.open(one_transaction_each(bench.file(ROWS), synchronous)) as reference,
    ):
        bench.measurements.compare(
            f"{AT_ONCE} commands at once, {synchronous} / a transaction each",
            bench.at_once(_updates(bench, cortex), AT_ONCE, each),
            bench.at_once(_updates(bench, reference), AT_ONCE, each),
            unit="ns",
            goal=goal,
            rounds=bench.rounds(quick=9, full=21),
        )


def _updates(bench: Bench, cortex: Cortex) -> Operation:
    for n in range(AT_ONCE):
        item = ContextItem(id=str(n), content="noted", relevance=0.5)
        bench.run(partial(cortex.context_items.save, item))

    async def command(i: int) -> None:
        update = UpdateContextRelevance(str(i % AT_ONCE), 0.7, "read again")
        assert (await cortex.send(update)).ok

    return command
