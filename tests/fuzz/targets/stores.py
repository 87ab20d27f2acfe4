"""The files of stores, damaged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from functools import cache
from pathlib import Path

from cortex_core import Conversation, Cortex, SearchContext, SearchHits, StoreError
from cortex_tui.report.summary import summary
from cortex_tui.results.stored import from_stored
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import open_store
from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target, clear, harmless

_DATA = Path(__file__).parents[2] / "unit" / "store" / "data"


def _written(data: bytes) -> Path:
    for ending in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch() / f"damaged.db{ending}")
    file = scratch() / "damaged.db"
    file.write_bytes(data)
    return file


def _store(data: bytes) -> None:
    asyncio.run(_read(_written(data)))


async def _read(file: Path) -> None:
    """All that the program reads of a store: each part is there, or one clear error is."""
    async with await open_store(file, "read") as store:
        sessions = []
        for part in (store.list_snapshots, store.list_removed, store.profiles, store.noise):
            with _one_error():
                await part()
        with _one_error():
            sessions = await store.list_sessions()
        with _one_error():
            await store.verdicts([each.id for each in sessions])
        for each in sessions[:3]:
            with _one_error():
                found = from_stored(await store.load(each.id))
                harmless(summary(found.view()), lines=True)
            for profile in each.profiles[:2]:
                with _one_error():
                    await store.measured(profile)


def _one_error() -> contextlib.AbstractContextManager[None]:
    return _Allowed()


class _Allowed(contextlib.AbstractContextManager[None]):
    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, SnapshotError):
            return False
        clear(str(error))
        return True


def _opened_to_write(data: bytes) -> None:
    async def write() -> None:
        async with await open_store(_written(data), "write") as store:
            for each in (await store.list_sessions())[:2]:
                await store.set_note(each.id, "a note")

    asyncio.run(write())


@cache
def _stores() -> list[bytes]:
    return [(_DATA / name).read_bytes() for name in ("version-1.db", "version-2.db")]


def _record(data: bytes) -> None:
    """A store whose record of a run or, after an odd first byte, of a session is anybody's."""
    file = _written(_stores()[1])
    table = "session" if data and data[0] % 2 else "run"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE {table} SET record = ?", (data[1:].decode("utf-8", "replace"),))
    asyncio.run(_read(file))


@cache
def _records() -> list[bytes]:
    file = _written(_stores()[1])
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return [
            first + record.encode()
            for table, first in (("run", b" "), ("session", b"!"))
            for (record,) in connection.execute(f"SELECT record FROM {table} LIMIT 2")
        ]


def _core(data: bytes) -> None:
    """The core's own store: it opens, or its error says that it does not."""

    async def search() -> None:
        async with Cortex.open(_written(data)) as cortex:
            for text in ("slow query", "other"):
                result = await cortex.send(SearchContext(text))
                if result.ok:
                    assert isinstance(result.unwrap(), SearchHits)

    asyncio.run(search())


@cache
def _core_stores() -> list[bytes]:
    async def fill() -> None:
        async with Cortex.open(file) as cortex:
            for content in ("a slow query", "another query", "\u6f22\u5b57" * 9):
                await cortex.conversations.save(
                    Conversation(content=content, title="title", quality=0.8)
                )

    file = _written(b"")
    file.unlink()
    asyncio.run(fill())
    return [file.read_bytes()]


TARGETS = (
    Target(
        "store-record",
        _record,
        _records,
        (SnapshotError,),
        thousands=4,
        words=(b"null", b"[", b"{", b"[" * 5_000, b"9" * 30, b"9" * 400, b"9" * 5_000, b"-1"),
    ),
    Target("store-of-core", _core, _core_stores, (StoreError,), shape="bytes", thousands=2),
    Target("store", _store, _stores, (SnapshotError,), shape="bytes", thousands=5),
    Target(
        "store-to-write", _opened_to_write, _stores, (SnapshotError,), shape="bytes", thousands=3
    ),
)
