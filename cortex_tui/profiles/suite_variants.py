"""`[variant.NAME]` of a suite: what `run --variant NAME` compares."""

from __future__ import annotations

from cortex_tui.profiles.keys import DATABASE_SCHEMA, EXPECTED_NAME, NAME, read_database
from cortex_tui.profiles.matrix import PARAMS_SCHEMA, read_params
from cortex_tui.profiles.model import SuiteVariant
from cortex_tui.toml.reading import (
    TEXT,
    Key,
    RefusedError,
    Schema,
    below,
    read_keys,
    read_table,
    read_text,
    refuse_all,
    such_as,
    table_schema,
)
from cortex_tui.toml.words import shown

LOOPS = ("auto", "asyncio", "uvloop")


def _read_given(value: object, path: str) -> str:
    text = _read_setting(value, path)
    if not text:
        raise RefusedError(path, 'expected text, got ""')
    return text


def _read_setting(value: object, path: str) -> str:
    """What the system is given: its texts end at a NUL."""
    text = read_text(value, path)
    if "\0" in text:
        raise RefusedError(path, f"expected text without NUL, got {shown(text)}")
    return text


def _read_loop(value: object, path: str) -> str:
    if value not in LOOPS:
        raise RefusedError(path, f"expected one of {', '.join(LOOPS)}, got {shown(value)}")
    return str(value)


def _read_env(value: object, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, setting in read_table(value, path).items():
        if not name or "=" in name or "\0" in name:
            raise RefusedError(path, f"expected names such as PYTHONHASHSEED, got {shown(name)}")
        found[name] = _read_setting(setting, below(path, name))
    return found


VARIANT_KEYS = {
    "rev": Key(_read_given, such_as(TEXT, "v1.2"), "A revision of git, whose code is measured."),
    "folder": Key(_read_given, such_as(TEXT, "../other"), "A folder whose code is measured."),
    "python": Key(_read_given, such_as(TEXT, "python3.13"), "The interpreter that runs it."),
    "loop": Key(_read_loop, {"enum": list(LOOPS)}, "The event loop that it runs on."),
    "database": Key(read_database, DATABASE_SCHEMA, "Where built-in workloads keep their data."),
    "env": Key(
        _read_env,
        such_as({"type": "object", "additionalProperties": TEXT}, {"PYTHONHASHSEED": "0"}),
        "Environment variables of its runner.",
    ),
    "params": Key(
        read_params,
        such_as(PARAMS_SCHEMA, {"limit": 100}),
        "Parameters in place of the profiles' own.",
    ),
}
"""Every key of `[variant.NAME]`."""


def read_variants(value: object, path: str) -> tuple[SuiteVariant, ...]:
    """In the order in which they stand there; raises RefusedError."""
    found: list[SuiteVariant] = []
    refused: list[RefusedError] = []
    for name, settings in read_table(value, path).items():
        try:
            found.append(_read_variant(name, settings, below(path, name)))
        except RefusedError as error:
            refused += [error, *error.others]
    refuse_all(refused)
    return tuple(found)


def _read_variant(name: str, settings: object, path: str) -> SuiteVariant:
    if not NAME.fullmatch(name):
        raise RefusedError(path, f"{EXPECTED_NAME}, got {shown(name)}")
    keys = read_keys(settings, path, VARIANT_KEYS)
    if not keys:
        known = ", ".join(VARIANT_KEYS)
        raise RefusedError(path, f"expected one of the keys {known}, got none")
    return SuiteVariant(name=name, **keys)


def variants_schema() -> Schema:
    return {
        "type": "object",
        "description": "Variants to compare, by name: cortex-tui run SUITE --variant NAME.",
        "patternProperties": {f"^{NAME.pattern}$": table_schema(VARIANT_KEYS)},
        "additionalProperties": False,
    }
