"""The server that other tests use keeps what it should when it ends."""

from __future__ import annotations

import psycopg
import pytest

from tests.postgres_server import PostgresServer


def test_what_was_committed_survives_a_kill_and_a_restart(stoppable_server: PostgresServer) -> None:
    server = stoppable_server
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    server.kill()
    assert not server.running
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)
    server.start()
    server.stop()
    server.start()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
        connection.execute("DROP TABLE kept")
