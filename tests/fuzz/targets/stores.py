"""The files of stores, damaged."""

from __future__ import annotations

import asyncio
import contextlib
import os
from functools import cache
from pathlib import Path

from cortex_tui.report import summary
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


TARGETS = (
    Target("store", _store, _stores, (SnapshotError,), shape="bytes", thousands=5),
    Target(
        "store-to-write", _opened_to_write, _stores, (SnapshotError,), shape="bytes", thousands=3
    ),
)
