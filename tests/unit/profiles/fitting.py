"""A JSON Schema validator of the few words that ours uses."""

from __future__ import annotations

import re
from typing import Any


def fits(value: Any, schema: Any, root: Any) -> bool:
    """Whether a value fits a JSON Schema, of the words that ours uses."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    types: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    wanted = schema.get("type")
    if wanted:
        names = [wanted] if isinstance(wanted, str) else wanted
        as_flag = isinstance(value, bool) and "boolean" not in names
        if as_flag or not any(isinstance(value, types[name]) for name in names):
            return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(fits(value, each, root) for each in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, each, root) for each in schema["oneOf"]) != 1:
        return False
    if isinstance(value, dict):
        return fits_table(value, schema, root)
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(
            fits(item, schema.get("items", {}), root) for item in value
        )
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value))
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def fits_table(value: dict[str, Any], schema: Any, root: Any) -> bool:
    if not set(schema.get("required", [])) <= set(value):
        return False
    if len(value) < schema.get("minProperties", 0):
        return False
    for name, item in value.items():
        allowed = [schema["properties"][name]] if name in schema.get("properties", {}) else []
        allowed += [
            each for p, each in schema.get("patternProperties", {}).items() if re.search(p, name)
        ]
        rest = schema.get("additionalProperties", True)
        if not allowed and rest is False:
            return False
        if not allowed and isinstance(rest, dict):
            allowed = [rest]
        if not all(fits(item, each, root) for each in allowed):
            return False
    return True
