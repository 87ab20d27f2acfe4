"""The kinds of stores, by the scheme of their URLs. To add one, add a line to `STORES`."""

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from os import PathLike
from typing import Protocol, cast

import msgspec

from cortex_core.addresses import Address, address, shown
from cortex_core.errors import UnknownStoreError
from cortex_core.ports import Publish, Store
from cortex_core.settings import StoreSettings


class Opens(Protocol):
    """What the module of a store has; all but `open_store` only where its kind is a server's."""

    def open_store(
        self, place: str, publish: Publish, settings: StoreSettings, /
    ) -> Awaitable[Store]:
        """Open the store at `place`, which is as `Address` has it. Raises StoreError."""

    def temporary_place(self, url: str, /) -> AbstractAsyncContextManager[str]:
        """The URL of a place there for the caller alone, gone at the end. Raises StoreError."""

    def server_version(self, url: str, /) -> Awaitable[str]:
        """The name and version of the server there. Raises StoreError."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of store: its module, loaded when it is first opened, and the extra of cortex-tui
    that installs what it needs; `server` where it is one, which can make places that end with
    their user."""

    module: str
    extra: str | None = None
    server: bool = False


STORES = {
    "sqlite": Kind("cortex_core.sqlite.opening"),
    "memory": Kind("cortex_core.memory.opening"),
    "postgresql": Kind("cortex_core.postgres.opening", extra="postgres", server=True),
    "postgres": Kind("cortex_core.postgres.opening", extra="postgres", server=True),
}


async def open_store(
    where: str | PathLike[str], publish: Publish, settings: StoreSettings | None = None
) -> Store:
    """The store at this address, made if it is not there; see `addresses.address`.

    Raises UnknownStoreError where there is no such kind, or what it needs is not installed, and
    any other StoreError where the place cannot be used.
    """
    (scheme, place), kind = _kind_of(where)
    return await _module(scheme, kind).open_store(place, publish, settings or StoreSettings())


def check_installed(where: str | PathLike[str]) -> None:
    """Raises UnknownStoreError where there is no such kind, or what it needs is not installed."""
    (scheme, _), kind = _kind_of(where)
    _module(scheme, kind)


def temporary_place(url: str) -> AbstractAsyncContextManager[str]:
    """The URL of a place on that server for the caller alone, with all that is stored there gone
    at the end. Raises StoreError, UnknownStoreError where the kind has no such places."""
    (scheme, place), kind = _kind_of(url)
    if not kind.server:
        raise UnknownStoreError(f"{shown(url)}: a store on {scheme} has no temporary places")
    return _module(scheme, kind).temporary_place(place)


async def server_version(url: str) -> str:
    """The name and version of the server there, such as "PostgreSQL 15.4". Raises StoreError,
    UnknownStoreError where the kind has no server."""
    (scheme, place), kind = _kind_of(url)
    if not kind.server:
        raise UnknownStoreError(f"{shown(url)}: a store on {scheme} has no server")
    return await _module(scheme, kind).server_version(place)


def _kind_of(where: str | PathLike[str]) -> tuple[Address, Kind]:
    found = address(where)
    if found.scheme not in STORES:
        scheme, known = found.scheme, ", ".join(STORES)
        raise UnknownStoreError(f"{shown(where)}: no store has the scheme {scheme}, only {known}")
    return found, STORES[found.scheme]


def _module(scheme: str, kind: Kind) -> Opens:
    try:
        return cast(Opens, import_module(kind.module))
    except ImportError as error:
        if kind.extra is None:
            raise
        raise UnknownStoreError(
            f"a store on {scheme} needs the extra {kind.extra} ({error.name} is not installed): "
            f"pip install 'cortex-tui[{kind.extra}]'"
        ) from error
