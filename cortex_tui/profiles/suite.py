"""One TOML file as a suite: its profiles resolved against its defaults, its errors as Problems."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import msgspec
import tomli

from cortex_tui.profiles.keys import (
    READERS,
    RefusedError,
    read_table,
    read_text,
    unknown_key,
)
from cortex_tui.profiles.model import ClosedLoad, Length, Load, Problem, Profile, Suite
from cortex_tui.profiles.words import printable, shown
from cortex_tui.stats.percentiles import parse_percentile, samples_missing
from cortex_tui.stats.targets import Target, parse_target

DEFAULT_DURATION = Length(duration_ns=10_000_000_000)
DEFAULT_WARMUP = Length(duration_ns=1_000_000_000)
MAX_FILE_BYTES = 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_EXPECTED_NAME = "expected a name of letters, digits, - and _"
_SUITE_KEYS = frozenset({"description", "defaults", "profile"})
_PROFILE_KEYS = frozenset(READERS)
_DEFAULTS_KEYS = _PROFILE_KEYS - {"summary"}
_STOP_RULE = frozenset({"duration", "iterations"})


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
    try:
        table = _parse(file)
        if not _NAME.fullmatch(name):
            raise RefusedError("", f"{_EXPECTED_NAME} before .toml, got {shown(name)}")
        return _resolve(table, name, file, shown_as, shipped=shipped)
    except RefusedError as refused:
        return SuiteRead(name, None, _problems([refused], shown_as, name, ""))


def _parse(file: Path) -> dict[str, Any]:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe would be waited for, perhaps for ever.
            raise RefusedError("", "expected a TOML file, this is none")
        if status.st_size > MAX_FILE_BYTES:
            raise RefusedError("", f"expected at most 1 MiB of TOML, got {status.st_size:,} bytes")
        return tomli.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise RefusedError("", f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise RefusedError(
            "", f"expected UTF-8 text: {error.reason} at byte {error.start}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("", f"not valid TOML: {error}") from None


def _resolve(
    table: dict[str, Any], name: str, file: Path, shown_as: str, *, shipped: bool
) -> SuiteRead:
    refusals: list[RefusedError] = []
    description = ""
    for key, value in table.items():
        try:
            if key not in _SUITE_KEYS:
                raise unknown_key(key, key, _SUITE_KEYS)
            if key == "description":
                description = read_text(value, key)
        except RefusedError as refused:
            refusals.append(refused)
    defaults = _read_keys(table.get("defaults", {}), "defaults", _DEFAULTS_KEYS, refusals)
    profiles: dict[str, object] = {}
    try:
        profiles = read_table(table.get("profile", {}), "profile")
    except RefusedError as refused:
        refusals.append(refused)
    if not profiles and not refusals:
        refusals.append(RefusedError("", "expected a table [profile.NAME], there is none"))
    if refusals:
        # A profile without the defaults that it was written for would measure something else.
        return SuiteRead(name, None, _problems(refusals, shown_as, name, ""))

    usable: list[Profile] = []
    problems: list[Problem] = []
    for profile_name, own in profiles.items():
        path = f"profile.{profile_name}"
        refused_here: list[RefusedError] = []
        if not _NAME.fullmatch(profile_name):
            refused_here.append(
                RefusedError("profile", f"{_EXPECTED_NAME}, got {shown(profile_name)}")
            )
        own_keys = _read_keys(own, path, _PROFILE_KEYS, refused_here)
        if not refused_here:
            profile = _profile(own_keys, defaults, path, refused_here)
        if refused_here:
            problems += _problems(refused_here, shown_as, name, profile_name)
        else:
            usable.append(
                Profile(suite=name, name=profile_name, source=os.path.realpath(file), **profile)
            )
    suite = Suite(name, shown_as, tuple(usable), description, shipped) if usable else None
    return SuiteRead(name, suite, tuple(problems))


def _read_keys(
    value: object, path: str, known: frozenset[str], refusals: list[RefusedError]
) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    try:
        table = read_table(value, path)
    except RefusedError as refused:
        refusals.append(refused)
        return keys
    for key, text in table.items():
        try:
            if key not in known:
                raise unknown_key(f"{path}.{key}", key, known)
            keys[key] = READERS[key](text, f"{path}.{key}")
        except RefusedError as refused:
            refusals.append(refused)
    return keys


def _profile(
    own: dict[str, Any], defaults: dict[str, Any], path: str, refusals: list[RefusedError]
) -> dict[str, Any]:
    """The profile's fields: each key of its own takes the place of the default's as a whole.

    Duration and iterations are one stop rule: a profile that states either takes neither from
    the defaults.
    """
    if not own.keys().isdisjoint(_STOP_RULE):
        defaults = {key: value for key, value in defaults.items() if key not in _STOP_RULE}
    keys = {**defaults, **own}
    if "workload" not in keys:
        refusals.append(
            RefusedError(
                f"{path}.workload",
                'expected a built-in name such as "cortex.search" or "package.module:attribute", '
                "there is none",
            )
        )
    keys.setdefault("warmup", DEFAULT_WARMUP)
    stop = Length(keys.pop("duration", None), keys.pop("iterations", None))
    keys["stop"] = stop or DEFAULT_DURATION
    for number, text in enumerate(keys.get("targets", ()), 1):
        lacking = _lacking(parse_target(text), keys.get("load", ClosedLoad()), keys["stop"])
        if lacking:
            message = f"target {number}, {shown(text)}: {lacking}"
            refusals.append(RefusedError(f"{path}.targets", message))
    return keys


def _lacking(target: Target, load: Load, stop: Length) -> str:
    """What keeps the target from ever having a value, and so from being met; "" if nothing."""
    if target.subject == "lateness" and isinstance(load, ClosedLoad):
        return "expected a load with a rate (a closed load has no lateness)"
    quantile = parse_percentile(target.statistic)
    if quantile is not None and stop.iterations and target.subject != "failure":
        missing = samples_missing(quantile, stop.iterations)
        if missing:
            least = stop.iterations + missing
            return f"expected at least {least:,} iterations for it, got {stop.iterations:,}"
    return ""


def _problems(
    refusals: list[RefusedError], shown_as: str, suite: str, profile: str
) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            f"{shown_as}: {printable(refused.key)}" if refused.key else shown_as,
            printable(refused.message),
            suite=suite,
            profile=profile,
        )
        for refused in refusals
    )
