"""The keys that say how long: warm-up, stop rules, the time limit of an operation, batches."""

from __future__ import annotations

import re

from cortex_tui.limits import MAX_BATCH, MAX_ITERATIONS
from cortex_tui.profiles.model import Length, Precision
from cortex_tui.quantities import format_duration
from cortex_tui.stats.percentiles import parse_percentile
from cortex_tui.toml.reading import (
    DURATION,
    Key,
    RefusedError,
    Schema,
    below,
    counts,
    read_any_duration_ns,
    read_count,
    read_duration_ns,
    read_keys,
    read_table,
    table_schema,
)
from cortex_tui.toml.words import shown

AUTO = "auto"
AUTO_WARMUP_AT_MOST_NS = 30_000_000_000
PRECISION_AT_LEAST_NS = 10_000_000_000
PRECISION_AT_MOST_NS = 60_000_000_000

WARMUP_KEYS = {"at_most": Key(read_duration_ns, DURATION, "The longest that it may take.")}

WARMUP_SCHEMA: Schema = {
    "anyOf": [
        DURATION,
        {"const": AUTO},
        counts(0, MAX_ITERATIONS),
        table_schema(WARMUP_KEYS, required=["at_most"]),
    ]
}


def read_warmup(value: object, path: str) -> tuple[Length, bool]:
    """The length, and whether it is only the longest of a warm-up that ends by itself.

    A duration, a number of iterations, 0 for none, `"auto"`, or `{ at_most }`, which is `"auto"`
    with its bound.
    """
    if value == AUTO:
        return Length(AUTO_WARMUP_AT_MOST_NS), True
    if isinstance(value, dict):
        keys = read_keys(value, path, WARMUP_KEYS)
        if "at_most" not in keys:
            raise RefusedError(path, 'expected { at_most = "10s" }, got an empty table')
        return Length(keys["at_most"]), True
    if isinstance(value, str):
        return Length(duration_ns=read_any_duration_ns(value, path) or None), False
    if isinstance(value, int) and not isinstance(value, bool):
        return Length(iterations=read_iterations(value, path, at_least=0) or None), False
    raise RefusedError(
        path, f'expected a duration such as "1s", "auto", or iterations, got {shown(value)}'
    )


def read_iterations(value: object, path: str, *, at_least: int = 1) -> int:
    return read_count(value, path, MAX_ITERATIONS, at_least=at_least)


_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")

BOUND_KEYS = {
    "at_least": Key(read_duration_ns, DURATION, "How long to measure in any case."),
    "at_most": Key(read_duration_ns, DURATION, "How long to measure at most."),
}

PRECISION_SCHEMA: Schema = {
    **table_schema(BOUND_KEYS),
    "patternProperties": {
        r"^p\d{1,2}(\.\d{1,6})?$": {
            "type": "string",
            "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$",
            "description": "Half the width of its confidence interval, as a share of its value.",
            "examples": ["2%"],
        }
    },
}


def read_precision(value: object, path: str) -> Precision:
    """`{ p99 = "2%", at_least = "2s", at_most = "60s" }`: one percentile, and bounds of time."""
    table = read_table(value, path)
    wanted = {name: share for name, share in table.items() if name not in BOUND_KEYS}
    bounds = read_keys({n: v for n, v in table.items() if n in BOUND_KEYS}, path, BOUND_KEYS)
    if len(wanted) != 1:
        got = " and ".join(wanted) or "none"
        raise RefusedError(path, f'expected one percentile such as p99 = "2%", got {got}')
    ((statistic, share),) = wanted.items()
    if parse_percentile(statistic) is None:
        raise RefusedError(
            below(path, statistic), "expected a percentile such as p99, at_least or at_most"
        )
    at_most_ns = bounds.get("at_most", max(PRECISION_AT_MOST_NS, bounds.get("at_least", 0)))
    at_least_ns = bounds.get("at_least", min(PRECISION_AT_LEAST_NS, at_most_ns))
    if at_least_ns > at_most_ns:
        raise RefusedError(
            below(path, "at_least"),
            f"expected at most at_most ({format_duration(at_most_ns)}), "
            f"got {shown(table['at_least'])}",
        )
    half_width = _read_share(share, below(path, statistic))
    return Precision(statistic, half_width, at_least_ns, at_most_ns)


def _read_share(value: object, path: str) -> float:
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < float(match[1]) <= 100:
        raise RefusedError(path, f'expected a share of its value such as "2%", got {shown(value)}')
    return float(match[1]) / 100


BATCH_SCHEMA: Schema = {"anyOf": [{"const": AUTO}, counts(1, MAX_BATCH)]}


def read_batch(value: object, path: str) -> int:
    """How many operations are timed as one; 0 for `"auto"`."""
    if value == AUTO:
        return 0
    if isinstance(value, str):
        raise RefusedError(path, f'expected "auto" or a whole number, got {shown(value)}')
    return read_count(value, path, MAX_BATCH)
