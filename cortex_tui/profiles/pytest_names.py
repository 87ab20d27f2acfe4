"""How tests of pytest are called as profiles, whoever measured them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile
from pathlib import PurePosixPath

from cortex_tui.text import one_line


def profile_name(node_id: str) -> str:
    """The test's classes and function with dots between them; the parametrisation's id as it is,
    so that `[a::b]` and `[a.b]` stay two names."""
    path, bracket, parameters = node_id.partition("::")[2].partition("[")
    return one_line(f"{path.replace('::', '.')}{bracket}{parameters}")


def suite_names(paths: Sequence[str]) -> dict[str, str]:
    """The stem of each file; where two have one, with as many folders as tell them apart. A path
    that names no file, as a file of another program may have, is its own name."""
    parts = {path: _parts(path)[::-1] for path in paths}
    shared: dict[str, int] = dict.fromkeys(parts, 0)
    # In this order, who has the most parts at the end in common with a path stands next to it.
    for one, other in pairwise(sorted(parts, key=parts.__getitem__)):
        pairs = zip(parts[one], parts[other], strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        shared[one], shared[other] = max(shared[one], same), max(shared[other], same)
    return {
        path: one_line("/".join(parts[path][: shared[path] + 1][::-1])) or one_line(path)
        for path in parts
    }


def _parts(path: str) -> tuple[str, ...]:
    named = PurePosixPath(path)
    return named.with_suffix("").parts if named.name else named.parts
