"""The ops that are one statement each: what they ask, and what the answer comes to."""

from collections.abc import Callable
from typing import Any, NamedTuple

from psycopg.pq.abc import PGresult

from cortex_core import ops
from cortex_core.postgres.conditions import compiled
from cortex_core.postgres.pipeline import Call, Statement
from cortex_core.postgres.statements import Statements, TableStatements
from cortex_core.postgres.values import real, to_whole, wanted, whole


class Question(NamedTuple):
    """A statement, and how its result is read."""

    call: Call
    read: Callable[[PGresult], Any]


Asks = Callable[[Any], Question | None]
"""The question of an op, or None where one statement does not do."""


def counted(result: PGresult) -> int:
    """The number in the result of a statement that counts."""
    data = result.get_value(0, 0)
    assert data is not None
    return to_whole(data)


def look_ups(statements: Statements) -> dict[type[Any], Asks]:
    """Those that take so little time that one connection serves all of them."""
    return {
        ops.GetConversation: _gets(statements.conversations),
        ops.GetPattern: _gets(statements.patterns),
        ops.GetContextItem: _gets(statements.context_items),
    }


def reads(statements: Statements) -> dict[type[Any], Asks]:
    """Those that may take longer."""
    conversations, patterns = statements.conversations, statements.patterns

    def recent(op: ops.RecentConversations) -> Question:
        most = whole(op.max_results)
        if op.namespace is None:
            call = Call(conversations.recent, (most,))
        else:
            call = Call(conversations.recent_in, (wanted(op.namespace), most))
        return Question(call, conversations.table.entities)

    def in_namespace(op: ops.PatternsInNamespace) -> Question:
        parameters = (wanted(op.namespace), real(op.min_confidence), whole(op.max_results))
        return Question(Call(patterns.in_namespace, parameters), patterns.table.entities)

    return {
        ops.RecentConversations: recent,
        ops.PatternsInNamespace: in_namespace,
        ops.CountConversations: _counts(conversations),
        ops.CountPatterns: _counts(patterns),
        ops.CountContextItems: _counts(statements.context_items),
        ops.FindConversations: _finds(conversations),
        ops.FindPatterns: _finds(patterns),
        ops.FindContextItems: _finds(statements.context_items),
    }


def _gets(statements: TableStatements[Any]) -> Asks:
    read = statements.table.entity
    return lambda op: Question(Call(statements.get, (wanted(op.id),)), read)


def _counts(statements: TableStatements[Any]) -> Asks:
    return lambda op: Question(Call(statements.count), counted)


def _finds(statements: TableStatements[Any]) -> Asks:
    def find(op: Any) -> Question | None:
        condition = compiled(op.specification, statements.table)
        if not condition.exact:
            return None  # Python has to choose among the rows, so they are fetched by parts
        sql = statements.limited(condition.sql, op.max_results)
        call = Call(Statement(sql.encode()), condition.parameters)
        return Question(call, statements.table.entities)

    return find
