"""What a person wrote about sessions: their notes and tags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.sqlite import rows
from cortex_tui.text import encodable


class Remarks:
    """Changes within a transaction of the caller's, to sessions that there are."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def change_tags(
        self, session: str, add: Sequence[str], remove: Sequence[str]
    ) -> tuple[str, ...]:
        """Returns all that the session has then, the newest last."""
        found = await self._value("tags", session)
        try:
            before = rows.texts_of(found, self._path)
        except SnapshotError:
            before = ()  # what is damaged is written anew
        tags = tuple(tag for tag in dict.fromkeys([*before, *add]) if tag not in remove)
        await self._write("tags", session, rows.texts_text(tags))
        return tags

    async def set_note(self, session: str, note: str) -> None:
        await self._write("note", session, str(encodable(note)))

    async def add_note(self, session: str, note: str) -> None:
        """Behind the one that there is, unless it is the same."""
        before = str(await self._value("note", session))
        if note and note != before:
            await self.set_note(session, f"{before}; {note}" if before else note)

    async def _value(self, column: str, session: str) -> object:
        found = await self._connection.execute_fetchall(
            f"SELECT {column} FROM overview WHERE session = ?", (session,)
        )
        return next((value for (value,) in found), "")

    async def _write(self, column: str, session: str, value: str) -> None:
        await self._connection.execute_fetchall(
            f"UPDATE overview SET {column} = ? WHERE session = ?", (value, session)
        )
