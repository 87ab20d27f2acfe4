"""The loads that there are: how the key `load` is read, what its schema is, how one is decoded."""

from __future__ import annotations

import msgspec

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.staged import StagedLoad
from cortex_tui.toml.reading import Keys, RefusedError, Schema, below, read_keys, table_schema

LOADS: dict[str, type[Load]] = {
    "closed": ClosedLoad,
    "open": OpenLoad,
    "staged": StagedLoad,
}
"""By their tag `model`. A load more is a module and a line here."""


def load_keys() -> Keys:
    """Every key of `load`."""
    return {name: key for load in LOADS.values() for name, key in load.keys.items()}


def load_schema() -> Schema:
    return {
        **table_schema(load_keys()),
        "oneOf": [{"required": [load.key]} for load in LOADS.values()],
    }


def read_load(value: object, path: str) -> Load:
    """One of `{ workers, … }`, `{ rate, … }` and so on, with the settings of that load."""
    keys = read_keys(value, path, load_keys())
    found = [load for load in LOADS.values() if load.key in keys]
    if len(found) > 1:
        names = [load.key for load in LOADS.values()]
        got = _listed([load.key for load in found], "and")
        raise RefusedError(path, f"expected one of {_listed(names, 'and')}, got {got}")
    for name in keys:
        with_it = [load for load in LOADS.values() if name in load.keys]
        if not set(found) & set(with_it):
            expected = _listed([load.key for load in with_it], "or")
            raise RefusedError(below(path, name), f"expected {expected} with it")
    if not found:
        examples = _listed([load.example for load in LOADS.values()], "or")
        raise RefusedError(path, f"expected {examples}, got none")
    return found[0].read(keys, path)


def _listed(names: list[str], word: str) -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def decode_load(kind: type, value: object) -> object:
    """The `dec_hook` of everything that decodes a profile."""
    if kind is not Load:
        raise NotImplementedError(f"cannot decode {kind}")  # as msgspec asks of a hook
    model = value.get("model") if isinstance(value, dict) else None
    if model not in LOADS:
        raise ValueError(f"there is no load {model!r}")
    return msgspec.convert(value, LOADS[model])
