"""Every key of a profile: how it is read, what it looks like in a schema, and what it is for.

The loader, the JSON Schema and the reference in docs/guides/profiles.md follow from this one table.
"""

from __future__ import annotations

import re
from typing import get_args

from cortex_tui.limits import MAX_ITERATIONS
from cortex_tui.loads.registry import read_load
from cortex_tui.passwords import is_address, masked, without_password
from cortex_tui.profiles.lengths import (
    BATCH_SCHEMA,
    PRECISION_SCHEMA,
    WARMUP_SCHEMA,
    read_batch,
    read_iterations,
    read_precision,
    read_warmup,
)
from cortex_tui.profiles.matrix import MATRIX_SCHEMA, PARAMS_SCHEMA, read_matrix, read_params
from cortex_tui.profiles.model import DATABASES, Database, OnLost
from cortex_tui.stats.targets import parse_target
from cortex_tui.suggestions import nearest, suggestion
from cortex_tui.toml.reading import (
    DURATION,
    FLAG,
    TEXT,
    Key,
    RefusedError,
    Schema,
    counts,
    lists,
    read_duration_ns,
    read_flag,
    read_list,
    read_text,
    such_as,
)
from cortex_tui.toml.words import shown
from cortex_tui.workloads.names import BUILT_IN, SERVERS

NAME = re.compile(r"[A-Za-z0-9_-]+")
EXPECTED_NAME = "expected a name of letters, digits, - and _"

_BUILT_IN_PREFIX = "cortex."
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_MODULE_ATTRIBUTE = re.compile(rf"{_DOTTED}:{_DOTTED}")

_EXPECTED_DATABASE = '"own", "shared", "memory" or a URL such as "postgresql://host/database"'

DATABASE_SCHEMA: Schema = {
    "anyOf": [
        {"enum": list(DATABASES)},
        {"type": "string", "pattern": f"^({'|'.join(SERVERS)})://"},
    ]
}

_WORKLOAD_SCHEMA: Schema = {
    "anyOf": [{"enum": sorted(BUILT_IN)}, {"type": "string", "pattern": r"^[^:\s]+:[^:\s]+$"}]
}


def read_workload(value: object, path: str) -> str:
    """A built-in name that exists, or `module:attribute`, of which only the form is checked."""
    text = read_text(value, path)
    if text in BUILT_IN or _MODULE_ATTRIBUTE.fullmatch(text):
        return text
    if ":" not in text and (text.startswith(_BUILT_IN_PREFIX) or nearest(text, BUILT_IN)):
        raise RefusedError(path, f"no built-in workload {shown(text)} {suggestion(text, BUILT_IN)}")
    raise RefusedError(
        path,
        'expected a built-in name such as "cortex.search" or "package.module:attribute", '
        f"got {shown(text)}",
    )


def read_targets(value: object, path: str) -> tuple[str, ...]:
    """Texts that `cortex_tui.stats.targets.parse_target` understands; reports all wrong ones."""
    targets: list[str] = []
    wrong: list[str] = []
    for number, target in enumerate(read_list(value, path, '["p95 < 50ms"]'), 1):
        if not isinstance(target, str):
            wrong.append(
                f'target {number}: expected text such as "p95 < 50ms", got {shown(target)}'
            )
            continue
        try:
            parse_target(target)
        except (ValueError, OverflowError) as error:
            wrong.append(f"target {number}: {error}")
        else:
            targets.append(target)
    if wrong:
        first, *others = wrong
        raise RefusedError(path, first, [RefusedError(path, message) for message in others])
    return tuple(targets)


def read_tags(value: object, path: str) -> tuple[str, ...]:
    tags: list[str] = []
    for tag in read_list(value, path, '["slow"]'):
        if not isinstance(tag, str) or not NAME.fullmatch(tag):
            raise RefusedError(path, f"{EXPECTED_NAME}, got {shown(tag)}")
        tags.append(tag)
    return tuple(dict.fromkeys(tags))


def read_database(value: object, path: str) -> Database:
    """A word, or the URL of a server. A password is refused: files are handed on."""
    if isinstance(value, str) and value in DATABASES:
        return value
    if not isinstance(value, str) or not is_address(value):
        found = shown(masked(value) if isinstance(value, str) else value)
        raise RefusedError(path, f"expected {_EXPECTED_DATABASE}, got {found}")
    try:
        without = without_password(value)
    except ValueError as error:
        raise RefusedError(path, str(error)) from None
    if without != value:
        raise RefusedError(
            path,
            "expected no password in a file; it can be in the variable PGPASSWORD, in ~/.pgpass, "
            "or in the URL of --database",
        )
    scheme = value.partition("://")[0]
    if scheme not in SERVERS:
        raise RefusedError(path, f"expected {_EXPECTED_DATABASE}, got the scheme {shown(scheme)}")
    return value


def read_on_lost(value: object, path: str) -> OnLost:
    if value == "continue" or value == "stop":
        return value
    raise RefusedError(path, f'expected "continue" or "stop", got {shown(value)}')


KEYS = {
    "summary": Key(read_text, such_as(TEXT, "Search for one word"), "What it measures, in a line."),
    "workload": Key(
        read_workload,
        such_as(_WORKLOAD_SCHEMA, "shop_bench:checkout", "cortex.search"),
        'What is measured: "package.module:attribute", or the name of a built-in workload.',
    ),
    "params": Key(
        read_params, such_as(PARAMS_SCHEMA, {"limit": 10}), "The workload's parameters, by name."
    ),
    "matrix": Key(
        read_matrix,
        such_as(MATRIX_SCHEMA, {"conversations": [100, 1000]}),
        "Lists of values for parameters: each combination is a profile of its own.",
    ),
    "load": Key(
        read_load,
        such_as({"$ref": "#/$defs/load"}, {"rate": "500/s"}, {"workers": 4}),
        "How operations are started.",
    ),
    "warmup": Key(
        read_warmup,
        WARMUP_SCHEMA,
        "How long to run, or how many operations, before anything counts.",
    ),
    "duration": Key(read_duration_ns, DURATION, "How long to measure."),
    "iterations": Key(
        read_iterations,
        such_as(counts(1, MAX_ITERATIONS), 10_000),
        "After how many operations to stop measuring.",
    ),
    "precision": Key(
        read_precision,
        such_as(PRECISION_SCHEMA, {"p99": "2%"}),
        "Measure until a percentile is known precisely enough.",
    ),
    "timeout": Key(read_duration_ns, DURATION, "The time after which an operation has failed."),
    "batch": Key(read_batch, BATCH_SCHEMA, "How many very short operations to time as one."),
    "targets": Key(
        read_targets,
        lists(such_as(TEXT, "p95 < 50ms")),
        "What the run has to meet.",
    ),
    "warn_targets": Key(
        read_targets,
        lists(such_as(TEXT, "p95 < 2ms")),
        "What the run is expected to meet: missing it is a warning, and no failure.",
    ),
    "tags": Key(
        read_tags,
        lists(such_as({**TEXT, "pattern": f"^{NAME.pattern}$"}, "slow")),
        "Words that select it, as in @slow.",
    ),
    "database": Key(
        read_database,
        DATABASE_SCHEMA,
        "Where a built-in workload keeps its data.",
    ),
    "alone": Key(read_flag, FLAG, "Whether it is measured without neighbours."),
    "on_lost": Key(
        read_on_lost,
        {"enum": list(get_args(OnLost))},
        "When one of several processes is lost: continue with the others, or stop the run.",
    ),
}
"""Every key of `[profile.NAME]`."""

DEFAULTS_KEYS = {name: key for name, key in KEYS.items() if name != "summary"}
"""Every key of `[defaults]`."""

SUITE_KEYS = ("description", "defaults", "profile", "variant")
