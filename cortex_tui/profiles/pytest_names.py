"""How tests of pytest are called as profiles, whoever measured them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cortex_tui.text import one_line


def profile_name(node_id: str) -> str:
    """The test's classes and function with dots between them; the parametrisation's id as it is,
    so that `[a::b]` and `[a.b]` stay two names."""
    path, bracket, parameters = node_id.partition("::")[2].partition("[")
    return one_line(f"{path.replace('::', '.')}{bracket}{parameters}")


def suite_names(paths: Sequence[str]) -> dict[str, str]:
    """The stem of each file; where two have one, with as many folders as tell them apart."""
    names: dict[str, str] = {}
    for path in paths:
        parts = Path(path).with_suffix("").parts
        for size in range(1, len(parts) + 1):
            end = parts[-size:]
            same = [p for p in paths if Path(p).with_suffix("").parts[-size:] == end]
            if len(same) == 1 or size == len(parts):
                names[path] = one_line("/".join(end))
                break
    return names
