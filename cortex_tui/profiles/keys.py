"""What each key of a profile may hold, and how it is read.

A reader takes the value as TOML gave it and the key's path (`profile.steady.load`), and returns
the value as the profile holds it, or raises RefusedError, which names the very key that is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from cortex_tui.profiles.model import (
    ClosedLoad,
    Database,
    Length,
    Load,
    OpenLoad,
    ParamValue,
)
from cortex_tui.profiles.words import shown, suggestion
from cortex_tui.quantities import parse_duration_ns, parse_rate_per_s
from cortex_tui.stats.targets import parse_target
from cortex_tui.workloads.names import BUILT_IN

MAX_DURATION_NS = 7 * 24 * 3_600 * 1_000_000_000
MAX_ITERATIONS = 10**12
MAX_WORKERS = 100_000
MAX_IN_FLIGHT = 10_000_000
MAX_RATE_PER_S = 1_000_000.0
_MAX_INTEGER = 2**63 - 1
"""The largest that a frame to the runner can carry."""

_BUILT_IN_PREFIX = "cortex."
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_MODULE_ATTRIBUTE = re.compile(rf"{_DOTTED}:{_DOTTED}")

NOT_YET = frozenset(
    {"arrivals", "interval", "matrix", "precision", "stages", "tags", "think_time", "timeout"}
)
"""Words of the format that this version does not carry out, and so refuses wherever they stand."""


class RefusedError(Exception):
    """A value that cannot be used: the path of its key, and what was expected there."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


def unknown_key(path: str, name: str, known: frozenset[str]) -> RefusedError:
    """The refusal of a key: one that will come, or a misspelt one."""
    if name in NOT_YET:
        return RefusedError(path, "not supported yet")
    return RefusedError(path, f"unknown key {suggestion(name, known - NOT_YET)}")


def read_text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(path, f"expected text, got {shown(value)}")
    return value


def read_table(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(path, f"expected a table, got {shown(value)}")
    return cast("dict[str, object]", value)


def _read_count(value: object, path: str, at_most: int, *, at_least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        expected = f"expected a whole number from {at_least} to {at_most:,}"
        raise RefusedError(path, f"{expected}, got {shown(value)}")
    return value


def _read_duration_ns(value: object, path: str) -> int:
    try:
        if not isinstance(value, str):
            raise ValueError
        duration_ns = parse_duration_ns(value)
    except (ValueError, OverflowError):
        raise RefusedError(
            path, f'expected a duration such as "10s" or "250ms", got {shown(value)}'
        ) from None
    if duration_ns > MAX_DURATION_NS:
        raise RefusedError(path, f'expected at most "168h", got {shown(value)}')
    return duration_ns


def read_workload(value: object, path: str) -> str:
    """A built-in name that exists, or `module:attribute`, of which only the form is checked."""
    text = read_text(value, path)
    if text in BUILT_IN or _MODULE_ATTRIBUTE.fullmatch(text):
        return text
    if text.startswith(_BUILT_IN_PREFIX) and ":" not in text:
        raise RefusedError(path, f"no built-in workload {shown(text)} {suggestion(text, BUILT_IN)}")
    raise RefusedError(
        path,
        'expected a built-in name such as "cortex.search" or "package.module:attribute", '
        f"got {shown(text)}",
    )


def read_params(value: object, path: str) -> dict[str, ParamValue]:
    params: dict[str, ParamValue] = {}
    for name, param in read_table(value, path).items():
        key = f"{path}.{name}"
        if not name.isidentifier():
            raise RefusedError(path, f"expected names such as basket_size, got {shown(name)}")
        if isinstance(param, list):
            raise RefusedError(
                key, "expected one value, got a list (a matrix is not supported yet)"
            )
        if not isinstance(param, str | int | float):
            raise RefusedError(key, f"expected text, a number, true or false, got {shown(param)}")
        if isinstance(param, float) and not math.isfinite(param):
            raise RefusedError(key, f"expected a finite number, got {shown(param)}")
        if isinstance(param, int) and abs(param) > _MAX_INTEGER:
            raise RefusedError(key, f"expected a 64-bit integer, got {shown(param)}")
        params[name] = param
    return params


_LOAD_KEYS = frozenset({"workers", "rate", "max_in_flight"})


def read_load(value: object, path: str) -> Load:
    """`{ workers }` or `{ rate, max_in_flight }`."""
    table = read_table(value, path)
    for name, setting in table.items():
        if name == "arrivals" and setting == "constant":
            continue
        if name not in _LOAD_KEYS:
            raise unknown_key(f"{path}.{name}", name, _LOAD_KEYS)
    if "workers" in table and "rate" in table:
        raise RefusedError(path, "expected workers or rate, got both")
    if "rate" in table:
        load = OpenLoad(rate_per_s=_read_rate_per_s(table["rate"], f"{path}.rate"))
        if "max_in_flight" not in table:
            return load
        most = _read_count(table["max_in_flight"], f"{path}.max_in_flight", MAX_IN_FLIGHT)
        return msgspec.structs.replace(load, max_in_flight=most)
    for name in ("max_in_flight", "arrivals"):
        if name in table:
            raise RefusedError(
                f"{path}.{name}", "expected a rate beside it (only an open load has it)"
            )
    if "workers" not in table:
        raise RefusedError(path, 'expected { workers = 1 } or { rate = "500/s" }, got neither')
    return ClosedLoad(workers=_read_count(table["workers"], f"{path}.workers", MAX_WORKERS))


def _read_rate_per_s(value: object, path: str) -> float:
    try:
        if not isinstance(value, str):
            raise ValueError
        rate_per_s = parse_rate_per_s(value)
    except (ValueError, OverflowError):
        raise RefusedError(path, f'expected a rate such as "500/s", got {shown(value)}') from None
    if rate_per_s <= 0:
        raise RefusedError(path, f"expected a rate above 0, got {shown(value)}")
    if rate_per_s > MAX_RATE_PER_S:
        raise RefusedError(path, f'expected at most "{MAX_RATE_PER_S:.0f}/s", got {shown(value)}')
    return rate_per_s


def read_warmup(value: object, path: str) -> Length:
    """A duration, a number of iterations, or 0."""
    if value == "auto":
        raise RefusedError(path, '"auto" is not supported yet')
    if isinstance(value, str):
        return Length(duration_ns=_read_duration_ns(value, path) or None)
    if isinstance(value, int) and not isinstance(value, bool):
        iterations = _read_count(value, path, MAX_ITERATIONS, at_least=0)
        return Length(iterations=iterations or None)
    raise RefusedError(path, f'expected a duration such as "1s", or iterations, got {shown(value)}')


def read_duration_ns(value: object, path: str) -> int:
    duration_ns = _read_duration_ns(value, path)
    if duration_ns == 0:
        raise RefusedError(path, f"expected a duration above 0, got {shown(value)}")
    return duration_ns


def read_iterations(value: object, path: str) -> int:
    return _read_count(value, path, MAX_ITERATIONS)


def read_targets(value: object, path: str) -> tuple[str, ...]:
    """Texts that `cortex_tui.stats.targets.parse_target` understands."""
    if not isinstance(value, list):
        raise RefusedError(path, f'expected a list such as ["p95 < 50ms"], got {shown(value)}')
    targets: list[str] = []
    for number, target in enumerate(cast("list[object]", value), 1):
        if not isinstance(target, str):
            raise RefusedError(path, f'expected texts such as "p95 < 50ms", got {shown(target)}')
        try:
            parse_target(target)
        except (ValueError, OverflowError) as error:
            raise RefusedError(path, f"target {number}: {error}") from None
        targets.append(target)
    return tuple(targets)


def read_database(value: object, path: str) -> Database:
    if value == "own" or value == "shared" or value == "memory":
        return value
    raise RefusedError(path, f'expected "own", "shared" or "memory", got {shown(value)}')


READERS: dict[str, Callable[[object, str], Any]] = {
    "summary": read_text,
    "workload": read_workload,
    "params": read_params,
    "load": read_load,
    "warmup": read_warmup,
    "duration": read_duration_ns,
    "iterations": read_iterations,
    "targets": read_targets,
    "database": read_database,
}
"""Every key of `[profile.NAME]`; `[defaults]` takes all of them but summary."""
