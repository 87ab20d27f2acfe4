"""All targets. To add one, add it to the `TARGETS` of a module here; a module more is a line."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    completion,
    frames,
    grammars,
    imports,
    links,
    searches,
    stores,
    texts,
    toml_files,
    typed,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (
        frames, links, toml_files, imports, grammars, searches, stores, texts, completion, typed,
    )
    for target in module.TARGETS
}  # fmt: skip
"""By name."""
