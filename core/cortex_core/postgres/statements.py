"""What is asked of the tables, as SQL for the schema that a store lives in."""

import secrets
from typing import Generic, TypeVar

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.postgres.pipeline import Call, Statement
from cortex_core.postgres.tables import CONTEXT_ITEMS, CONVERSATIONS, PATTERNS, Table

E = TypeVar("E")


def quoted(name: str) -> str:
    """A name as SQL has it between quotes, where nothing is special but the quote itself."""
    return '"' + name.replace('"', '""') + '"'


class Names:
    """Makes statements; their names are this store's own, as a pool's connections may be shared."""

    def __init__(self, schema: str) -> None:
        self.schema = quoted(schema)
        self._prefix = f"cortex_{secrets.token_hex(4)}_"
        self._made = 0

    def prepared(self, sql: str) -> Statement:
        self._made += 1
        return Statement(sql.encode(), f"{self._prefix}{self._made}".encode())


BEGIN_WRITE = Call(Statement(b"BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"))
BEGIN_READ = Call(Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
COMMIT = Call(Statement(b"COMMIT"))
ROLLBACK = Call(Statement(b"ROLLBACK"))


class TableStatements(Generic[E]):
    """What every table is asked."""

    def __init__(self, names: Names, table: Table[E]) -> None:
        self.table = table
        self.columns = ", ".join(table.columns)
        self.source = f"{names.schema}.{table.name}"
        self.select = f"SELECT {self.columns} FROM {self.source}"
        self.select_with_key = f"SELECT {self.columns}, key FROM {self.source}"
        self.ordered = f"ORDER BY {table.order} DESC, key DESC"
        stored = ", ".join(table.stored)
        values = ", ".join(f"${number}" for number in range(1, len(table.stored) + 1))
        # What is replaced keeps its `created_at`: it is when the id was first stored.
        replaced = [name for name in table.stored if name not in ("id", "created_at")]
        changes = ", ".join(f"{name} = excluded.{name}" for name in replaced)
        self.get = names.prepared(f"{self.select} WHERE id = $1")
        self.get_for_update = names.prepared(f"{self.select} WHERE id = $1 FOR UPDATE")
        self.save = names.prepared(
            f"INSERT INTO {self.source} ({stored}) VALUES ({values}) "
            f"ON CONFLICT (id) DO UPDATE SET {changes}"
        )
        self.delete = names.prepared(f"DELETE FROM {self.source} WHERE id = $1")
        self.count = names.prepared(f"SELECT count(*) FROM {self.source}")

    def limited(self, condition: str, most: int) -> str:
        """SQL for the first rows that fit, in the table's order."""
        return f"{self.select} WHERE {condition} {self.ordered} LIMIT {int(most)}"


class ConversationStatements(TableStatements[Conversation]):
    def __init__(self, names: Names) -> None:
        super().__init__(names, CONVERSATIONS)
        self.recent = names.prepared(f"{self.select} {self.ordered} LIMIT $1")
        self.recent_in = names.prepared(
            f"{self.select} WHERE namespace = $1 {self.ordered} LIMIT $2"
        )


class PatternStatements(TableStatements[Pattern]):
    def __init__(self, names: Names) -> None:
        super().__init__(names, PATTERNS)
        self.in_namespace = names.prepared(
            f"{self.select} WHERE namespace = $1 AND confidence >= $2 {self.ordered} LIMIT $3"
        )
        self.learned_from = names.prepared(
            f"{self.select} WHERE source_conversation_id = $1 ORDER BY key"
        )


class Statements:
    """All that a store in one schema asks."""

    def __init__(self, schema: str) -> None:
        names = Names(schema)
        self.schema = names.schema
        self.conversations = ConversationStatements(names)
        self.patterns = PatternStatements(names)
        self.context_items = TableStatements[ContextItem](names, CONTEXT_ITEMS)
