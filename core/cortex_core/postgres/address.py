"""Where a store is: the server's address, and the schema in the database there."""

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from cortex_core.addresses import shown
from cortex_core.errors import UnknownStoreError

DEFAULT_SCHEMA = "cortex"

_HOST = r"(?:\[[^\[\]@/?]*\]|[^\[\]:,@/?]*)(?::[0-9]*)?"
_BEFORE_PARAMETERS = re.compile(
    rf"(?i:postgres(?:ql)?)://(?:[^:@/?]*(?::[^@/?]*)?@)?{_HOST}(?:,{_HOST})*(?:/[^@?]*)?",
    re.DOTALL,
)
_PARAMETER = re.compile(r"\w+=.*", re.ASCII | re.DOTALL)
_NOT_ESCAPED = re.compile(r"\s|\0|%00|%(?![0-9A-Fa-f]{2})")

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

        Raises UnknownStoreError where it cannot be divided so, the schema has no name that
        PostgreSQL allows, or `events` is neither `own` nor `shared`.
        """
        _check(url)
        base, given = _divided(url)
        schema = next((value for name, value in given if name == _SCHEMA), DEFAULT_SCHEMA)
        check_schema(schema)
        events = next((value for name, value in given if name == _EVENTS), "own")
        if events not in ("own", "shared"):
            raise UnknownStoreError(f"events: expected own or shared, got {events!r}")
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


def check_schema(name: str) -> None:
    """Raises UnknownStoreError where PostgreSQL does not allow a schema that name."""
    if not _is_utf8(name) or not 0 < len(name.encode()) < 64 or "\0" in name:
        raise UnknownStoreError(f"schema: expected a name of 1 to 63 bytes, got {name!r}")
    if name.startswith("pg_"):
        raise UnknownStoreError(f"schema: names that begin with pg_ are the server's, got {name!r}")


def _check(url: str) -> None:
    """Raises UnknownStoreError where it is not certain what is the password: whoever connects, or
    reports an error, would take a part of it for something else, and show that."""
    base, _, query = url.partition("?")
    if (
        not _BEFORE_PARAMETERS.fullmatch(base)
        or _NOT_ESCAPED.search(base)
        or not all(map(_PARAMETER.fullmatch, filter(None, query.split("&"))))
        or "%00" in query
        or not _is_utf8(url)
    ):
        raise UnknownStoreError(
            "expected a URL such as postgresql://user:password@host:5432/database?schema=name, in "
            "which special characters are written as in %40 for @, got one that is not shown, as "
            "it may have a password in any of its parts"
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _divided(url: str) -> tuple[str, list[tuple[str, str]]]:
    """What is before the parameters, and the parameters."""
    base, _, query = url.partition("?")
    scheme, separator, rest = base.partition("://")
    # To libpq, a plus is no blank, and a scheme has small letters.
    parameters = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    return f"{scheme.lower()}{separator}{rest}", parameters


def _joined(base: str, parameters: list[tuple[str, str]]) -> str:
    query = urlencode(parameters, quote_via=quote)
    return f"{base}?{query}" if query else base
