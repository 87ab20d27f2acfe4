"""Every field of the JSON document of a session, from the structs that write and read it."""

from __future__ import annotations

import re

import msgspec

from cortex_tui.profiles.model import Length
from cortex_tui.protocol.plan import Variant
from cortex_tui.results import document, run_document
from cortex_tui.stats.percentiles import parse_percentile
from cortex_tui.store.records import BlockCause, StageRecord
from tools.documents.reference.attributes import described
from tools.documents.reference.markdown import code, prose, table

_INTRODUCTION = f"""\
# JSON of a session

`run --json FILE`, `show --json` and the format `session-json` write this document, of the schema
`{document.SCHEMA}`; `cortex-tui import` reads it. Within this version of the schema, fields are
added and never renamed. `null` means that there is no value, such as of a percentile with too few
samples.
"""

_STRUCTS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("The document", document.SessionDocument),
    ("A run", run_document.RunDocument),
    ("Times", run_document.TimesDocument),
    ("A target", run_document.TargetDocument),
    ("A mark", run_document.MarkDocument),
    ("A stage", StageRecord),
    ("A blocked event loop", run_document.BlockedDocument),
    ("What blocked it", BlockCause),
    ("A shard", run_document.ShardDocument),
    ("Unevenness", run_document.UnevennessDocument),
    ("A profile over its rounds", document.ProfileDocument),
    ("A spread", document.SpreadDocument),
    ("A length", Length),
    ("A variant", Variant),
)
_TITLES = {kind.__name__: title for title, kind in _STRUCTS}


def page() -> str:
    parts = [_INTRODUCTION.strip()]
    for title, kind in _STRUCTS:
        about = re.sub(r"\bNone\b", "null", kind.__doc__ or "")
        parts += [f"## {title}", prose(about), _table(kind)]
    return "\n\n".join(filter(None, parts))


def _table(kind: type[msgspec.Struct]) -> str:
    meanings = described(kind)
    types = kind.__annotations__
    return table(
        ("field", "type", "unit", "meaning"),
        (
            (
                code(field.encode_name),
                _type(types[field.name]),
                _unit(kind, field.encode_name),
                _meaning(meanings[field.name], field.encode_name),
            )
            for field in msgspec.structs.fields(kind)
        ),
    )


_WORDS = {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "Any": "any"}


def _meaning(text: str, name: str) -> str:
    """What a field means; raises ValueError where the code does not say it."""
    if not text and parse_percentile(name):
        return f"{name[1:]} % of the values are at most that."
    if not text:
        raise ValueError(f"the field {name} needs a docstring")
    return prose(re.sub(r"\bNone\b", "null", text))


def _type(annotation: str) -> str:
    """The type of a field, as JSON has it."""
    for ending, words in ((" | None", " or null"), (" | UnsetType", ", or not there")):
        if annotation.endswith(ending):
            return _type(annotation.removesuffix(ending)) + words
    return _plain_type(annotation)


def _plain_type(text: str) -> str:
    if match := re.fullmatch(r"(list|dict|tuple)\[(.+)\]", text):
        kind, inner = match.groups()
        if kind == "tuple":
            return f"list of {inner.count(',') + 1} {_plain_type(inner.partition(',')[0])}s"
        if kind == "dict":
            return f"object: by name, {_type(inner.partition(', ')[2])}"
        return f"list of {_type(inner)}{'s' if inner == 'str' else ''}"
    if text in _TITLES:
        anchor = _TITLES[text].lower().replace(" ", "-")
        return f"[{_TITLES[text].lower()}](#{anchor})"
    return _WORDS.get(text, "text")


def _unit(kind: type[msgspec.Struct], name: str) -> str:
    if name.endswith("_ns") or (kind is run_document.TimesDocument and name in _TIMES):
        return "ns"
    return "1/s" if name.endswith("_per_s") else ""


_TIMES = {
    "min", "mean", "stddev", "median", "iqr", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99",
    "max",
}  # fmt: skip
