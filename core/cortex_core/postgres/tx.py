"""A unit's transaction: what the port's repositories do, as statements of a transaction."""

from collections.abc import Iterator
from functools import partial
from typing import Generic, TypeVar

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.specification import Specification, check_fields
from cortex_core.events import Event
from cortex_core.postgres.conditions import Condition, compiled, satisfying
from cortex_core.postgres.greenlets import in_thread
from cortex_core.postgres.pipeline import Call, Statement
from cortex_core.postgres.questions import counted
from cortex_core.postgres.searches import search_conversations, search_patterns
from cortex_core.postgres.statements import (
    ConversationStatements,
    PatternStatements,
    Statements,
    TableStatements,
)
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.values import real, wanted, whole
from cortex_core.search import Check, ConversationSearch, PatternSearch, SearchHits, SimilarPattern

E = TypeVar("E")

_FETCHED_AT_ONCE = 200


class _Repository(Generic[E]):
    def __init__(
        self, transaction: Transaction, statements: TableStatements[E], check: Check
    ) -> None:
        self._transaction = transaction
        self._statements = statements
        self._check = check
        self._table = statements.table

    def get(self, entity_id: str, /, *, for_update: bool = False) -> E | None:
        statements = self._statements
        statement = statements.get_for_update if for_update else statements.get
        return self._table.entity(self._transaction.ask(Call(statement, (wanted(entity_id),))))

    def find(self, specification: Specification, max_results: int) -> tuple[E, ...]:
        check_fields(specification, self._table.entity_type)
        condition = compiled(specification, self._table)
        found = self._found(condition, max_results)
        return tuple(satisfying(found, specification, condition, max_results))

    def count(self) -> int:
        return counted(self._transaction.ask(Call(self._statements.count)))

    def save(self, entity: E, /) -> None:
        make_row = partial(self._table.row, entity)
        row = in_thread(make_row) if self._table.is_long(entity) else make_row()
        self._transaction.write(Call(self._statements.save, row))

    def delete(self, entity_id: str, /) -> bool:
        self._transaction.writes += 1
        call = Call(self._statements.delete, (wanted(entity_id),))
        return bool(self._transaction.ask(call).command_tuples)

    def _found(self, condition: Condition, max_results: int) -> Iterator[E]:
        """The rows that fit, in the table's order; all of them where Python has to choose."""
        if condition.exact:
            limited = Statement(self._statements.limited(condition.sql, max_results).encode())
            yield from self._table.entities(
                self._transaction.ask(Call(limited, condition.parameters))
            )
            return
        sql = f"{self._statements.select} WHERE {condition.sql} {self._statements.ordered}"
        cursor = self._transaction.fresh_name()
        declare = Statement(f"DECLARE {cursor} NO SCROLL CURSOR FOR {sql}".encode())
        self._transaction.ask(Call(declare, condition.parameters))
        fetch = Call(Statement(f"FETCH {_FETCHED_AT_ONCE} FROM {cursor}".encode()))
        while entities := self._table.entities(self._transaction.ask(fetch)):
            for entity in entities:
                self._check()
                yield entity


class PostgresConversations(_Repository[Conversation]):
    _statements: ConversationStatements

    def recent(self, max_results: int, namespace: str | None = None) -> tuple[Conversation, ...]:
        if namespace is None:
            call = Call(self._statements.recent, (whole(max_results),))
        else:
            call = Call(self._statements.recent_in, (wanted(namespace), whole(max_results)))
        return self._table.entities(self._transaction.ask(call))


class PostgresPatterns(_Repository[Pattern]):
    _statements: PatternStatements

    def in_namespace(
        self, namespace: str, min_confidence: float, max_results: int
    ) -> tuple[Pattern, ...]:
        parameters = (wanted(namespace), real(min_confidence), whole(max_results))
        return self._table.entities(
            self._transaction.ask(Call(self._statements.in_namespace, parameters))
        )

    def learned_from(self, conversation_id: str, /) -> tuple[Pattern, ...]:
        call = Call(self._statements.learned_from, (wanted(conversation_id),))
        return self._table.entities(self._transaction.ask(call))


class PostgresTx:
    """One unit's transaction, as long as the unit runs."""

    __slots__ = ("_check", "_statements", "_transaction", "events")

    def __init__(
        self,
        transaction: Transaction,
        statements: Statements,
        check: Check = lambda: None,
    ) -> None:
        """`check` raises when the unit must stop; it is called while Python looks at rows."""
        self._check = check
        self._transaction = transaction
        self._statements = statements
        self.events: list[Event] = []

    @property
    def conversations(self) -> PostgresConversations:
        return PostgresConversations(self._transaction, self._statements.conversations, self._check)

    @property
    def patterns(self) -> PostgresPatterns:
        return PostgresPatterns(self._transaction, self._statements.patterns, self._check)

    @property
    def context_items(self) -> _Repository[ContextItem]:
        return _Repository(self._transaction, self._statements.context_items, self._check)

    def search_conversations(self, search: ConversationSearch) -> SearchHits:
        return search_conversations(search, self._transaction, self._statements, self._check)

    def search_patterns(self, search: PatternSearch) -> tuple[SimilarPattern, ...]:
        return search_patterns(search, self._transaction, self._statements, self._check)

    def record(self, event: Event) -> None:
        self.events.append(event)
