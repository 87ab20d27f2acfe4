"""`hosts.toml`: the machines that are reached by SSH."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cortex_tui.limits import MAX_PROCESSES
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.toml.file import lines_of_errors, toml_bytes, toml_table
from cortex_tui.toml.reading import (
    TEXT,
    Key,
    KeyPath,
    RefusedError,
    Schema,
    counts,
    read_count,
    read_keys,
    read_table,
    read_text,
    refuse_all,
    table_schema,
    unknown_key,
)
from cortex_tui.toml.words import shown

T = TypeVar("T")

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


def hosts_of(file: str) -> tuple[Host, ...]:
    """The machines of a file that a person named; raises ClusterError with all that is wrong in it,
    each with its line."""
    try:
        return read_hosts(Path(file))
    except RefusedError as error:
        refused = (error, *error.others)
        lines = lines_of_errors(_data_of(file), [each.key for each in refused])
        found = [
            f"{file}{f':{line}' if line else ''}: {each}"
            for line, each in zip(lines, refused, strict=True)
        ]
        raise ClusterError("; ".join(found)) from None


def _data_of(file: str) -> bytes:
    try:
        return toml_bytes(Path(file))
    except RefusedError:  # that is what is wrong with it
        return b""


def read_hosts(file: Path) -> tuple[Host, ...]:
    """The machines of a file, in the order in which they stand there.

    Raises RefusedError for all that is wrong, with the keys and without the name of the file.
    """
    table = toml_table(toml_bytes(file))
    refused = [unknown_key(name, name, _TABLES) for name in table if name not in _TABLES]
    defaults = _tried(refused, lambda: read_keys(table.get("defaults", {}), "defaults", _SHARED))
    machines = _tried(refused, lambda: read_table(table.get("machine", {}), "machine"))
    if machines == {}:
        refused.append(RefusedError("", "expected a table [machine.NAME], there is none"))
    if len(machines or ()) > MAX_HOSTS:
        text = f"expected at most {MAX_HOSTS}, got {len(machines or ())}"
        raise RefusedError("machine", text, refused)
    hosts: list[Host] = []
    for name, settings in (machines or {}).items():
        host = _tried(refused, partial(_host, name, settings, defaults or {}))
        if host is not None:
            hosts.append(host)
    refuse_all(refused)
    _refuse_twice(hosts)
    return tuple(hosts)


def _host(name: str, settings: object, defaults: dict[str, Any]) -> Host:
    path = KeyPath("machine", name)
    own = read_keys(settings, path, MACHINE_KEYS)
    return Host(name=_given(name, path), **{"address": name, **defaults, **own})


def _tried(refused: list[RefusedError], read: Callable[[], T]) -> T | None:
    """What is read; None where it is wrong, which is then among `refused`."""
    try:
        return read()
    except RefusedError as error:
        refused += [error, *error.others]
        return None


def _refuse_twice(hosts: list[Host]) -> None:
    """One machine under two names would count as two, and its runners would disturb each other."""
    seen: dict[tuple[str, int | None], str] = {}
    refused: list[RefusedError] = []
    for host in hosts:
        first = seen.setdefault((host.address, host.port), host.name)
        if first != host.name:
            text = (
                f"{shown(host.address)} is the address of {first}, too; for more processes "
                "there, set runners"
            )
            refused.append(RefusedError(KeyPath("machine", host.name, "address"), text))
    refuse_all(refused)


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
