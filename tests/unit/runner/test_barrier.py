"""A barrier that lets all go at one moment."""

from __future__ import annotations

import asyncio
from importlib import import_module
from types import ModuleType

import pytest

from cortex_tui.protocol.messages import StateChanged
from cortex_tui.runner import driver
from cortex_tui.runner.barrier import Barrier
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import NOOP, Bench, Event


async def turns_of_going(barrier: Barrier, arriving: list[int]) -> list[int]:
    """The loop's turn in which each went on, counted from the first; they arrive one by one."""
    loop = asyncio.get_running_loop()
    turn = 0
    went: list[int] = []

    def count() -> None:
        nonlocal turn
        turn += 1
        counting[0] = loop.call_soon(count)

    async def go(party: int) -> None:
        await barrier.arrive(party)
        went.append(turn)

    counting = [loop.call_soon(count)]
    tasks = []
    for party in arriving:
        tasks.append(asyncio.create_task(go(party)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    counting[0].cancel()
    return [turn - went[0] for turn in went]


async def test_the_last_to_arrive_goes_in_the_same_turn_as_the_others() -> None:
    assert await turns_of_going(Barrier([1, 2, 3]), [3, 1, 2]) == [0, 0, 0]


async def test_those_that_wait_go_when_the_last_leaves() -> None:
    barrier = Barrier([1, 2, 3])
    barrier.leave(2)
    assert await turns_of_going(barrier, [1, 3]) == [0, 0]


async def test_all_get_the_same_moment_and_it_comes_once() -> None:
    released: list[int] = []
    barrier = Barrier([1, 2], lambda go_on: go_on(7), at_release=released.append)
    moments = await asyncio.gather(barrier.arrive(1), barrier.arrive(2), barrier.wait())
    barrier.leave(2)
    assert list(moments) == [7, 7, 7]
    assert released == [7]


async def test_nothing_is_imported_when_a_phase_is_to_begin(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would make each process late by its own time for that."""
    seen: list[str] = []

    def imported(name: str) -> ModuleType:
        seen.append("import")
        return import_module(name)

    monkeypatch.setattr(driver, "import_module", imported)
    driver.find_driver.cache_clear()
    bench.write(NOOP)

    def note(session: Session, event: Event) -> None:
        if isinstance(event, StateChanged):
            seen.append(event.life.stage)

    await bench.run(bench.profile("noop"), on_message=note)
    assert seen[: seen.index("set_up")].count("import") == seen.count("import") == 1
