"""Which stored sessions a person wants to see."""

from __future__ import annotations

import re
from typing import NamedTuple

from cortex_tui.store.records import SessionEntry, SnapshotEntry


class Filter(NamedTuple):
    """What an entry of a list must be like; without any of it, all are."""

    profile: re.Pattern[str] | None = None
    """One of its profiles has such a full name."""
    tags: tuple[str, ...] = ()
    """It has all of them."""
    revision: str = ""
    """The start of its commit."""
    since: str = ""
    """It started then or later; UTC in ISO 8601, as is `until`."""
    until: str = ""
    """It started earlier."""
    words: tuple[str, ...] = ()
    """Each of them, in lower case, occurs in one of its texts."""

    def accepts(self, entry: SessionEntry | SnapshotEntry) -> bool:
        if self.tags and not set(self.tags) <= set(entry.tags):
            return False
        if self.revision and not entry.revision.startswith(self.revision):
            return False
        if not is_since(entry.started_at, self.since):
            return False
        if self.until and is_since(entry.started_at, self.until):
            return False
        if self.profile is not None and not any(map(self.profile.fullmatch, entry.profiles)):
            return False
        return not self.words or self._has_words(entry)

    def _has_words(self, entry: SessionEntry | SnapshotEntry) -> bool:
        if isinstance(entry, SessionEntry):
            own = (entry.id, *entry.names)
        else:
            own = (entry.session, entry.name)
        parts = (*own, *entry.profiles, *entry.tags, entry.note, entry.state, entry.revision)
        text = "\n".join(parts).lower()
        return all(word in text for word in self.words)


def is_since(started_at: str, moment: str) -> bool:
    """Whether it is then or later; both are UTC in ISO 8601, and either may have a fraction of a
    second."""
    return started_at >= moment.removesuffix("Z")
