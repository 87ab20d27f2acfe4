"""The store's port on SQLite."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from cortex_core.addresses import MEMORY
from cortex_core.domain.plain import returned
from cortex_core.errors import StoreError
from cortex_core.events import Event
from cortex_core.ports import Capabilities, Op, Publish, ReadTx, Tx
from cortex_core.search import Check, ConversationSearch, PatternSearch, SearchHits, SimilarPattern
from cortex_core.sqlite.context_items import SqliteContextItems
from cortex_core.sqlite.conversation_search import search_conversations
from cortex_core.sqlite.conversations import SqliteConversations
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.pattern_search import search_patterns
from cortex_core.sqlite.patterns import SqlitePatterns

T = TypeVar("T")


class SqliteTx:
    """One unit's transaction; lives on its connection's thread, as long as the unit runs."""

    __slots__ = ("_check", "_connection", "events")

    def __init__(self, connection: sqlite3.Connection, check: Check | None = None) -> None:
        """`check` raises when the unit must stop; it is called while Python looks at rows."""
        self._connection = connection
        self._check = check
        self.events: list[Event] = []

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """One statement of this transaction.

        Some errors, such as a full disk, roll all of it back. A unit that caught one must not
        continue: what it then did would be kept without what it did before.
        """
        if not self._connection.in_transaction:
            raise StoreError(
                "the unit caught an error that rolled its transaction back: it must not be caught"
            )
        return self._connection.execute(sql, parameters)

    @property
    def conversations(self) -> SqliteConversations:
        return SqliteConversations(self.execute, self._check)

    @property
    def patterns(self) -> SqlitePatterns:
        return SqlitePatterns(self.execute, self._check)

    @property
    def context_items(self) -> SqliteContextItems:
        return SqliteContextItems(self.execute, self._check)

    def record(self, event: Event) -> None:
        self.events.append(event)


class _Write(Generic[T]):
    """Runs a unit, and remembers what to publish once it is committed."""

    __slots__ = ("_events", "_publish", "_unit")

    def __init__(self, unit: Callable[[Tx], T], publish: Publish) -> None:
        self._unit = unit
        self._publish = publish
        self._events: list[Event] = []

    def __call__(self, connection: sqlite3.Connection) -> T:
        tx = SqliteTx(connection)
        # Set anew on every run: what a run recorded that was rolled back did not happen.
        self._events = tx.events
        return returned("unit", self._unit(tx))

    def committed(self) -> None:
        if self._events:
            self._publish(self._events)


def _run(
    unit: Callable[[ReadTx], T], connection: sqlite3.Connection, check: Check | None = None
) -> T:
    """Run a unit that only reads."""
    return returned("unit", unit(SqliteTx(connection, check)))


class _SeveralStatementsError(StoreError):
    pass


class _OneStatementTx(SqliteTx):
    """Lets a unit run one statement, which needs no transaction to see one moment."""

    __slots__ = ("_used",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._used = False

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        if self._used:
            raise _SeveralStatementsError("the unit runs more than one statement")
        self._used = True
        return self._connection.execute(sql, parameters)


def _look_up(unit: Callable[[ReadTx], T], connection: sqlite3.Connection) -> T:
    """Run a unit that gets a few entities: nearly always one, by one statement."""
    if connection.in_transaction:
        return _run(unit, connection)
    try:
        return returned("unit", unit(_OneStatementTx(connection)))
    except _SeveralStatementsError:
        connection.execute("BEGIN")
        try:
            return _run(unit, connection)
        finally:
            _end(connection)


def _end(connection: sqlite3.Connection) -> None:
    """End a transaction that only read, if no error has."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


class SqliteStore:
    """Units and searches on a Database; `publish` gets the events of what was committed."""

    def __init__(self, database: Database, publish: Publish) -> None:
        self.database = database
        self._publish = publish

    @property
    def capabilities(self) -> Capabilities:
        on_disk = self.database.path != MEMORY
        return Capabilities(
            persistent=on_disk,
            across_processes=on_disk,
            remote=False,
        )

    def ask(self, op: Op[T]) -> Awaitable[T]:
        return op.through(self)

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        write = _Write(unit, self._publish)
        return self.database.write(write, write.committed)

    def read(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self.database.read(partial(_run, unit, check=self.database.read_check()))

    def scan(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self.database.scan(partial(_run, unit))

    def look_up(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self.database.look_up(partial(_look_up, unit))

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        return self.database.search(partial(search_conversations, search))

    def search_patterns(self, search: PatternSearch) -> Awaitable[tuple[SimilarPattern, ...]]:
        return self.database.search(partial(search_patterns, search))

    async def close(self) -> None:
        await self.database.close()
