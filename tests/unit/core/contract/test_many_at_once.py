"""Every store keeps what many do at once apart, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from cortex_core import (
    CaptureConversation,
    ConversationCaptured,
    Cortex,
    Events,
    SearchTimeoutError,
    UpdatePatternConfidence,
)
from cortex_core.domain.specification import satisfies
from cortex_core.ports import Store
from tests.unit.core.contract.conftest import Open
from tests.unit.core.contract.entities import NOW, conversation, pattern, save


async def test_a_hundred_observations_at_once_are_all_counted(store: Store, events: Events) -> None:
    cortex = Cortex(store, events=events)
    await save(store, pattern("one", observation_count=0, success_rate=0.0, confidence=0.5))
    results = await asyncio.gather(
        *(cortex.send(UpdatePatternConfidence("one", success=n % 2 == 0)) for n in range(100))
    )
    counts = sorted(result.unwrap().observation_count for result in results)
    assert counts == list(range(1, 101))
    after = await cortex.patterns.get("one")
    assert after is not None
    assert (after.observation_count, after.success_rate) == (100, 0.5)


async def test_writers_of_two_stores_over_one_place_lose_nothing(open_store: Open) -> None:
    stores = [await open_store(Events()) for _ in range(2)]
    if not stores[0].capabilities.across_processes:
        pytest.skip("a place of this store belongs to one that has it open")
    cortexes = [Cortex(store, events=Events()) for store in stores]
    await save(stores[0], pattern("one", observation_count=0))
    results = await asyncio.gather(
        *(c.send(UpdatePatternConfidence("one", success=True)) for _ in range(50) for c in cortexes)
    )
    assert all(result.ok for result in results)
    for cortex in cortexes:
        after = await cortex.patterns.get("one")
        assert after is not None
        assert after.observation_count == 100


async def test_captures_of_one_id_at_once_leave_one_of_them(store: Store, events: Events) -> None:
    cortex = Cortex(store, events=events)
    captured: list[ConversationCaptured] = []
    events.subscribe(ConversationCaptured, captured.append)
    results = await asyncio.gather(
        *(
            cortex.send(CaptureConversation(id="one", title=f"{n}", content="x" * 50, quality=0.8))
            for n in range(64)
        )
    )
    assert all(result.ok for result in results)
    after = await cortex.conversations.get("one")
    assert after is not None
    assert after.title in map(str, range(64))
    assert await cortex.conversations.count() == 1
    assert [event.replaced for event in captured] == [False] + [True] * 63


async def test_requests_that_are_cancelled_at_any_moment_leave_the_store_as_usable(
    store: Store,
) -> None:
    rng = random.Random(7)
    await save(store, *(conversation(f"old {n}") for n in range(20)))

    async def work(number: int) -> None:
        await save(store, conversation(f"new {number}"))
        await store.read(lambda tx: tx.conversations.recent(20))
        await store.look_up(lambda tx: tx.conversations.get(f"new {number}"))

    for each in range(5):
        tasks = [asyncio.ensure_future(work(each * 20 + n)) for n in range(20)]
        for _ in range(rng.randrange(12)):
            await asyncio.sleep(0)
        for task in rng.sample(tasks, 10):
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(
            outcome is None or isinstance(outcome, asyncio.CancelledError) for outcome in done
        )
    await save(store, conversation("last", captured_at=NOW))
    count = await store.read(lambda tx: tx.conversations.count())
    assert 20 + 1 + 5 * 10 <= count <= 20 + 1 + 5 * 20


@pytest.mark.parametrize("kind", ["scan", "read"])
async def test_what_works_in_python_ends_at_its_deadline(
    open_store: Open, events: Events, kind: str
) -> None:
    store = await open_store(events, search_timeout_s=0.5)
    await save(store, *(conversation(f"c{number}") for number in range(20)))
    asked: list[object] = []

    def takes_long(entity: object) -> bool:
        asked.append(entity)
        time.sleep(0.6)
        return False

    with pytest.raises(SearchTimeoutError, match=rf"the {kind} took longer than 0\.5 s"):
        await getattr(store, kind)(lambda tx: tx.conversations.find(satisfies(takes_long), 10))
    # Where a thread works, it may be asked for one more.
    assert len(asked) <= 2
    assert await store.scan(lambda tx: tx.conversations.count()) == 20
