"""The kinds of stores, by the scheme of their URLs. To add one, add a line to `STORES`."""

from collections.abc import Awaitable
from importlib import import_module
from os import PathLike
from typing import Protocol, cast

import msgspec

from cortex_core.addresses import address, shown
from cortex_core.errors import UnknownStoreError
from cortex_core.ports import Publish, Store
from cortex_core.settings import StoreSettings


class Opens(Protocol):
    """What the module of a store has."""

    def open_store(
        self, place: str, publish: Publish, settings: StoreSettings, /
    ) -> Awaitable[Store]:
        """Open the store at `place`, which is as `Address` has it. Raises StoreError."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of store: its module, loaded when it is first opened, and the extra of cortex-tui
    that installs what it needs."""

    module: str
    extra: str | None = None


STORES = {
    "sqlite": Kind("cortex_core.sqlite.opening"),
    "memory": Kind("cortex_core.memory.opening"),
    "postgresql": Kind("cortex_core.postgres.opening", extra="postgres"),
    "postgres": Kind("cortex_core.postgres.opening", extra="postgres"),
}


async def open_store(
    where: str | PathLike[str], publish: Publish, settings: StoreSettings | None = None
) -> Store:
    """The store at this address, made if it is not there; see `addresses.address`.

    Raises UnknownStoreError where there is no such kind, or what it needs is not installed, and
    any other StoreError where the place cannot be used.
    """
    try:
        scheme, place = address(where)
    except ValueError as error:
        raise UnknownStoreError(str(error)) from None
    kind = STORES.get(scheme)
    if kind is None:
        known = ", ".join(STORES)
        raise UnknownStoreError(f"{shown(where)}: no store has the scheme {scheme}, only {known}")
    return await _module(scheme, kind).open_store(place, publish, settings or StoreSettings())


def _module(scheme: str, kind: Kind) -> Opens:
    try:
        return cast(Opens, import_module(kind.module))
    except ImportError as error:
        if kind.extra is None:
            raise
        raise UnknownStoreError(
            f"a store on {scheme} needs more packages ({error}): "
            f"pip install 'cortex-tui[{kind.extra}]'"
        ) from error
