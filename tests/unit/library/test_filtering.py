"""The words by which stored sessions are found."""

from __future__ import annotations

from typing import Any

import pytest

from cortex_tui.library.filtering import filter_of
from cortex_tui.store.records import SessionEntry


def entry(**fields: Any) -> SessionEntry:
    given: dict[str, Any] = {
        "id": "20260301T120000-abcd",
        "started_at": "2026-03-01T12:00:00.000Z",
        "state": "finished",
        "profiles": ("search.steady", "cells.scaling[n=10]"),
        "names": ("before-index", "main"),
        "tags": ("nightly", "slow"),
        "note": "With the old Index",
        "revision": "1f3abc99",
        **fields,
    }
    return SessionEntry(**given)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "steady",
        "OLD index",
        "before 20260301",
        "finished",
        "profile:search",
        "profile:cells.scaling",
        "profile:*.steady",
        "@nightly tag:slow",
        "commit:1f3a",
        "since:2026-03-01 until:2026-03-02",
        "since:",
        "profile:search @nightly index",
        "@",
    ],
)
def test_a_session_is_found_by_what_is_known_of_it(text: str) -> None:
    assert filter_of(text).accepts(entry(names=("before-index", "a@b")))


@pytest.mark.parametrize(
    "text",
    [
        "other",
        "steady other",
        "profile:stead",
        "@night",
        "@nightly @fast",
        "commit:abc9",
        "since:2026-03-02",
        "until:2026-03-01",
        "author:me",
        # Two texts next to each other are not one.
        "steadycells",
    ],
)
def test_a_session_that_lacks_a_word_is_not_listed(text: str) -> None:
    assert not filter_of(text).accepts(entry())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("steady since:yesterday", "since: expected a day such as 2026-03-31"),
        ("until:2026-13-01", "until: expected a day"),
        ("commit:HEAD", "commit: expected four or more digits of a commit, got 'HEAD'"),
    ],
)
def test_a_word_that_means_nothing_is_named_with_what_was_expected(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        filter_of(text)
