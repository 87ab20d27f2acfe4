"""Events reach the stores of other processes where both were opened to share them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cortex_core import ConversationCaptured, ConversationDeleted, Event, Events
from cortex_core.ports import Tx
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from tests.unit.core.contract.entities import NOW, announced
from tests.unit.core.postgres.test_lost_connections import end_connections


class Received:
    """The events that a store publishes, in their order."""

    def __init__(self) -> None:
        self.events = Events()
        self.queue: asyncio.Queue[Event] = asyncio.Queue()
        self.events.subscribe(ConversationCaptured, self.queue.put_nowait)
        self.events.subscribe(ConversationDeleted, self.queue.put_nowait)

    async def next(self, number: int) -> list[Event]:
        return [await self.queue.get() for _ in range(number)]


def recording(*events: Event) -> Any:
    def unit(tx: Tx) -> None:
        for event in events:
            tx.record(event)

    return unit


async def test_what_is_committed_is_published_by_every_store_in_its_order(url: str) -> None:
    shared = f"{url}&events=shared"
    here, there, alone = Received(), Received(), Received()
    sender = await PostgresStore.open(shared, here.events.publish)
    other = await PostgresStore.open(shared, there.events.publish)
    own = await PostgresStore.open(url, alone.events.publish)
    sent: list[Event] = [
        announced("one"),
        announced("one"),
        announced("Ünï😀"),
        ConversationDeleted(
            occurred_at=NOW,
            conversation_id="long",
            namespace="workspace",
            pattern_ids=tuple(f"é{n:0100d}" for n in range(300)),
        ),
    ]

    def fails(tx: Tx) -> None:
        tx.record(announced("never"))
        raise LookupError

    await sender.write(recording(*sent))
    with pytest.raises(LookupError):
        await sender.write(fails)
    await sender.write(recording(announced("last")))
    assert await there.next(5) == [*sent, announced("last")]
    assert await here.next(5) == [*sent, announced("last")]
    await other.write(recording(announced("back")))
    assert await here.next(1) == [announced("back")]
    assert here.queue.empty()
    assert alone.queue.empty()
    for store in (sender, other, own):
        await store.close()


async def test_a_listener_listens_again_when_its_connection_broke(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    shared = f"{url}&events=shared"
    there = Received()
    sender = await PostgresStore.open(shared, Events().publish)
    other = await PostgresStore.open(shared, there.events.publish)
    await end_connections(url)
    received = asyncio.ensure_future(there.next(1))
    number = 0
    while not received.done():
        # What is committed before it listens again does not reach it.
        await sender.write(recording(announced(f"{number}")))
        number += 1
        await asyncio.wait([received], timeout=0.05)
    assert "events of others are missed until" in caplog.text
    for store in (sender, other):
        await store.close()


def test_an_address_says_own_or_shared(url: str) -> None:
    with pytest.raises(ValueError, match="expected own or shared, got 'all'"):
        Address.parsed(f"{url}&events=all")
