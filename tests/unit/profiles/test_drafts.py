"""Lines that a person edits, and what the loader makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.drafts import (
    FIELDS,
    Draft,
    DraftError,
    check,
    draft_of,
    inherited,
    line_of,
    lines_of,
    same,
    value_of,
)
from cortex_tui.profiles.model import Length, kept_in
from cortex_tui.profiles.suite import read_suite
from tests.unit.profiles.suites_at_random import SuiteMaker

SUITE = """\
[defaults]
workload = "a:b"
duration = "7s"
targets = ["p95 < 50ms", "errors == 0"]

[profile.x]
load = { rate = "500/s", arrivals = "poisson" }
params = { size = 1_000, text = "a, b" }
tags = ["slow", "nightly"]
warmup = 50

[profile.y]
matrix = { size = [1, 2] }
precision = { p99 = "2%" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(SUITE)
    return path


def draft(file: Path, number: int = 0) -> Draft:
    suite = read_suite(file, "s.toml").suite
    assert suite is not None
    return draft_of(suite.profiles[number])


def test_each_key_is_a_line_without_needless_punctuation(file: Path) -> None:
    assert {key: line for key, line in lines_of(draft(file), {}).items() if line} == {
        "load": 'rate = "500/s", arrivals = "poisson"',
        "params": 'size = 1000, text = "a, b"',
        "tags": "slow, nightly",
        "warmup": "50",
    }


def test_a_line_means_what_it_was_made_of_whatever_that_is() -> None:
    maker = SuiteMaker(1)
    values = [(key, maker.value(key)) for _ in range(200) for key in FIELDS]
    odd: dict[str, list[object]] = {
        "duration": [5, "5", "", "true", " 1s", "{", True, ["a"], 'a"b'],
        "tags": [["a, b"], ["[a"], [1, 2], [" a"], [""], []],
        "load": [{}, {"a b": {"c": []}}, {"x": "\x7f\n"}],
    }
    values += [(key, value) for key, found in odd.items() for value in found]
    for key, value in values:
        assert same(value_of(key, line_of(key, value)), value), (key, value)


def test_lines_are_checked_by_the_loader(file: Path) -> None:
    lines = lines_of(draft(file), {})
    found = check(
        draft(file), {**lines, "duration": "3s", "load": "rate = '9/s'", "targets": "p50 < 1ms"}
    )
    assert found.errors == {}
    assert found.changes == {
        "duration": "3s",
        "load": {"rate": "9/s"},
        "targets": ["p50 < 1ms"],
    }
    (profile,) = found.profiles
    assert profile.load == OpenLoad(9.0)
    assert profile.stop == Length(3_000_000_000)
    assert profile.targets == ("p50 < 1ms",)
    assert profile.params == {"size": 1_000, "text": "a, b"}
    assert profile.source == str(file)


@pytest.mark.parametrize(
    ("lines", "key", "message"),
    [
        ({"duration": "10"}, "duration", 'expected a duration such as "10s" or "250ms", got 10'),
        (
            {"load": 'rate = "fast"'},
            "load",
            'load.rate: expected a rate such as "500/s", got "fast"',
        ),
        ({"load": "workers = 1, rate ="}, "load", "not valid TOML: Invalid value"),
        ({"load": "wokers = 1"}, "load", 'load.wokers: unknown key (did you mean "workers"?)'),
        (
            {"targets": "p95 < 5, p95"},
            "targets",
            'target 1: expected a duration such as "10s" or "250ms", got \'5\' for p95\ntarget 2: ',
        ),
        (
            {"targets": "lateness.p99 < 1ms", "load": "workers = 1"},
            "targets",
            'target 1, "lateness.p99',
        ),
        ({"tags": "a b"}, "tags", 'expected a name of letters, digits, - and _, got "a b"'),
        ({"params": "size = [1]"}, "params", "params.size: expected one value, got a list"),
        ({"precision": 'p99 = "2%"', "duration": "1s"}, "duration", "expected none with precision"),
        ({"iterations": "many"}, "iterations", "expected a whole number from 1 to"),
        ({"database": "ram"}, "database", 'expected "own", "shared", "memory" or a URL'),
        ({"database": "postgresql://a:b@c/d"}, "database", "expected no password in a file"),
    ],
)
def test_what_is_wrong_is_reported_at_its_line_in_the_words_of_the_loader(
    file: Path, lines: dict[str, str], key: str, message: str
) -> None:
    before = draft(file)
    found = check(before, {**lines_of(before, {}), **lines})
    assert found.errors[key].startswith(message)
    assert found.profiles == ()


def test_what_is_wrong_with_a_key_that_has_no_line_is_reported_too(file: Path) -> None:
    file.write_text(SUITE.replace("warmup = 50", "batch = 8\ntimeout = '1s'"))
    suite = read_suite(file, "s.toml")
    assert suite.suite is not None
    y = draft(file)
    x = Draft(y.suite, "x", y.file, y.data, y.table)
    found = check(x, lines_of(x, {}))
    assert "profile.x.batch: expected a load of workers" in found.errors[""]


@pytest.mark.parametrize("database", ["memory", "postgresql://me@host/db?sslmode=require"])
def test_a_database_is_a_word_or_a_url(file: Path, database: str) -> None:
    before = draft(file)
    found = check(before, {**lines_of(before, {}), "database": database})
    assert found.profiles[0].database == database
    assert lines_of(before, found.changes)["database"] == database


def test_what_takes_the_place_of_the_files_database_stays_until_the_line_says_otherwise(
    file: Path,
) -> None:
    file.write_text(SUITE.replace('"a:b"', '"cortex.get"'))
    suite = read_suite(file, "s.toml").suite
    assert suite is not None
    before = draft_of(kept_in(suite.profiles[0], "postgresql://host/db"))
    lines = lines_of(before, {})
    assert lines["database"] == ""
    assert inherited(before, {})["database"] == ("postgresql://host/db", "--database")
    shorter = check(before, {**lines, "duration": "1s"})
    assert shorter.changes == {"duration": "1s"}
    assert [profile.database for profile in shorter.profiles] == ["postgresql://host/db"]
    stated = check(before, {**lines, "database": "memory"})
    assert [profile.database for profile in stated.profiles] == ["memory"]


def test_an_empty_line_leaves_the_key_to_the_defaults(file: Path) -> None:
    before = draft(file)
    found = check(before, {**lines_of(before, {}), "load": " ", "tags": ""})
    assert found.changes == {"load": None, "tags": None}
    assert found.profiles[0].tags == ()
    assert found.profiles[0].targets == ("p95 < 50ms", "errors == 0")


def test_a_line_as_it_was_changes_nothing_whatever_its_form(file: Path) -> None:
    before = draft(file)
    assert check(before, lines_of(before, {})).changes == {}
    reworded = {**lines_of(before, {}), "tags": "['slow','nightly']", "warmup": "0x32"}
    assert check(before, reworded).changes == {}


def test_what_holds_for_an_empty_line_is_known(file: Path) -> None:
    targets = "p95 < 50ms, errors == 0", "defaults"
    assert inherited(draft(file), {}) == {
        "duration": ("7s", "defaults"),
        "warmup": ("1s", "built in"),
        "load": ("workers = 1", "built in"),
        "targets": targets,
    }
    # A profile with a stop rule of its own takes none from the defaults.
    assert "duration" not in inherited(draft(file), {"iterations": 10})
    assert "duration" not in inherited(draft(file, 1), {})
    assert inherited(draft(file, 1), {"precision": None})["duration"] == ("7s", "defaults")


def test_the_cells_of_a_matrix_are_edited_together(file: Path) -> None:
    cell = draft(file, 2)
    assert cell.name == "y"
    found = check(cell, {**lines_of(cell, {}), "tags": "both"})
    assert [profile.tags for profile in found.profiles] == [("both",), ("both",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[profile", "s.toml: not valid TOML: "),
        ("[profile.z]\n", "s.toml has no profile x any more"),
        (None, "s.toml: cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_not_what_it_was_cannot_be_edited(
    file: Path, text: str | None, message: str
) -> None:
    suite = read_suite(file, "s.toml").suite
    assert suite is not None
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with pytest.raises(DraftError, match=message):
        draft_of(suite.profiles[0])
