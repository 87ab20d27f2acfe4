"""The core's own table of conversations behind SQLAlchemy and advanced-alchemy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cortex_core import Conversation
from cortex_core.sqlite.full_text import add_word_functions
from cortex_core.sqlite.moments import to_us
from cortex_core.words import index_text


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    content: Mapped[str]
    quality: Mapped[float]
    turn_count: Mapped[int]
    entity_count: Mapped[int]
    file_path: Mapped[str | None]
    namespace: Mapped[str]
    captured_at_us: Mapped[int]
    created_at_us: Mapped[int]
    updated_at_us: Mapped[int]


class Repository(SQLAlchemyAsyncRepository[Any]):
    model_type = Row


def row(conversation: Conversation) -> Row:
    return Row(
        id=conversation.id,
        title=conversation.title,
        content=conversation.content,
        quality=conversation.quality,
        turn_count=conversation.turn_count,
        entity_count=conversation.entity_count,
        file_path=conversation.file_path,
        namespace=conversation.namespace,
        captured_at_us=to_us(conversation.captured_at),
        created_at_us=to_us(conversation.created_at),
        updated_at_us=to_us(conversation.updated_at),
    )


class Mapper(Protocol):
    """Each call is one operation in a session of its own, as a request handler has it.

    Capturing takes the place of what has the same id, as the core's command does.
    """

    async def get(self, conversation_id: str) -> None: ...

    async def capture(self, conversation: Conversation) -> None: ...


class WithSessions:
    def __init__(self, sessions: Any) -> None:
        self._session = sessions

    async def get(self, conversation_id: str) -> None:
        async with self._session() as session:
            found = await session.get(Row, conversation_id)
            assert found is not None

    async def capture(self, conversation: Conversation) -> None:
        async with self._session() as session:
            await session.merge(row(conversation))
            await session.commit()


class WithRepositories:
    def __init__(self, sessions: Any) -> None:
        self._session = sessions

    async def get(self, conversation_id: str) -> None:
        async with self._session() as session:
            found = await Repository(session=session).get(conversation_id)
            assert found is not None

    async def capture(self, conversation: Conversation) -> None:
        async with self._session() as session:
            await Repository(session=session).upsert(row(conversation), auto_commit=True)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[dict[str, Mapper]]:
    """Both, on a file that the core has made, with the core's own pragmas
    and its words for the text index."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, record: object) -> None:
        # The core's triggers call these for the words of its text index.
        connection.create_function("cortex_words", 1, index_text, deterministic=True)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.close()
        add_word_functions(connection)

    sessions = async_sessionmaker(engine, expire_on_commit=False)
    try:
        yield {"SQLAlchemy": WithSessions(sessions), "advanced-alchemy": WithRepositories(sessions)}
    finally:
        await engine.dispose()
