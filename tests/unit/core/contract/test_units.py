"""Every store keeps entities whole, and units of work to all or nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from cortex_core import (
    ConversationCaptured,
    Event,
    Events,
    StoreClosedError,
)
from cortex_core.ports import ReadTx, Store, Tx
from tests.unit.core.contract.entities import (
    FULL_CONVERSATION,
    FULL_ITEM,
    FULL_PATTERN,
    NOW,
    announced,
    conversation,
    item,
    pattern,
    save,
)


async def test_entities_come_back_as_they_were_saved(store: Store) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)

    def get(tx: ReadTx) -> tuple[object, ...]:
        return (
            tx.conversations.get("full"),
            tx.patterns.get("full"),
            tx.context_items.get("full"),
        )

    assert await store.read(get) == (FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)
    assert await store.look_up(get) == (FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)


async def test_saving_again_replaces_every_field(store: Store) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)
    plain = conversation("full"), pattern("full"), item("full")
    await save(store, *plain)
    assert await store.read(lambda tx: tx.conversations.get("full")) == plain[0]
    assert await store.read(lambda tx: tx.patterns.get("full")) == plain[1]
    assert await store.read(lambda tx: tx.context_items.get("full")) == plain[2]
    counts = await store.read(
        lambda tx: (tx.conversations.count(), tx.patterns.count(), tx.context_items.count())
    )
    assert counts == (1, 1, 1)


async def test_what_is_saved_again_keeps_when_it_was_first_stored(store: Store) -> None:
    for later in (timedelta(hours=1), timedelta(0), timedelta(hours=-1)):
        saved = NOW + later
        await save(
            store,
            conversation("c", title=f"{later}", created_at=saved, updated_at=saved),
            pattern("p", content=f"{later}", created_at=saved, updated_at=saved),
            item("i", content=f"{later}", created_at=saved),
        )
    first, last = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    kept = conversation("c", title=f"{later}", created_at=first, updated_at=last)
    assert await store.read(lambda tx: tx.conversations.get("c")) == kept
    learned = pattern("p", content=f"{later}", created_at=first, updated_at=last)
    assert await store.read(lambda tx: tx.patterns.get("p")) == learned
    at_hand = item("i", content=f"{later}", created_at=first)
    assert await store.read(lambda tx: tx.context_items.get("i")) == at_hand


async def test_what_is_deleted_is_gone_and_deleting_says_whether_it_was_there(
    store: Store,
) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)

    def delete(tx: Tx) -> tuple[bool, ...]:
        return (
            tx.conversations.delete("full"),
            tx.patterns.delete("full"),
            tx.context_items.delete("full"),
        )

    assert await store.write(delete) == (True, True, True)
    assert await store.write(delete) == (False, False, False)
    assert await store.read(lambda tx: tx.conversations.get("full")) is None


async def test_a_failing_unit_leaves_no_trace(store: Store, events: Events) -> None:
    await save(store, conversation("kept", title="before"), pattern("kept"))
    received: list[Event] = []
    events.subscribe(ConversationCaptured, received.append)

    def unit(tx: Tx) -> None:
        tx.conversations.save(conversation("kept", title="after"))
        tx.conversations.save(conversation("new"))
        tx.patterns.delete("kept")
        tx.record(announced("new"))
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        await store.write(unit)
    kept = await store.read(lambda tx: tx.conversations.get("kept"))
    assert kept is not None
    assert kept.title == "before"
    assert await store.read(lambda tx: tx.conversations.count()) == 1
    assert await store.read(lambda tx: tx.patterns.count()) == 1
    assert received == []


async def test_events_are_published_in_the_order_of_commit(store: Store, events: Events) -> None:
    received: list[str] = []
    events.subscribe(ConversationCaptured, lambda e: received.append(e.conversation_id))

    def unit(number: int) -> Any:
        def record(tx: Tx) -> None:
            tx.record(announced(f"{number} first"))
            tx.record(announced(f"{number} second"))

        return record

    await asyncio.gather(*(store.write(unit(n)) for n in range(3)))
    assert received == [f"{n} {which}" for n in range(3) for which in ("first", "second")]


async def test_a_unit_sees_its_own_changes(store: Store) -> None:
    def unit(tx: Tx) -> int:
        tx.conversations.save(conversation("one"))
        tx.conversations.save(conversation("two"))
        tx.conversations.delete("one")
        return tx.conversations.count()

    assert await store.write(unit) == 1


async def test_a_unit_cancelled_before_its_turn_never_runs(store: Store) -> None:
    """Its turn may come at once, on another thread; then it is tried with another one."""
    ran: list[str] = []

    def unit(name: str, tx: Tx) -> None:
        ran.append(name)
        tx.conversations.save(conversation(name))

    for number in range(100):
        name, before = f"x{number}", len(ran)
        writing = asyncio.ensure_future(store.write(partial(unit, name)))
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        assert await store.read(lambda tx: tx.conversations.count()) == len(ran)
        if len(ran) == before:
            return
    pytest.fail(f"all were run: {ran}")


async def test_a_closed_store_refuses_and_closing_twice_is_harmless(store: Store) -> None:
    writing = asyncio.ensure_future(store.write(lambda tx: tx.conversations.count()))
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert await writing == 0
    with pytest.raises(StoreClosedError):
        await store.read(lambda tx: tx.conversations.count())


async def test_a_unit_that_raises_stop_iteration_fails_like_any_other(store: Store) -> None:
    def unit(_: Tx) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError):
        await store.write(unit)


async def test_an_entity_replaced_by_a_changed_copy(store: Store) -> None:
    before = conversation("one")
    await save(store, before)
    await save(store, replace(before, quality=0.9))
    after = await store.read(lambda tx: tx.conversations.get("one"))
    assert after == replace(before, quality=0.9)


async def test_a_unit_that_would_never_run_fails_and_leaves_nothing(store: Store) -> None:
    async def later(tx: Tx) -> None:
        tx.conversations.save(conversation("later"))

    def yields(tx: Tx) -> Iterator[None]:
        tx.conversations.save(conversation("later"))
        yield

    async def yields_later(tx: Tx) -> AsyncIterator[None]:
        yield

    def both(tx: Tx) -> object:
        tx.conversations.save(conversation("half"))
        return later(tx)

    for unit in (later, yields, yields_later, both):
        with pytest.raises(TypeError, match="unit: expected a plain function"):
            await store.write(unit)
    for read in (store.read, store.scan, store.look_up):
        for unit in (later, yields, yields_later):
            with pytest.raises(TypeError, match="unit: expected a plain function"):
                await read(unit)  # type: ignore[arg-type]
    assert await store.read(lambda tx: tx.conversations.count()) == 0
