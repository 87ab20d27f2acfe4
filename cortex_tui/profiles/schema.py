"""The JSON Schema of a suite, for editors: made from the keys that the loader reads."""

from __future__ import annotations

from cortex_tui.loads.registry import load_schema
from cortex_tui.profiles.keys import DEFAULTS_KEYS, KEYS, NAME
from cortex_tui.profiles.suite_variants import variants_schema
from cortex_tui.toml.reading import TEXT, Schema, table_schema


def suite_schema() -> Schema:
    """The schema of one TOML file.

    It is as strict as a schema can be; what depends on several keys, only the loader knows.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of cortex-tui",
        "type": "object",
        "properties": {
            "description": {**TEXT, "description": "What the suite is about, in a line."},
            "variant": variants_schema(),
            "defaults": {
                **table_schema(DEFAULTS_KEYS),
                "description": "The keys of every profile that does not set them itself.",
            },
            "profile": {
                "type": "object",
                "description": "The profiles, by name.",
                "patternProperties": {f"^{NAME.pattern}$": {"$ref": "#/$defs/profile"}},
                "additionalProperties": False,
                "minProperties": 1,
            },
        },
        "required": ["profile"],
        "additionalProperties": False,
        "$defs": {"profile": table_schema(KEYS), "load": load_schema()},
    }
