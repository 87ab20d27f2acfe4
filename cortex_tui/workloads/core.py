"""The built-in workloads: `cortex_core` through its mediator and its repositories.

Each operation checks its result: one that brings anything but what it should has failed, however
fast it was.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from cortex_core import (
    CaptureConversation,
    Conversation,
    Cortex,
    GetConversationById,
    SearchContext,
)
from cortex_core.data import conversation_id, conversations, seed_file
from cortex_tui import __version__
from cortex_tui.workloads.api import Workload, workload
from cortex_tui.workloads.context import RunContext, current_run

Operation = Callable[[int], Awaitable[None]]

_POOL = 512
"""How many different conversations writing operations go round; each time with a fresh id."""

_WORDS = ("query", "index", "parser", "handler", "schema", "worker", "queue", "buffer", "closure",
          "registry")  # fmt: skip
"""What concurrent searches look for; each occurs in some of the seeded conversations."""


class UnexpectedResultError(Exception):
    """An operation brought something else than it should have."""


@dataclass
class _Shared:
    """The one core of all runs of a session that share theirs."""

    cortex: Cortex
    users: int = 0


@asynccontextmanager
async def _opened(rows: int) -> AsyncIterator[Cortex]:
    """A core that holds the first `rows` seeded conversations, as the profile's `database` says."""
    context = current_run.get()
    if context.database == "shared":
        async with _shared(context, rows) as cortex:
            yield cortex
        return
    if context.database == "memory":
        async with Cortex.open(":memory:") as cortex:
            await _fill(cortex, rows)
            yield cortex
        return
    path = context.scratch / f"run-{context.run}.db"
    await asyncio.to_thread(_copy_seeded, rows, context.cache, path)
    try:
        async with Cortex.open(path) as cortex:
            yield cortex
    finally:
        _delete(path)


@asynccontextmanager
async def _shared(context: RunContext, rows: int) -> AsyncIterator[Cortex]:
    lock = context.shared.setdefault("cortex.lock", asyncio.Lock())
    path = context.scratch / "shared.db"
    async with lock:
        shared: _Shared | None = context.shared.get("cortex")
        if shared is None:
            shared = context.shared["cortex"] = _Shared(await Cortex.open(path))
        shared.users += 1
        await _fill(shared.cortex, rows)
    try:
        yield shared.cortex
    finally:
        shared.users -= 1
        if not shared.users:
            del context.shared["cortex"]
            await shared.cortex.close()
            _delete(path)


async def _fill(cortex: Cortex, rows: int) -> None:
    there = await cortex.conversations.count()
    if there < rows:
        await asyncio.gather(*map(cortex.conversations.save, conversations(rows)))


def _copy_seeded(rows: int, cache: Path, path: Path) -> None:
    """Copies the seeded file of so many rows, which is made the first time. Blocks."""
    seeded = cache / f"conversations-{rows}-{__version__}.db"
    if not seeded.exists():
        partial = cache / f"{seeded.stem}.{os.getpid()}-{path.stem}"
        seed_file(partial, conversations=rows)
        partial.replace(seeded)
    shutil.copyfile(seeded, path)


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise UnexpectedResultError(what)


def _fresh() -> Callable[[], dict[str, Any]]:
    """A function that makes the fields of a conversation whose id was never used."""
    pool = list(conversations(_POOL))
    run = current_run.get().run
    numbers = count()

    def fields() -> dict[str, Any]:
        number = next(numbers)
        like = pool[number % _POOL]
        return {
            "id": f"run-{run}-{number}",
            "title": like.title,
            "content": like.content,
            "quality": like.quality,
            "turn_count": like.turn_count,
            "entity_count": like.entity_count,
            "file_path": like.file_path,
            "namespace": like.namespace,
        }

    return fields


async def _send_capture(cortex: Cortex, command: CaptureConversation) -> None:
    captured = (await cortex.send(command)).unwrap()
    _expect(captured.id == command.id, f"captured {command.id}, got {captured.id}")


async def _send_get(cortex: Cortex, wanted: str) -> None:
    found = (await cortex.send(GetConversationById(wanted))).unwrap()
    _expect(found is not None and found.id == wanted, f"asked for {wanted}, got {found!r:.80}")


@workload
async def capture() -> AsyncGenerator[Operation, None]:
    """Capture one conversation through the mediator."""
    async with _opened(0) as cortex:
        fresh = _fresh()

        async def operation(i: int) -> None:
            await _send_capture(cortex, CaptureConversation(**fresh()))

        yield operation


@workload
async def get(conversations: int = 1) -> AsyncGenerator[Operation, None]:
    """Get one conversation by its id through the mediator."""
    async with _opened(conversations) as cortex:

        async def operation(i: int) -> None:
            await _send_get(cortex, conversation_id(i % conversations))

        yield operation


@workload
async def concurrent_capture(batch: int = 10) -> AsyncGenerator[Operation, None]:
    """Capture `batch` conversations at once; every one of them must succeed."""
    async with _opened(0) as cortex:
        fresh = _fresh()

        async def operation(i: int) -> None:
            await asyncio.gather(
                *(_send_capture(cortex, CaptureConversation(**fresh())) for _ in range(batch))
            )

        yield operation


@workload
async def mixed(
    conversations: int = 5, gets: int = 5, captures: int = 5
) -> AsyncGenerator[Operation, None]:
    """Some gets and some captures at once."""
    async with _opened(conversations) as cortex:
        fresh = _fresh()

        async def operation(i: int) -> None:
            await asyncio.gather(
                *(_send_get(cortex, conversation_id(n % conversations)) for n in range(gets)),
                *(_send_capture(cortex, CaptureConversation(**fresh())) for _ in range(captures)),
            )

        yield operation


@workload
async def search(
    conversations: int = 30, text: str = "performance", limit: int = 10, hits: int = -1
) -> AsyncGenerator[Operation, None]:
    """Search for `text`; with `hits` of 0 or more, exactly so many must be found."""
    async with _opened(conversations) as cortex:
        query = SearchContext(text, max_results=limit)

        async def operation(i: int) -> None:
            found = (await cortex.send(query)).unwrap()
            _expect(
                hits < 0 or len(found.hits) == hits, f"expected {hits} hits, got {len(found.hits)}"
            )

        yield operation


@workload
async def search_concurrent(
    conversations: int = 50, searches: int = 5
) -> AsyncGenerator[Operation, None]:
    """Several different searches at once, each of which must find something."""
    async with _opened(conversations) as cortex:
        queries = [SearchContext(_WORDS[n % len(_WORDS)]) for n in range(searches)]

        async def operation(i: int) -> None:
            for query, result in zip(
                queries, await asyncio.gather(*map(cortex.send, queries)), strict=True
            ):
                _expect(bool(result.unwrap().hits), f"nothing found for {query.text!r}")

        yield operation


@workload
async def repository_write(batch: int = 1) -> AsyncGenerator[Operation, None]:
    """Write `batch` conversations through the repository, one after the other."""
    async with _opened(0) as cortex:
        fresh, save = _fresh(), cortex.conversations.save
        saved = 0

        async def operation(i: int) -> None:
            nonlocal saved
            for _ in range(batch):
                await save(Conversation(**fresh()))
                saved += 1

        yield operation
        # `save` has no result to check, so what it stored is counted in the end.
        stored = await cortex.conversations.count()
        _expect(stored >= saved, f"{saved} conversations were saved, but only {stored} are stored")


@workload
async def repository_read(
    conversations: int = 1, batch: int = 1
) -> AsyncGenerator[Operation, None]:
    """Read `batch` conversations through the repository, one after the other."""
    async with _opened(conversations) as cortex:
        read = cortex.conversations.get

        async def operation(i: int) -> None:
            for n in range(batch):
                wanted = conversation_id((i + n) % conversations)
                found = await read(wanted)
                _expect(
                    found is not None and found.id == wanted,
                    f"asked for {wanted}, got {found!r:.80}",
                )

        yield operation


@workload
async def recent(conversations: int = 50, limit: int = 20) -> AsyncGenerator[Operation, None]:
    """The newest conversations through the repository."""
    async with _opened(conversations) as cortex:
        expected = min(limit, conversations)

        async def operation(i: int) -> None:
            found = await cortex.conversations.recent(limit)
            _expect(len(found) == expected, f"expected {expected} conversations, got {len(found)}")
            _expect(found[0].captured_at >= found[-1].captured_at, "not the newest first")

        yield operation


@workload
async def repository_delete(conversations: int = 10) -> AsyncGenerator[Operation, None]:
    """Write one conversation and delete it again."""
    async with _opened(conversations) as cortex:
        fresh, repository = _fresh(), cortex.conversations

        async def operation(i: int) -> None:
            conversation = Conversation(**fresh())
            await repository.save(conversation)
            _expect(await repository.delete(conversation.id), f"{conversation.id} was not there")

        yield operation


WORKLOADS: dict[str, Workload] = {
    "cortex.capture": capture,
    "cortex.concurrent_capture": concurrent_capture,
    "cortex.get": get,
    "cortex.mixed": mixed,
    "cortex.recent": recent,
    "cortex.repository_delete": repository_delete,
    "cortex.repository_read": repository_read,
    "cortex.repository_write": repository_write,
    "cortex.search": search,
    "cortex.search_concurrent": search_concurrent,
}
"""The code behind `names.BUILT_IN`."""
