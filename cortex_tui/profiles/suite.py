"""One TOML file as a suite: its profiles resolved against its defaults, its errors as Problems."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cortex_tui.loads.registry import load_keys
from cortex_tui.profiles.combinations import (
    STOP_RULE,
    refusals,
    states_stop_rule,
    stop_rule_refusals,
)
from cortex_tui.profiles.keys import DEFAULTS_KEYS, EXPECTED_NAME, KEYS, NAME, SUITE_KEYS
from cortex_tui.profiles.matrix import Cell, cell_name
from cortex_tui.profiles.model import Length, Precision, Problem, Profile, Suite, SuiteVariant
from cortex_tui.profiles.suite_variants import read_variants
from cortex_tui.suggestions import nearest
from cortex_tui.text import one_line
from cortex_tui.toml.file import lines_of_errors, toml_bytes, toml_table
from cortex_tui.toml.reading import (
    KeyPath,
    Keys,
    RefusedError,
    below,
    read_table,
    read_text,
    unknown_key,
    where,
)
from cortex_tui.toml.words import shown

DEFAULT_DURATION = Length(duration_ns=10_000_000_000)
DEFAULT_WARMUP = Length(duration_ns=1_000_000_000)


class SuiteRead(msgspec.Struct, frozen=True):
    """What came of a file. `suite` is None where nothing of it can be run."""

    name: str
    suite: Suite | None
    problems: tuple[Problem, ...]


def read_suite(file: Path, shown_as: str, *, shipped: bool = False) -> SuiteRead:
    """Reads a suite; never raises for what stands in the file, or for a file that cannot be read.

    `shown_as` is the file's name in errors and in `Suite.source`. The suite is called as the file,
    without its ending.
    """
    name = file.stem
    data = b""
    try:
        data = toml_bytes(file)
        table = toml_table(data)
        if not NAME.fullmatch(name):
            raise RefusedError("", f"{EXPECTED_NAME} before .toml, got {shown(name)}")
    except RefusedError as refused:
        return SuiteRead(name, None, _problems([_Found(refused)], shown_as, name, data))
    suite, found = _resolve(table, name, file, shown_as, shipped=shipped)
    return SuiteRead(name, suite, _problems(found, shown_as, name, data))


def read_profile(
    table: dict[str, Any], suite: str, name: str, source: str
) -> list[Profile] | Refused:
    """One profile of a suite's TOML, or all cells of its matrix."""
    refused: list[RefusedError] = []
    defaults = _read_keys(table.get("defaults", {}), "defaults", DEFAULTS_KEYS, refused)
    if refused:
        return Refused(refused, None)
    return _profiles(suite, name, table["profile"][name], defaults, source)


def _resolve(
    table: dict[str, Any], name: str, file: Path, shown_as: str, *, shipped: bool
) -> tuple[Suite | None, list[_Found]]:
    refused: list[RefusedError] = []
    description = ""
    for key, value in table.items():
        try:
            if key not in SUITE_KEYS:
                raise unknown_key(key, key, SUITE_KEYS)
            if key == "description":
                description = read_text(value, key)
        except RefusedError as error:
            refused.append(error)
    wrong: list[RefusedError] = []
    defaults = _read_keys(table.get("defaults", {}), "defaults", DEFAULTS_KEYS, wrong)
    wrong += [] if wrong else stop_rule_refusals(defaults, "defaults")
    refused += wrong
    profiles: dict[str, object] = {}
    variants: tuple[SuiteVariant, ...] = ()
    try:
        profiles = read_table(table.get("profile", {}), "profile")
        if not profiles and not refused:
            refused.append(RefusedError("", "expected a table [profile.NAME], there is none"))
    except RefusedError as error:
        refused.append(error)
    try:
        variants = read_variants(table.get("variant", {}), "variant")
    except RefusedError as error:
        refused += [error, *error.others]

    source = os.path.realpath(file)
    usable: list[Profile] = []
    problems = [_Found(error) for error in refused]
    for profile_name, own in profiles.items():
        # What is wrong with keys together may be so because of a default that could not be read.
        found = _profiles(name, profile_name, own, None if wrong else defaults, source)
        if isinstance(found, Refused):
            problems += [_Found(error, profile_name, found.tags) for error in found.refused]
        else:
            usable += found
    if refused or not usable:
        # A profile without the defaults that it was written for would measure something else.
        return None, problems
    return Suite(name, shown_as, tuple(usable), description, shipped, variants), problems


class Refused(msgspec.Struct, frozen=True):
    """Why a profile cannot be used, and its tags where they could be read."""

    refused: list[RefusedError]
    tags: tuple[str, ...] | None


def _profiles(
    suite: str, name: str, value: object, defaults: dict[str, Any] | None, source: str
) -> list[Profile] | Refused:
    """The profile, or all cells of its matrix. Without `defaults`, which are wrong, it is only
    looked at whether its own keys are right."""
    path = KeyPath("profile", name)
    refused: list[RefusedError] = []
    if not NAME.fullmatch(name):
        refused.append(RefusedError(path, f"{EXPECTED_NAME}, got {shown(name)}"))
    own = _read_keys(value, path, KEYS, refused)
    if defaults is None:
        return Refused(refused, own.get("tags")) if refused else []
    if not refused:
        keys = _merged(own, defaults)
        if "workload" not in keys:
            refused.append(
                RefusedError(
                    below(path, "workload"),
                    'expected a built-in name such as "cortex.search" or '
                    '"package.module:attribute", there is none',
                )
            )
        refused += refusals(keys, path)
    if refused:
        unread = isinstance(value, dict) and "tags" in value and "tags" not in own
        return Refused(refused, None if unread else own.get("tags", defaults.get("tags", ())))
    cells: tuple[Cell, ...] = keys.pop("matrix", ())
    profile = Profile(suite=suite, name=name, source=source, **_fields(keys))
    return [_cell(profile, cell) for cell in cells] or [profile]


def _cell(profile: Profile, cell: Cell) -> Profile:
    return msgspec.structs.replace(
        profile,
        name=f"{profile.name}[{cell_name(cell)}]",
        base=profile.name,
        matrix=cell,
        params={**profile.params, **cell},
    )


def _read_keys(
    value: object, path: str, known: Keys, refused: list[RefusedError]
) -> dict[str, Any]:
    """The keys that could be read; every wrong one is reported."""
    keys: dict[str, Any] = {}
    try:
        table = read_table(value, path)
    except RefusedError as error:
        refused.append(error)
        return keys
    for key, setting in table.items():
        try:
            if key not in known:
                raise _unknown(below(path, key), key, known)
            keys[key] = known[key].read(setting, below(path, key))
        except RefusedError as error:
            refused += [error, *error.others]
    return keys


def _unknown(path: str, key: str, known: Keys) -> RefusedError:
    """A key that neither a profile nor the defaults have, but perhaps the table `load`."""
    of_load = load_keys()
    if key in of_load:
        return RefusedError(path, f"{key} belongs in load: load = {{ {key} = … }}")
    if nearest(key, known) is None and (near := nearest(key, of_load)):
        return RefusedError(path, f"unknown key (did you mean load = {{ {near} = … }}?)")
    return unknown_key(path, key, known)


def _merged(own: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The profile's keys: each of its own takes the place of the default's as a whole."""
    if states_stop_rule(own):
        defaults = {key: value for key, value in defaults.items() if key not in STOP_RULE}
    return {**defaults, **own}


def _fields(keys: dict[str, Any]) -> dict[str, Any]:
    """The fields of a Profile from its keys."""
    warmup, auto = keys.pop("warmup", (DEFAULT_WARMUP, False))
    stop = Length(keys.pop("duration", None), keys.pop("iterations", None))
    timeout_ns = keys.pop("timeout", None)
    load, precision = keys.get("load"), keys.get("precision")
    if load is not None and load.duration_ns is not None:
        stop = Length(load.duration_ns, stop.iterations)
    elif isinstance(precision, Precision):
        stop = Length(precision.at_most_ns)
    return {
        **keys,
        "warmup": warmup,
        "auto_warmup": auto,
        "stop": stop or DEFAULT_DURATION,
        "timeout_ns": timeout_ns,
    }


class _Found(NamedTuple):
    """What was refused in a file, in a profile of it or outside of all."""

    error: RefusedError
    profile: str = ""
    tags: tuple[str, ...] | None = None


def _problems(
    found: Sequence[_Found], shown_as: str, suite: str, data: bytes
) -> tuple[Problem, ...]:
    """`data` is what stands in the file."""
    if not found:
        return ()
    lines = lines_of_errors(data, [each.error.key for each in found])
    return tuple(
        Problem(
            f"{shown_as}: {where(error.key)}" if error.key else shown_as,
            one_line(error.message),
            suite=suite,
            profile=profile,
            tags=tags,
            line=line,
        )
        for (error, profile, tags), line in zip(found, lines, strict=True)
    )
