"""Every key of a suite, from the tables that the loader reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from cortex_tui.limits import MAX_CELLS, MAX_DURATION_NS, MAX_RATE_PER_S, MAX_STAGES
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import LOADS
from cortex_tui.loads.staged import STAGE_KEYS, Stage
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.lengths import (
    AUTO_WARMUP_AT_MOST_NS,
    BOUND_KEYS,
    PRECISION_AT_LEAST_NS,
    PRECISION_AT_MOST_NS,
    WARMUP_KEYS,
)
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.suite import DEFAULT_DURATION, DEFAULT_WARMUP
from cortex_tui.profiles.suite_variants import VARIANT_KEYS
from cortex_tui.toml.reading import DURATION, RATE, Keys, Schema
from cortex_tui.toml.writing import toml_text
from cortex_tui.workloads.names import BUILT_IN
from tools.documents.reference.markdown import code, prose, table

REQUIRED = "required"
_FEW = 6
"""Of words that a value may be; more are listed below a table."""

_INTRODUCTION = f"""\
# Keys of a profile

Every key that a suite can have, as the loader reads them; `cortex-tui schema` prints the same as a
JSON Schema. [Profiles](../guides/profiles.md) explains what they are for.

A **duration** is a text such as `"250us"`, `"5ms"`, `"10s"`, `"2m"` or `"1h"`, of
{code(toml_text(f"{MAX_DURATION_NS // 3_600_000_000_000}h"))} at most. A **rate** is a number of
operations in a time, such as `"500/s"`, `"1.5k/s"` or `"30/m"`, of
{code(toml_text(f"{MAX_RATE_PER_S:.0f}/s"))} at most.

## A suite

| key | value |
|---|---|
| `description` | text: what the suite is about, in a line |
| `[defaults]` | the keys of every profile that does not set them itself; all but `summary` |
| `[profile.NAME]` | [a profile](#a-profile); the name has letters, digits, `-` and `_` |
| `[variant.NAME]` | [a variant](#a-variant) for `cortex-tui run SUITE --variant NAME` |
"""


def page() -> str:
    return "\n\n".join(
        [
            _INTRODUCTION.strip(),
            "## A profile",
            _table(KEYS, _of_profile),
            "### Built-in workloads",
            ", ".join(map(code, sorted(BUILT_IN)))
            + ". Those of `cortex.` measure the core, whose data lies where `database` says.",
            "## `load`",
            "One of the following kinds of load, with its settings.",
            *_loads(),
            "### A stage",
            f"The value of `stages` is a list of 1 to {MAX_STAGES:,} of these tables. Each has "
            "either a rate or workers.",
            _table(STAGE_KEYS, _of_stage),
            "## `warmup = { … }`",
            'A warm-up that ends when the times no longer change; so does `warmup = "auto"`, which '
            f"takes {_duration(AUTO_WARMUP_AT_MOST_NS)} at most.",
            _table(WARMUP_KEYS, lambda _: REQUIRED),
            "## `precision = { … }`",
            'One percentile and its precision, such as `p99 = "2%"`: half the width of its 95 % '
            "confidence interval, as a share of its value. With it:",
            _table(BOUND_KEYS, _of_precision),
            "## `matrix`",
            "Lists of values by the name of a parameter. Each combination is a profile, "
            f"{MAX_CELLS:,} at most. Two names stand for something else:",
            _table_of_matrix(),
            "## A variant",
            "At least one of these keys.",
            _table(VARIANT_KEYS, lambda _: ""),
        ]
    )


def _loads() -> Iterator[str]:
    for name, load in LOADS.items():
        yield f"### {name.capitalize()}: `{load.key}`"
        yield _table(load.keys, _of_load(load))


def _table(keys: Keys, default: Callable[[str], str]) -> str:
    return table(
        ("key", "what it is", "value", "default", "example"),
        (
            (
                code(name),
                prose(key.description),
                value_text(key.schema),
                default(name),
                code(toml_text(example_of(key.schema))),
            )
            for name, key in keys.items()
        ),
    )


def _table_of_matrix() -> str:
    properties = KEYS["matrix"].schema["properties"]
    return table(
        ("key", "value", "what it is"),
        (
            (code(name), value_text(schema), prose(schema["description"]))
            for name, schema in properties.items()
        ),
    )


def value_text(schema: Schema) -> str:
    """What a value may be, in words."""
    if schema.get("$ref"):
        return "table: [load](#load)"
    if "anyOf" in schema:
        return " or ".join(map(value_text, schema["anyOf"]))
    if "const" in schema:
        return code(toml_text(schema["const"]))
    if len(schema.get("enum", ())) > _FEW:
        return "[a built-in name](#built-in-workloads)"
    if "enum" in schema:
        return ", ".join(code(toml_text(value)) for value in schema["enum"])
    for known, word in ((DURATION, "duration"), (RATE, "rate")):
        if schema.get("pattern") == known["pattern"]:
            return word
    match schema["type"]:
        case "integer":
            return f"whole number, {schema['minimum']:,} to {schema['maximum']:,}"
        case "array":
            least = f", {schema['minItems']} at least" if schema.get("minItems") else ""
            return f"list of {_plural(value_text(schema['items']))}{least}"
        case "object":
            return "table"
        case "boolean":
            return "`true`, `false`"
        case "string":
            return "text"
        case several:
            return "text, number, `true` or `false`" if isinstance(several, list) else several


def _plural(word: str) -> str:
    return f"{word}s" if word in {"table", "text", "duration", "rate"} else word


def example_of(schema: Schema) -> Any:
    """A value that the schema allows, the first that it names as an example."""
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][-1]
    match schema["type"]:
        case "array":
            return [example_of(schema["items"])]
        case "boolean":
            return True
        case "integer":
            return max(2, schema["minimum"])
        case kind:
            raise ValueError(f"a schema of {kind} needs an example: {schema}")


def _of_profile(name: str) -> str:
    match name:
        case "warmup":
            return _duration(DEFAULT_WARMUP.duration_ns)
        case "duration":
            return f"{_duration(DEFAULT_DURATION.duration_ns)}, without another end"
        case "load":
            return code(f"{{ workers = {ClosedLoad().workers} }}")
        case "matrix":
            return ""
        case _:
            return _default(Profile, name)


def _of_load(load: type[Load]) -> Callable[[str], str]:
    return lambda name: REQUIRED if name == load.key else _default(load, name)


def _of_stage(name: str) -> str:
    return REQUIRED if name == "for" else _default(Stage, name)


def _of_precision(name: str) -> str:
    return _duration({"at_least": PRECISION_AT_LEAST_NS, "at_most": PRECISION_AT_MOST_NS}[name])


def _default(kind: Any, name: str) -> str:
    """The default of a struct's field as in TOML; "" for a field that is empty or not there."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    if name not in fields:
        return ""
    value = fields[name].default
    if value is msgspec.NODEFAULT:
        made = fields[name].default_factory is not msgspec.NODEFAULT
        return "" if made else REQUIRED
    return "" if value in ("", (), None) else code(toml_text(value))


def _duration(duration_ns: int | None) -> str:
    assert duration_ns is not None
    assert duration_ns % 1_000_000_000 == 0
    return code(toml_text(f"{duration_ns // 1_000_000_000}s"))
