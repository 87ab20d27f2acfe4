"""Targets that a profile is too short for: its load cannot start enough operations to decide them.

No error of the file: `run --duration` can make it long enough.
"""

from __future__ import annotations

from collections.abc import Iterator

from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_duration
from cortex_tui.stats.targets import parse_target
from cortex_tui.stats.verdicts import least_operations
from cortex_tui.toml.words import shown


def too_short(profile: Profile) -> Iterator[tuple[str, str]]:
    """The key of each such target, and what to do about it."""
    duration_ns = profile.stop.duration_ns
    most = None if duration_ns is None else profile.load.most_operations(duration_ns)
    if duration_ns is None or most is None:
        return
    for key, texts in (("targets", profile.targets), ("warn_targets", profile.warn_targets)):
        for number, text in enumerate(texts, 1):
            least = least_operations(parse_target(text))
            if most < least:
                longer = f"{least / most:.3g} times as long" if most else "longer"
                yield (
                    key,
                    f"target {number}, {shown(text)}: it needs {least:,} operations, and "
                    f"{profile.load.text} can start {most:,.0f} in "
                    f"{format_duration(duration_ns)}: measure {longer}, or start more",
                )
