"""What lists show of a stored session, in few words."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

SHORT_COMMIT = 10
"""Digits of a commit that are shown."""


@lru_cache
def profiles_text(names: tuple[str, ...]) -> str:
    """Of the names of all runs: those of several rounds and variants have the same one."""
    runs = Counter(names)
    profiles = next(iter(runs)) if len(runs) == 1 else f"{len(runs)} profiles"
    most = max(runs.values(), default=1)
    return profiles if most == 1 else f"{profiles}, {most} runs each"
