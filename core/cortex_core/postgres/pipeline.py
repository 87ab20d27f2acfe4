"""One connection to the server, on which statements are sent without waiting for answers.

psycopg makes the connection; from then on the event loop drives libpq, through psycopg's `pq`, in
libpq's pipeline mode. A look-up takes 30 to 50 µs that way and 64 at once 36,000 a second, where
psycopg's cursors take 75 to 110 µs and, through its pool, 300 µs and 5,500 a second.
(PostgreSQL's manual, libpq, "Pipeline Mode".)
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGresult

from cortex_core.postgres.failures import FORGOTTEN, LostError, error_of

_BINARY = 1
_FAILED = pq.ExecStatus.FATAL_ERROR
_SKIPPED = pq.ExecStatus.PIPELINE_ABORTED
_END = pq.ExecStatus.PIPELINE_SYNC

Parameters = Sequence[bytes | None]
"""Values in PostgreSQL's binary format."""


class Statement(NamedTuple):
    """SQL, and the name under which a connection prepares it when it is first used; a statement
    without a name is planned each time."""

    sql: bytes
    name: bytes = b""


class Call(NamedTuple):
    """A statement with its parameters."""

    statement: Statement
    parameters: Parameters = ()


class _Group:
    """Calls that are sent together. The first that fails ends them."""

    __slots__ = ("error", "future", "prepares", "results")

    def __init__(
        self, future: asyncio.Future[list[PGresult]] | None, prepares: bytes = b""
    ) -> None:
        self.future = future
        self.prepares = prepares
        self.results: list[PGresult] = []
        self.error: psycopg.Error | None = None


class Pipeline:
    """A connection in pipeline mode, until `close` gives it back as psycopg had it."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection[object],
        loop: asyncio.AbstractEventLoop,
        prepared: set[bytes] | None,
        forgotten: Callable[[], None],
    ) -> None:
        """`prepared` has the names of what this connection has prepared, and is kept up to date;
        without it nothing is prepared. `forgotten` is called when it turns out to be wrong.
        """
        self.connection = connection
        self._pgconn = connection.pgconn
        self._loop = loop
        self._prepared = prepared
        self._forgotten = forgotten
        self._groups: deque[_Group] = deque()
        self._flushing = False
        self._drained: asyncio.Future[None] | None = None
        """Set while somebody waits until nothing is under way."""
        self._lost: LostError | None = None
        self._received_s = loop.time()
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._socket = self._pgconn.socket
        loop.add_reader(self._socket, self._readable)

    @property
    def usable(self) -> bool:
        """Whether the connection is still there, as far as is known."""
        return self._lost is None

    @property
    def prepares(self) -> bool:
        """Whether it prepares the statements that have a name."""
        return self._prepared is not None

    def ask(self, calls: Sequence[Call]) -> asyncio.Future[list[PGresult]]:
        """The results of `calls`, one each, in their order.

        Where no transaction is open, the server makes one of these calls. The future fails with
        the error of the first call that failed; those after it were not made. Raises LostError
        where the connection is known to be lost.
        """
        if self._lost is not None:
            raise self._lost
        pgconn, prepared = self._pgconn, self._prepared
        if not self._groups:
            self._received_s = self._loop.time()
        complete = False
        try:
            if prepared is not None:
                self._prepare(calls, prepared)
            for statement, parameters in calls:
                formats = (_BINARY,) * len(parameters)
                if statement.name and prepared is not None:
                    pgconn.send_query_prepared(statement.name, parameters, formats, _BINARY)
                else:
                    pgconn.send_query_params(statement.sql, parameters, None, formats, _BINARY)
            complete = True
            pgconn.pipeline_sync()
        except psycopg.Error as error:
            self._lose(error)
            raise _lost(error, undone=not complete) from error
        alone = not self._groups
        future: asyncio.Future[list[PGresult]] = self._loop.create_future()
        self._groups.append(_Group(future))
        if alone:
            self._flush()
        elif not self._flushing:
            # At the end of this turn: what else is asked in it goes in the same packet.
            self._flushing = True
            self._loop.call_soon(self._flush)
        return future

    def _prepare(self, calls: Sequence[Call], prepared: set[bytes]) -> None:
        """Send what is needed of the calls and is not prepared, each by itself."""
        for statement, _ in calls:
            name = statement.name
            if name and name not in prepared:
                prepared.add(name)
                self._pgconn.send_prepare(name, statement.sql)
                self._pgconn.pipeline_sync()
                self._groups.append(_Group(None, name))

    async def cancel(self, timeout_s: float) -> bool:
        """Have the server end what it is doing, and wait for that.

        Whether the connection can be used again. Takes twice `timeout_s` at most.
        """
        try:
            await self.connection.cancel_safe(timeout=timeout_s)
        except psycopg.Error:
            return False
        return await self.drained(timeout_s)

    async def drained(self, timeout_s: float) -> bool:
        """Wait for what is under way; whether it ended in time and the connection is usable."""
        if self._groups:
            self._drained = self._loop.create_future()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._drained
            except TimeoutError:
                return False
            finally:
                self._drained = None
        return self._lost is None

    def check(self) -> bool:
        """Whether the server has closed the connection meanwhile. Asks it nothing."""
        # One look reads what the server has sent last, the next one that it has closed.
        for _ in range(2):
            if self._lost is None and not self._groups:
                self._readable()
        return self._lost is None

    def close(self) -> None:
        """Give the connection back to psycopg; a connection with work under way is closed."""
        if self._lost is None and not self._groups:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._pgconn.exit_pipeline_mode()
            self._lost = LostError("this connection was given back")
        else:
            self.abandon()

    @property
    def silent_s(self) -> float:
        """For how long the server has not answered what it was asked."""
        return self._loop.time() - self._received_s if self._groups else 0.0

    def abandon(self, reason: str = "the connection was closed") -> None:
        """Close the connection at once; the server undoes what is not committed."""
        self._lose(psycopg.OperationalError(reason))
        self._pgconn.finish()

    def _flush(self) -> None:
        self._flushing = False
        if self._lost is not None:
            return
        try:
            left = self._pgconn.flush()
        except psycopg.Error as error:
            self._lose(error)
            return
        if left:
            self._flushing = True
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        self._flush()

    def _readable(self) -> None:
        pgconn, groups = self._pgconn, self._groups
        self._received_s = self._loop.time()
        try:
            pgconn.consume_input()
            while groups and not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    continue  # the end of one call's results
                if result.status == _END:
                    self._settle(groups.popleft())
                elif result.status == _FAILED:
                    groups[0].error = error_of(result)
                elif result.status != _SKIPPED:
                    groups[0].results.append(result)
                if pgconn.status == pq.ConnStatus.BAD:
                    raise groups[0].error or psycopg.OperationalError("the connection broke")
        except psycopg.Error as error:
            self._lose(error)
        else:
            self._report_drained()

    def _report_drained(self) -> None:
        if self._drained is not None and not self._groups and not self._drained.done():
            self._drained.set_result(None)

    def _settle(self, group: _Group) -> None:
        if isinstance(group.error, FORGOTTEN):
            self._forgotten()
        elif group.prepares and self._prepared is not None and group.error is not None:
            self._prepared.discard(group.prepares)
        future = group.future
        if future is None or future.done():
            return
        if group.error is not None:
            _fail(future, group.error)
        else:
            future.set_result(group.results)

    def _lose(self, error: psycopg.Error) -> None:
        if self._lost is not None:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        # Answers come in order. Where the server gave a reason, nothing after it was done.
        reason = (self._groups[0].error if self._groups else None) or error
        self._lost = _lost(reason, undone=True)
        while self._groups:
            future = self._groups.popleft().future
            if future is not None and not future.done():
                _fail(future, _lost(reason, undone=reason is not error))
        self._report_drained()


def _fail(future: asyncio.Future[list[PGresult]], error: psycopg.Error) -> None:
    future.set_exception(error)
    # Of calls that fail one after the other somebody looks at the first only: asyncio would report
    # the others as forgotten.
    future.exception()


def _lost(reason: psycopg.Error, *, undone: bool) -> LostError:
    lost = LostError(str(reason).strip())
    lost.__cause__ = reason
    lost.undone = undone
    return lost
