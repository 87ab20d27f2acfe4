"""`hosts.toml`: the machines that are reached by SSH."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cortex_tui.limits import MAX_PROCESSES
from cortex_tui.toml.file import toml_bytes, toml_table
from cortex_tui.toml.reading import (
    TEXT,
    Key,
    RefusedError,
    Schema,
    counts,
    read_count,
    read_keys,
    read_table,
    read_text,
    table_schema,
    unknown_key,
)
from cortex_tui.toml.words import shown

MAX_HOSTS = 64
_PORTS = 65_535


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, and how it is reached. What is "" or None is as SSH has it by itself: from the
    user's own configuration, agent and keys."""

    name: str
    address: str
    port: int | None = None
    user: str = ""
    key: str = ""
    """The file of a private key, absolute."""
    known_hosts: str = ""
    """A file with the keys of hosts, absolute."""
    python: str = "python3"
    """An interpreter there that has this program installed."""
    runners: int = 1
    """How many processes measure on it."""


def _given(value: object, path: str) -> str:
    text = read_text(value, path)
    if not text or not text.isprintable() or text.startswith("-"):
        # ssh would take it for one of its options.
        raise RefusedError(path, f"expected text that begins with no hyphen, got {shown(value)}")
    return text


def _file(value: object, path: str) -> str:
    """Of this machine; `~` is the user's folder."""
    file = os.path.abspath(os.path.expanduser(_given(value, path)))
    if not os.path.isfile(file):
        raise RefusedError(path, f"expected a file, found none at {file}")
    return file


def _port(value: object, path: str) -> int:
    return read_count(value, path, _PORTS)


def _runners(value: object, path: str) -> int:
    return read_count(value, path, MAX_PROCESSES)


_SHARED = {
    "port": Key(_port, counts(1, _PORTS), "The port of its SSH server."),
    "user": Key(_given, TEXT, "Who logs in there."),
    "key": Key(_file, TEXT, "The file of the private key that logs in; never a password."),
    "known_hosts": Key(_file, TEXT, "The file with the keys by which hosts are known."),
    "python": Key(_given, TEXT, "An interpreter there that has cortex-tui installed."),
    "runners": Key(_runners, counts(1, MAX_PROCESSES), "How many processes measure on it."),
}
"""What `[defaults]` may have, too."""
MACHINE_KEYS = {
    "address": Key(_given, TEXT, "Its name or number in the network; by default its own name."),
    **_SHARED,
}
"""Every key of `[machine.NAME]`."""
_TABLES = ("defaults", "machine")


def read_hosts(file: Path) -> tuple[Host, ...]:
    """The machines of a file, in the order in which they stand there.

    Raises RefusedError, with the key that is wrong and without the name of the file.
    """
    table = toml_table(toml_bytes(file))
    for name in table:
        if name not in _TABLES:
            raise unknown_key(name, name, _TABLES)
    defaults = read_keys(table.get("defaults", {}), "defaults", _SHARED)
    machines = read_table(table.get("machine", {}), "machine")
    if not machines:
        raise RefusedError("", "expected a table [machine.NAME], there is none")
    if len(machines) > MAX_HOSTS:
        raise RefusedError("machine", f"expected at most {MAX_HOSTS}, got {len(machines)}")
    hosts: list[Host] = []
    for name, settings in machines.items():
        path = f"machine.{name}"
        own = read_keys(settings, path, MACHINE_KEYS)
        hosts.append(Host(name=_given(name, path), **{"address": name, **defaults, **own}))
    _refuse_twice(hosts)
    return tuple(hosts)


def _refuse_twice(hosts: list[Host]) -> None:
    """One machine under two names would count as two, and its runners would disturb each other."""
    seen: dict[tuple[str, int | None], str] = {}
    for host in hosts:
        first = seen.setdefault((host.address, host.port), host.name)
        if first != host.name:
            raise RefusedError(
                f"machine.{host.name}.address",
                f"{shown(host.address)} is the address of {first}, too; for more processes "
                "there, set runners",
            )


def hosts_schema() -> Schema:
    """The JSON Schema of a file of hosts."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Machines that cortex-tui reaches by SSH",
        "type": "object",
        "properties": {
            "defaults": {**table_schema(_SHARED), "description": "For all machines."},
            "machine": {
                "type": "object",
                "description": "The machines, by name.",
                "minProperties": 1,
                "maxProperties": MAX_HOSTS,
                "additionalProperties": table_schema(MACHINE_KEYS),
            },
        },
        "required": ["machine"],
        "additionalProperties": False,
    }
