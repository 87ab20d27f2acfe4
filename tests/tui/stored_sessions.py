"""A store with a few sessions, and the screen of stored sessions in front of it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from cortex_tui.profiles.model import Catalog
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.port import Store, open_store
from cortex_tui.store.records import SessionEntry
from cortex_tui.tui.screens.library import LibraryScreen
from cortex_tui.tui.screens.main import MainScreen
from tests.tui.samples import CATALOG
from tests.tui.stand_in import Bench, StandIn, bench
from tests.unit.store import samples

FIRST, SECOND, THIRD = (
    "20250101T100000-aaaaaa",
    "20250102T100000-bbbbbb",
    "20250103T100000-cccccc",
)
HOSTILE = "[b]bold[/b] \x1b[31mred\x07 漢字\u202e tail"


async def stored(store: Store, name: str, verdict: Any = "met", **fields: Any) -> None:
    """A finished session of two profiles, whose targets all came to the same."""
    digits = name[:15]
    moment = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[9:11]}:{digits[11:13]}:00Z"
    fields = {"started_at": moment, "environment": {"git_commit": "1f3abc99" * 5}, **fields}
    await store.begin_session(samples.session(name, **fields))
    batch = samples.batch(name, state="finished", count=12)
    targets = tuple(TargetResult(each, 19_000.0, verdict) for each in samples.CLOSED.targets)
    runs = tuple(msgspec.structs.replace(run, targets=targets) for run in batch.runs)
    await store.write(msgspec.structs.replace(batch, runs=runs))
    await store.finish_session(name, "finished")


_three: list[bytes] = []
"""What is in the file of `three`, once this process has made it."""


async def three(path: Path) -> None:
    """Three sessions: one with everything, one that missed a target, one without a name.

    Made once and copied from then on: a store keeps nothing of where it lies.
    """
    if not _three:
        with TemporaryDirectory() as folder:
            made = Path(folder) / "snapshots.db"
            await _make_three(made)
            ((_, whole),) = files_in(Path(folder))
            _three.append(whole)
    put_back(path, _three[0])


async def _make_three(path: Path) -> None:
    async with await open_store(path) as store:
        await stored(store, FIRST)
        await store.name_snapshot("before-index", FIRST, note="the old index", tags=("nightly",))
        await store.set_baseline("main", FIRST)
        await stored(store, SECOND, "missed")
        await store.change_tags(SECOND, ["nightly", "slow"])
        await stored(store, THIRD, "undecided")


@asynccontextmanager
async def library(
    path: Path,
    size: tuple[int, int] = (80, 24),
    control: StandIn | None = None,
    catalog: Catalog = CATALOG,
) -> AsyncIterator[Bench]:
    """The screen, after it has read the store; `catalog` is what the files of suites have."""
    async with bench(control, size, catalog=catalog, store=str(path), looks=True) as b:
        await b.press("h")
        await b.until(lambda: "reading the store" not in (text := b.text) and "checked" in text)
        await settled(b)
        yield b


async def settled(b: Bench) -> None:
    """Until all that was asked of the store has come to the screen."""
    app = b.app
    await b.until(lambda: all(worker.is_finished for worker in app.workers))
    await b.pilot.pause()


async def pressed(b: Bench, *keys: str) -> None:
    await b.press(*keys)
    await settled(b)


async def open_session(b: Bench) -> MainScreen:
    """Opens the one under the cursor of the library; returns its screen, once it is drawn."""
    await pressed(b, "enter")
    opened = b.app.screen
    assert isinstance(opened, MainScreen)
    await b.until(lambda: opened.latest.view is not None)
    return opened


async def in_store(path: Path, work: Callable[[Store], Any]) -> Any:
    async with await open_store(path, "read") as store:
        return await work(store)


async def sessions(path: Path) -> dict[str, SessionEntry]:
    found = await in_store(path, lambda store: store.list_sessions())
    return {each.id: each for each in found}


def screen_of(b: Bench) -> LibraryScreen:
    assert isinstance(b.app.screen, LibraryScreen)
    return b.app.screen


def names_left(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT id FROM session WHERE id NOT IN (SELECT session FROM tombstone)"
        )
        return [session for (session,) in found]


@contextmanager
def kept_by_another(path: Path) -> Iterator[None]:
    """A writer that does not end its transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def current_of(b: Bench) -> str:
    current = screen_of(b).sessions.current
    return current.id if current else ""


def damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5_000)


def set_aside(path: Path) -> bytes:
    """Puts something else in the place of the store's file, and returns what was in it."""
    whole = path.read_bytes()
    path.write_bytes(b"something else " * 500)
    return whole


def put_back(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)


def remove(path: Path) -> None:
    path.unlink()


def files_in(folder: Path) -> list[tuple[str, bytes]]:
    return [(file.name, file.read_bytes()) for file in folder.iterdir()]


def damage_runs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET record = '{}' WHERE session = ?", (THIRD,))
        connection.execute("UPDATE run SET record = 'x' WHERE session = ?", (SECOND,))
