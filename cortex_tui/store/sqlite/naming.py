"""Names of sessions, and of single runs: snapshots that stay, and baselines that move."""

from __future__ import annotations

from pathlib import Path

import aiosqlite

from cortex_tui.paths import command_on
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.sqlite.reading import Reader
from cortex_tui.store.sqlite.removals import Removals


class Naming:
    """Changes within a transaction of the caller's; `now` is the moment of it, in ISO 8601."""

    def __init__(self, connection: aiosqlite.Connection, path: Path, now: str) -> None:
        self._connection = connection
        self._path = path
        self._now = now

    async def save(self, name: str, session: str, run: int | None) -> None:
        """A new name for a session that there is, or for one run of it."""
        await self.need_free(name)
        if run is not None and not await self._connection.execute_fetchall(
            "SELECT 1 FROM run WHERE session = ? AND run = ?", (session, run)
        ):
            raise SnapshotError(f"{self._path}: session {session} has no run {run} yet")
        await self._point(name, session, run, baseline=False)

    async def move(self, name: str, ref: str) -> str:
        """Points a baseline at what `ref` means; returns the session of before, "" for none."""
        reader = Reader(self._connection, self._path)
        session, meant = await reader.find(ref)
        before = [entry for entry in await reader.snapshots(name) if entry.baseline]
        if before:
            await Removals(self._connection, self._path, self._now).note_move(before[0])
        else:
            point = command_on(self._path, "baseline", "NAME", name)
            await self.need_free(
                name,
                f"a baseline needs a name of its own. `{point}` points one at what has this name",
            )
        await self._point(name, session, meant.run if meant else None, baseline=True)
        return before[0].session if before else ""

    async def need_free(self, name: str, otherwise: str = "") -> None:
        """SnapshotError if there is such a name, with what to do `otherwise`."""
        taken = list(
            await self._connection.execute_fetchall(
                "SELECT created_at FROM name WHERE name = ?", (name,)
            )
        )
        if taken:
            free = command_on(self._path, "rm", name)
            raise SnapshotError(
                f"{self._path}: the name {name!r} is taken (saved {taken[0][0]}): "
                + (otherwise or f"choose another, or free it with `{free}`")
            )

    async def _point(self, name: str, session: str, run: int | None, *, baseline: bool) -> None:
        await self._connection.execute_fetchall(
            "INSERT OR REPLACE INTO name (name, session, run, baseline, created_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (name, session, run, int(baseline), self._now),
        )
