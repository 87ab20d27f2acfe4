"""Where the built-in workloads keep their data: a core for each run, or one for a session."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from cortex_core import Cortex
from cortex_core import data as generated
from cortex_core.data import seed_file, seed_store
from cortex_core.stores import temporary_place
from cortex_tui import __version__
from cortex_tui.passwords import is_address
from cortex_tui.workloads.api import shared
from cortex_tui.workloads.context import current_run


@asynccontextmanager
async def opened(*, conversations: int = 0, patterns: int = 0) -> AsyncIterator[Cortex]:
    """A core that has the first generated memories.

    The profile's `database` says where: in a file of the run's own, a copy of a seeded one; in
    the file of the session; in memory; or on a server, in a place of the run's own.
    """
    context = current_run.get()
    if context.database == "shared":
        cortex = await _one_for_the_session()
        await _fill(cortex, conversations, patterns)
        yield cortex
        return
    if context.database == "memory":
        async with Cortex.open(":memory:") as cortex:
            await _fill(cortex, conversations, patterns)
            yield cortex
        return
    if is_address(context.database):
        async with (
            temporary_place(context.database) as place,
            Cortex.open(place) as cortex,
        ):
            await _fill(cortex, conversations, patterns)
            yield cortex
        return
    path = context.scratch / f"run-{context.run}.db"
    await asyncio.to_thread(_copy_seeded, conversations, patterns, context.cache, path)
    try:
        async with Cortex.open(path) as cortex:
            yield cortex
    finally:
        _delete(path)


def alone() -> bool:
    """Whether nobody but this run writes to its core, so that results are known exactly."""
    return current_run.get().database != "shared"


@shared
async def _one_for_the_session() -> AsyncGenerator[Cortex, None]:
    path = current_run.get().scratch / "shared.db"
    try:
        async with Cortex.open(path) as cortex:
            yield cortex
    finally:
        _delete(path)


async def _fill(cortex: Cortex, conversations: int, patterns: int) -> None:
    """Saves what is missing: a core that runs share may have been filled by another."""
    there = (await cortex.conversations.count(), await cortex.patterns.count())
    await seed_store(
        cortex.store,
        conversations=conversations if there[0] < conversations else 0,
        patterns=patterns if there[1] < patterns else 0,
    )


def _copy_seeded(conversations: int, patterns: int, cache: Path, path: Path) -> None:
    """Copies the seeded file with this number of memories, which is made the first time. Blocks."""
    version = f"{generated.VERSION}-{__version__}"
    seeded = cache / f"core-{conversations}-{patterns}-{version}.db"
    if seeded.exists():
        shutil.copyfile(seeded, path)
        if _is_whole(path, conversations, patterns):
            return
        _delete(path)
    partial = cache / f"{seeded.stem}.{os.getpid()}-{path.stem}"
    seed_file(partial, conversations=conversations, patterns=patterns)
    shutil.copyfile(partial, path)
    partial.replace(seeded)
    for outdated in cache.glob("core-*.db"):
        if not outdated.stem.endswith(f"-{version}"):
            outdated.unlink(missing_ok=True)


def _is_whole(path: Path, conversations: int, patterns: int) -> bool:
    """Whether the copy of a file that was kept can be read and holds what it should: a power
    cut, a full disk or another program may have damaged it."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            counts = connection.execute(
                "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM patterns)"
            ).fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False
    return bool(verdict == "ok" and counts == (conversations, patterns))


def _delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
