"""Turns what the server reports into the errors of the store's port."""

import psycopg
from psycopg import errors
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

from cortex_core.errors import (
    SearchTimeoutError,
    StoreBusyError,
    StoreConflictError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from cortex_core.lines import one_line


class LostError(psycopg.OperationalError):
    """The connection to the server is gone.

    Where the server gave the reason before it closed (`undone`), what it was asked and had not
    answered was not done. Otherwise that is unknown.
    """

    undone = False


FORGOTTEN = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)
"""A connection has not prepared what it should have, or has already: somebody discards what is
prepared (DISCARD ALL), or is between the connection and the server (a pooler of transactions)."""

RETRIED = (errors.SerializationFailure, errors.DeadlockDetected, *FORGOTTEN)
"""After these, the same transaction may succeed when it is run again."""

_UNAVAILABLE = (StoreUnavailableError, "the server cannot be reached")
_DAMAGED = (StoreDamagedError, "the server's files are damaged")
_CONFLICT = (StoreConflictError, "other transactions were in the way each time")

# By SQLSTATE, or by its first characters: PostgreSQL's manual, appendix A.
_BY_STATE: dict[str, tuple[type[StoreError], str]] = {
    "08": _UNAVAILABLE,
    "25006": (StoreUnavailableError, "the server does not accept writes"),
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    "53": (StoreFullError, "the server has no room left"),
    "53300": (StoreBusyError, "the server has no connection left"),
    "55P03": (StoreBusyError, "another client locked what was to be changed"),
    "57014": (SearchTimeoutError, "the server stopped the statement"),
    "57P": _UNAVAILABLE,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
_ANY = (StoreError, "the store failed")
_REFUSED = (StoreError, "the server refuses the connection")
_REFUSALS = ("FATAL: ", "no password supplied")
_FOR_NOW = ("starting up", "shutting down", "recovery mode", "too many", "remaining connection")
"""In the text of a refusal that does not last."""


def error_of(result: PGresult) -> psycopg.Error:
    """The error that a result of the server stands for, by its SQLSTATE."""
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode("ascii", "replace")
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode(
        "utf-8", "replace"
    )
    try:
        kind = errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError
    return kind(message or result.get_error_message("utf-8"))


def translated(error: BaseException) -> BaseException:
    """`error` as a caller of the store should see it; the original is its cause."""
    if isinstance(error, StopIteration):
        # A future refuses it: it would end the coroutine that awaits as if it had returned.
        stopped = RuntimeError("a unit raised StopIteration")
        stopped.__cause__ = error
        return stopped
    if not isinstance(error, psycopg.Error):
        return error
    kind, reason = _meaning(error)
    store_error = kind(f"{reason}: {one_line(str(error))}")
    store_error.__cause__ = error
    return store_error


def _meaning(error: psycopg.Error) -> tuple[type[StoreError], str]:
    if isinstance(error, LostError):
        return StoreUnavailableError, "the connection to the server broke"
    state = error.sqlstate
    if state is None and isinstance(error, psycopg.OperationalError):
        # While connecting there is no state, only the server's text if it did answer.
        has = str(error).__contains__
        refused = any(map(has, _REFUSALS)) and not any(map(has, _FOR_NOW))
        return _REFUSED if refused else _UNAVAILABLE
    if state is None:
        return _ANY
    for length in (5, 3, 2):
        if state[:length] in _BY_STATE:
            return _BY_STATE[state[:length]]
    return _ANY
