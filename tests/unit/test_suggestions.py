"""What is suggested to a person who wrote a name that there is not."""

from __future__ import annotations

import pytest

from cortex_tui.suggestions import suggestion


def test_without_names_there_is_no_suggestion() -> None:
    assert suggestion("load", []) == "(there are none)"


def test_the_nearest_name_is_suggested_and_all_where_none_is_near() -> None:
    assert suggestion("ratte", ["rate", "workers"]) == '(did you mean "rate"?)'
    assert suggestion("xyzzy", ["workers", "rate"]) == "(expected one of rate, workers)"
    assert suggestion("xyzzy", ["rate"]) == "(expected rate)"


@pytest.mark.parametrize(
    ("word", "likely", "other"),
    [
        ("error", "errors", "error_rate"),
        ("duratin", "duration", "duratin-of-all"),
        ("laod", "load", "laod-first"),
        ("rite", "rate", "rite-of"),
        ("p95s", "p95", "p95s-first"),
        ("log", "log-file", "lag"),
        ("json", "session-json", "jsonl"),
    ],
)
def test_a_name_that_is_one_letter_off_goes_before_one_that_begins_with_the_word(
    word: str, likely: str, other: str
) -> None:
    for known in ([likely, other], [other, likely]):
        assert suggestion(word, known) == f'(did you mean "{likely}"?)'


def test_names_that_a_person_wrote_are_not_endless() -> None:
    endless = "rate" + "9" * 5_000
    assert len(suggestion("xyzzy", [endless])) < 200
    assert len(suggestion(endless + "x", [endless])) < 200
    assert len(suggestion("xyzzy", [f"{at}{endless}" for at in range(100)])) < 1_200
    many = suggestion("xyzzy", [f"name-{at:03}" for at in range(100)])
    assert many.startswith("(expected one of name-000, name-001, ")
    assert many.endswith(" and 60 more)")
