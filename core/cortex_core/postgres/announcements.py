"""Events across processes, by the server's LISTEN and NOTIFY.

A transaction notifies with the events of its units, so the others get them exactly where it was
committed, in the order of commits. A notification has at most 8,000 bytes: events are divided into
pieces. What is committed while a listener has no connection does not reach it.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection, Notify
from psycopg.sql import SQL, Identifier

from cortex_core import events as kinds
from cortex_core.events import Event
from cortex_core.ports import Publish
from cortex_core.postgres.address import Address
from cortex_core.postgres.pipeline import Call, Statement

log = logging.getLogger("cortex_core.events")

PIECE_MOST = 1_900
"""Characters of a piece: UTF-8 has at most four bytes for each."""

_NOTIFY = Statement(b"SELECT pg_notify($1::text, $2::text)")
_PAUSE_S = 1.0

_TYPES: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in vars(kinds).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}


class Announcements:
    """Those of the stores that live in one schema and were opened to share their events."""

    def __init__(self, address: Address, publish: Publish) -> None:
        self._address = address
        self._publish = publish
        # A name has at most 63 bytes, as the schema's may have by itself.
        self._channel = f"cortex_{hashlib.sha256(address.schema.encode()).hexdigest()[:32]}"
        self._me = secrets.token_hex(8)
        self._pieces: dict[str, list[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def calls(self, events: Sequence[Event]) -> list[Call]:
        """What a transaction asks to announce its events when it is committed."""
        if not events:
            return []
        listed = [[type(event).__name__, event] for event in events]
        text = msgspec.json.encode(listed).decode()
        pieces = [text[at : at + PIECE_MOST] for at in range(0, len(text), PIECE_MOST)]
        return [
            # Equal notifications of a transaction would be one, but the pieces are numbered.
            Call(_NOTIFY, (self._channel.encode(), self._payload(number, pieces).encode()))
            for number in range(len(pieces))
        ]

    def _payload(self, number: int, pieces: Sequence[str]) -> str:
        return f"{self._me} {len(pieces) - 1 - number} {pieces[number]}"

    async def start(self) -> None:
        """Listen, from now on. Raises psycopg's errors where the server cannot be reached."""
        connection = await self._listening()
        self._task = asyncio.get_running_loop().create_task(
            self._run(connection), name="cortex-core events"
        )

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _listening(self) -> AsyncConnection[Any]:
        settings = self._address.settings
        connection = await AsyncConnection.connect(self._address.url, **settings)
        try:
            await connection.execute(SQL("LISTEN {}").format(Identifier(self._channel)))
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _run(self, connection: AsyncConnection[Any] | None) -> None:
        while True:
            try:
                connection = connection or await self._listening()
                async with connection:
                    async for notification in connection.notifies():
                        self._receive(notification)
            except psycopg.Error as error:
                log.warning("events of others are missed until the server is back: %s", error)
            connection = None
            self._pieces.clear()
            await asyncio.sleep(_PAUSE_S)

    def _receive(self, notification: Notify) -> None:
        sender, left, piece = notification.payload.split(" ", 2)
        if sender == self._me:
            return
        pieces = self._pieces.setdefault(sender, [])
        pieces.append(piece)
        if left == "0":
            del self._pieces[sender]
            self._publish(_decoded("".join(pieces)))


def _decoded(text: str) -> Iterable[Event]:
    """The events of a text; kinds that a newer version has are left out."""
    for name, fields in msgspec.json.decode(text):
        if kind := _TYPES.get(name):
            yield msgspec.convert(fields, kind)
