"""The JSON Schema of a suite, for editors: made from the keys that the loader reads."""

from __future__ import annotations

import json

from cortex_tui.loads.registry import load_schema
from cortex_tui.profiles.keys import DEFAULTS_KEYS, KEYS, NAME
from cortex_tui.profiles.suite_variants import variants_schema
from cortex_tui.toml.reading import TEXT, Schema, table_schema

SCHEMA_FILE = ".cortex-tui.schema.json"
"""Where the schema of a folder's suites is kept for editors, next to them."""
SCHEMA_LINE = f"#:schema ./{SCHEMA_FILE}"
"""The first line of a suite that names that file. A path next to the suite works without a network
and in every checkout; one into the environment of the program would be that of one machine."""


def schema_text(schema: Schema) -> str:
    """The schema as the text of a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


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
