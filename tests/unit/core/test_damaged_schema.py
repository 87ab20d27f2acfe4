"""A file whose definitions of tables are damaged: SQLite repeats them in its messages, be they text
or not."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cortex_core import (
    CaptureConversation,
    Cortex,
    GetConversationById,
    GetRecentConversations,
    Request,
    SearchContext,
    StoreDamagedError,
)
from cortex_core.sqlite.database import Database

BYTES = [b"\x18", b"\x1b", b"\x00", b'"\n', b"\xce", "\u202e".encode()]
"""Control characters, the end of a text or of a line, what is not UTF-8, and what turns the order
of characters around."""


def damage(path: Path, byte: bytes) -> None:
    """Puts the bytes into the definition of a table; open connections read it again."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'conversations'"
        ).fetchone()
        broken = sql.encode().replace(b"TABLE", byte + b"TABLE", 1)
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        connection.execute(
            "UPDATE sqlite_schema SET sql = CAST(? AS TEXT) WHERE name = 'conversations'",
            (broken,),
        )
        connection.execute(f"PRAGMA schema_version = {version + 1}")


async def make(path: Path) -> None:
    async with Cortex.open(path) as cortex:
        await cortex.send(
            CaptureConversation(id="one", title="a title", content="a slow query", quality=0.9)
        )


@pytest.mark.parametrize("byte", BYTES)
async def test_a_file_that_cannot_be_opened_has_an_error_of_one_line(
    path: Path, byte: bytes
) -> None:
    await make(path)
    damage(path, byte)
    with pytest.raises(StoreDamagedError) as raised:
        await Cortex.open(path)
    assert str(raised.value).isprintable()
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("byte", BYTES)
@pytest.mark.parametrize(
    "request_",
    [
        CaptureConversation(id="two", title="a title", content="a slow query", quality=0.9),
        GetConversationById("one"),
        GetRecentConversations(),
        SearchContext("slow query"),
    ],
    ids=lambda request: type(request).__name__,
)
async def test_a_store_that_is_damaged_while_it_is_open_answers(
    path: Path, byte: bytes, request_: Request[Any]
) -> None:
    """Its threads would otherwise end, and whoever waits for them would wait for ever."""
    await make(path)
    cortex = await Cortex.open(path)
    try:
        damage(path, byte)
        with pytest.raises(StoreDamagedError) as raised:
            async with asyncio.timeout(30):
                await cortex.send(request_)
        assert str(raised.value).isprintable()
    finally:
        await cortex.close()


async def test_a_path_is_shown_on_one_line(path: Path) -> None:
    odd = path.with_name("a\x1b[2J\nfile.db")
    odd.write_text("this is no database, but it is long enough to be looked at as one" * 20)
    with pytest.raises(StoreDamagedError) as raised:
        await Database.open(odd)
    assert str(raised.value).isprintable()
