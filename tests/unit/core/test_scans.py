"""No read holds up the others: each can be stopped, and those that look at everything wait for
each other only."""

import asyncio
import sqlite3
import threading
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cortex_core import (
    CaptureConversation,
    Conversation,
    Cortex,
    GetConversationById,
    GetPatternsByNamespace,
    GetRecentConversations,
    SearchContext,
    SearchTimeoutError,
)
from cortex_core.domain import specification as spec
from cortex_core.sqlite.store import SqliteStore
from tests.patience import PATIENCE_S
from tests.unit.core.contract.entities import conversation, item, pattern, save

NEVER = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
"""A query that does not end by itself."""

MEGABYTE = "word " * 210_000


def endless(tx: Any) -> None:
    tx.execute(NEVER).fetchone()


class Gate:
    """A condition that holds up whoever asks it, until it is opened."""

    def __init__(self) -> None:
        self.asked = 0
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, _: object) -> bool:
        self.asked += 1
        self.reached.set()
        self.open.wait(PATIENCE_S)
        return False

    async def is_reached(self) -> None:
        await asyncio.to_thread(self.reached.wait, PATIENCE_S)


@pytest.fixture
async def cortex(path: Path) -> AsyncIterator[Cortex]:
    # Long enough for a busy machine: nothing here waits for it.
    async with Cortex.open(path, search_timeout_s=120) as opened:
        entities = [conversation(f"c{number}") for number in range(50)]
        await save(opened.store, *entities, pattern("p"), item("i"))
        yield opened


async def test_every_other_request_is_answered_while_a_scan_runs(cortex: Cortex) -> None:
    gate = Gate()
    finding = asyncio.ensure_future(cortex.conversations.find(spec.satisfies(gate)))
    await gate.is_reached()
    await cortex.send(CaptureConversation(id="long", title="t", content=MEGABYTE, quality=0.9))
    for _ in range(40):
        # On the event loop or on the readers' thread, whichever the store chooses.
        assert (await cortex.send(GetConversationById("long"))).value is not None
    await asyncio.gather(*(cortex.conversations.get(f"c{number}") for number in range(50)))
    assert (await cortex.send(GetRecentConversations())).ok
    assert (await cortex.send(GetPatternsByNamespace("workspace"))).ok
    assert (await cortex.send(SearchContext("word"))).ok
    assert not finding.done()
    gate.open.set()
    assert await finding == ()


async def test_scans_of_every_kind_are_in_the_queue_of_scans(cortex: Cortex) -> None:
    gate = Gate()
    finding = asyncio.ensure_future(cortex.patterns.find(spec.satisfies(gate)))
    await gate.is_reached()
    waiting = [
        asyncio.ensure_future(scan)
        for scan in (
            cortex.conversations.find(spec.turns(1)),
            cortex.context_items.find(spec.relevant()),
            cortex.conversations.count(),
            cortex.patterns.count(),
            cortex.context_items.count(),
        )
    ]
    await cortex.conversations.get("c1")
    assert not any(scan.done() for scan in waiting)
    gate.open.set()
    results: list[Any] = await asyncio.gather(*waiting)
    assert [len(results[0]), len(results[1]), *results[2:]] == [20, 1, 50, 1, 1]
    assert await finding == ()


async def test_a_cancelled_scan_stops_between_entities(cortex: Cortex) -> None:
    gate = Gate()
    finding = asyncio.ensure_future(cortex.conversations.find(spec.satisfies(gate)))
    await gate.is_reached()
    finding.cancel()
    gate.open.set()
    assert len(await cortex.conversations.find(spec.turns(1))) == 20
    assert gate.asked == 1


async def test_a_scan_past_its_deadline_fails_at_once_and_stops_between_entities(
    path: Path,
) -> None:
    gate = Gate()
    async with Cortex.open(path, search_timeout_s=0.5) as cortex:
        await save(cortex.store, *(conversation(f"c{number}") for number in range(50)))
        finding = asyncio.ensure_future(cortex.conversations.find(spec.satisfies(gate)))
        with pytest.raises(SearchTimeoutError, match=r"the scan took longer than 0\.5 s"):
            await finding
        assert not gate.open.is_set()
        gate.open.set()
    assert gate.asked <= 1


@pytest.mark.parametrize("where", ["file", ":memory:"])
@pytest.mark.parametrize("kind", ["read", "scan"])
async def test_a_read_past_its_deadline_is_stopped_and_the_others_are_not(
    path: Path, where: str, kind: str
) -> None:
    async with Cortex.open(path if where == "file" else where, search_timeout_s=1.0) as cortex:
        await cortex.conversations.save(conversation("c"))
        run = getattr(cortex.store, kind)
        stopped = await asyncio.gather(run(endless), return_exceptions=True)
        assert [type(error) for error in stopped] == [SearchTimeoutError]
        assert await run(lambda tx: tx.conversations.count()) == 1
        assert await cortex.conversations.get("c") is not None


@pytest.mark.parametrize("where", ["file", ":memory:"])
@pytest.mark.parametrize("kind", ["read", "scan"])
async def test_a_cancelled_read_is_stopped(path: Path, where: str, kind: str) -> None:
    async with Cortex.open(path if where == "file" else where, search_timeout_s=3_600) as cortex:
        await cortex.conversations.save(conversation("c"))
        run = getattr(cortex.store, kind)
        started = threading.Event()

        def begins(tx: Any) -> None:
            started.set()
            endless(tx)

        reading = asyncio.ensure_future(run(begins))
        counting = asyncio.ensure_future(run(lambda tx: tx.conversations.count()))
        await asyncio.to_thread(started.wait, PATIENCE_S)
        reading.cancel()
        assert await counting == 1
        assert await run(lambda tx: tx.conversations.count()) == 1


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause of a scan was meant to be, in seconds."""
    asked: list[float] = []
    pause = time.sleep

    def counted(seconds: float) -> None:
        asked.append(seconds)
        pause(seconds)

    monkeypatch.setattr("cortex_core.sqlite.search_queue.time.sleep", counted)
    return asked


def working(duration_ns: int) -> spec.Specification:
    """What no conversation satisfies; it holds Python's lock for so long to say so."""

    def decide(_: Conversation) -> bool:
        until_ns = time.perf_counter_ns() + duration_ns
        while time.perf_counter_ns() < until_ns:
            pass
        return False

    return spec.satisfies(decide)


async def test_a_scan_that_works_in_python_pauses_for_the_event_loop(
    cortex: Cortex, pauses: list[float]
) -> None:
    finding = asyncio.ensure_future(cortex.conversations.find(working(2_000_000)))
    while not finding.done():
        await cortex.conversations.get("c1")
    # Before each row but the first, at the latest.
    assert len(pauses) >= 49


async def test_a_scan_pauses_for_longer_while_a_unit_is_on_its_way(
    cortex: Cortex, pauses: list[float]
) -> None:
    await cortex.conversations.find(working(100_000))
    alone = list(pauses)
    pauses.clear()
    gate = Gate()
    reading = asyncio.ensure_future(cortex.store.read(gate))
    await gate.is_reached()
    await cortex.conversations.find(working(100_000))
    assert min(pauses) > max(alone)
    gate.open.set()
    assert await reading is False


async def test_a_read_that_waited_too_long_is_not_begun(path: Path) -> None:
    async with Cortex.open(path, search_timeout_s=1.0) as cortex:
        await cortex.conversations.save(conversation("c"))
        deadline_passed = threading.Event()
        begun: list[object] = []
        first = cortex.store.read(lambda tx: deadline_passed.wait(1.2))
        second = cortex.store.read(begun.append)
        assert await first is False
        with pytest.raises(SearchTimeoutError):
            await second
        assert begun == []


async def test_a_write_is_not_stopped(path: Path) -> None:
    async with Cortex.open(":memory:", search_timeout_s=0.01) as cortex:
        assert isinstance(cortex.store, SqliteStore)

        def counts(tx: Any) -> int:
            found: int = tx.execute(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 300000) "
                "SELECT count(*) FROM n"
            ).fetchone()[0]
            return found

        assert await cortex.store.write(counts) == 300_000


async def test_a_failure_leaves_no_cursor_to_the_event_loop(cortex: Cortex) -> None:
    """It would be closed where the error is dropped, and wait for what its connection does then."""

    def fail(_: object) -> bool:
        raise ValueError("a condition that fails")

    with pytest.raises(ValueError, match="a condition that fails") as caught:
        await cortex.conversations.find(spec.satisfies(fail))
    frames = [frame for frame, _ in traceback.walk_tb(caught.tb)]
    values = [value for frame in frames for value in frame.f_locals.values()]
    assert not any(isinstance(value, sqlite3.Cursor) for value in values)
