"""Where a store is: the server's address, and the schema in the database there."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from cortex_core.addresses import shown

DEFAULT_SCHEMA = "cortex"

_SCHEMA = "schema"
_EVENTS = "events"

_DEFAULTS = {
    "application_name": "cortex-core",
    "connect_timeout": 10,
    # A server that has vanished is noticed after a minute, not after two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


class Address(NamedTuple):
    """A URL for libpq, and a schema."""

    url: str
    schema: str
    shares_events: bool = False

    @classmethod
    def parsed(cls, url: str) -> "Address":
        """Of `postgresql://user@host/database?schema=name&events=shared`; other parameters are
        libpq's.

        Raises ValueError where the schema has no name that PostgreSQL allows, or `events` is
        neither `own` nor `shared`.
        """
        base, given = _divided(url)
        schema = next((value for name, value in given if name == _SCHEMA), DEFAULT_SCHEMA)
        if not 0 < len(schema.encode()) < 64 or "\0" in schema:
            raise ValueError(f"schema: expected a name of 1 to 63 bytes, got {schema!r}")
        if schema.startswith("pg_"):
            raise ValueError(f"schema: names that begin with pg_ are the server's, got {schema!r}")
        events = next((value for name, value in given if name == _EVENTS), "own")
        if events not in ("own", "shared"):
            raise ValueError(f"events: expected own or shared, got {events!r}")
        rest = [pair for pair in given if pair[0] not in (_SCHEMA, _EVENTS)]
        return cls(_joined(base, rest), schema, events == "shared")

    @property
    def settings(self) -> dict[str, Any]:
        """How a connection is made, for psycopg; what the URL says itself is left to it."""
        given = {name for name, _ in _divided(self.url)[1]}
        defaults = {name: value for name, value in _DEFAULTS.items() if name not in given}
        return {"autocommit": True, "client_encoding": "utf8", **defaults}

    @property
    def shown(self) -> str:
        """For messages: without a password."""
        return shown(_divided(self.url)[0])


def with_schema(url: str, schema: str) -> str:
    """The same server, another schema."""
    base, given = _divided(url)
    return _joined(base, [*(pair for pair in given if pair[0] != _SCHEMA), (_SCHEMA, schema)])


def _divided(url: str) -> tuple[str, list[tuple[str, str]]]:
    """What is before the parameters, and the parameters."""
    base, _, query = url.partition("?")
    return base, parse_qsl(query, keep_blank_values=True)


def _joined(base: str, parameters: list[tuple[str, str]]) -> str:
    query = urlencode(parameters, quote_via=quote)
    return f"{base}?{query}" if query else base
