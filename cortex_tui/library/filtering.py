"""Which stored sessions a person wants to see, in words: `search tag:nightly since:7d`."""

from __future__ import annotations

import re

from cortex_tui.library.moments import moment_of
from cortex_tui.profiles.selection import name_pattern
from cortex_tui.store.filters import Filter
from cortex_tui.text import quoted

COMMIT = re.compile(r"[0-9a-f]{4,64}")
"""The start of a commit, in digits."""

KEYS = ("profile", "tag", "commit", "since", "until")
"""What may stand before a colon in the words of a filter; each is an option of `snapshots`."""


def profile_pattern(word: str) -> re.Pattern[str]:
    """A suite means all its profiles, and a profile with a matrix all its cells."""
    return re.compile(f"(?:{name_pattern(word).pattern})(?:[.[].*)?", re.DOTALL)


def filter_of(text: str) -> Filter:
    """The filter that the words mean: `profile:search`, `tag:nightly` or `@nightly`, `commit:1f3a`,
    `since:7d`, `until:2026-03-31`; any other word must occur in a text of the session.

    Raises ValueError that says which word is wrong, and what was expected.
    """
    found = Filter()
    for word in text.split():
        key, colon, value = word.partition(":")
        if word.startswith("@") and len(word) > 1:
            key, colon, value = "tag", ":", word[1:]
        if colon and value and key in KEYS:
            found = _narrowed(found, key, value)
        elif colon and not value and key in KEYS:
            continue  # is being typed
        else:
            found = found._replace(words=(*found.words, word.lower()))
    return found


def _narrowed(found: Filter, key: str, value: str) -> Filter:
    match key:
        case "profile":
            return found._replace(profile=profile_pattern(value))
        case "tag":
            return found._replace(tags=(*found.tags, value))
        case "commit" if COMMIT.fullmatch(value):
            return found._replace(revision=value)
        case "commit":
            expected = "expected four or more digits of a commit"
            raise ValueError(f"commit: {expected}, got {quoted(value)}")
    try:
        moment = moment_of(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    return found._replace(since=moment) if key == "since" else found._replace(until=moment)
