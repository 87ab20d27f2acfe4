"""A file that cannot be used as a suite is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.loader import load_catalog
from tests.unit.profiles.loading import lines, load

USABLE = '[profile.a]\nworkload = "cortex.get"\n'
SUITE_ERRORS = [
    ("[defaults\n", "not valid TOML: Expected ']' at the end of a table declaration (at line 1, "),
    ('x = "\n', "not valid TOML: "),
    ("x = " + "[" * 1000, "not valid TOML: "),
    ("x = " + "9" * 5000, "not valid TOML: "),
    (b"\xff\xfe", "expected UTF-8 text: invalid start byte at byte 0, on line 1"),
    (b"# a\n\n# caf\xe9\n", "expected UTF-8 text: invalid continuation byte at byte 10, on line 3"),
    ("#" * (1024 * 1024 + 1), "expected at most 1 MiB of TOML, got 1,048,577 bytes"),
    ("", "expected a table [profile.NAME], there is none"),
    ("profile = 5", "profile: expected a table, got 5"),
    (f'descripton = "x"\n{USABLE}', 'descripton: unknown key (did you mean "description"?)'),
    (f"description = 5\n{USABLE}", "description: expected text, got 5"),
    (f'[defaults]\nsummary = "x"\n{USABLE}', "defaults.summary: unknown key (expected one of "),
    (f'[defaults]\nwarmup = "soon"\n{USABLE}', "defaults.warmup: expected a duration such as "),
    (f'tags = ["x"]\n{USABLE}', "tags: unknown key (expected one of defaults, "),
    (
        '[defaults]\nduration = "5s"\nload = { stages = [{ workers = 1, for = "5s" }] }\n' + USABLE,
        "defaults.duration: expected none with stages, which have durations of their own",
    ),
]


@pytest.mark.parametrize(("text", "message"), SUITE_ERRORS)
def test_a_file_that_cannot_be_used_is_one_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    catalog = load(tmp_path, text)
    (line,) = lines(catalog)
    assert line.startswith(f"profiles/x.toml: {message}")
    assert "\n" not in line
    assert catalog.suites == ()
    assert (catalog.problems[0].suite, catalog.problems[0].profile) == ("x", "")


def test_a_syntax_error_has_line_and_column(tmp_path: Path) -> None:
    (line,) = lines(load(tmp_path, "[profile.a]\nworkload = \n"))
    assert line == "profiles/x.toml: not valid TOML: Invalid value (at line 2, column 12)"


def test_names_that_cannot_be_selected_are_refused(tmp_path: Path) -> None:
    (line,) = lines(load(tmp_path, USABLE, "my bench.toml"))
    expected = "expected a name of letters, digits, - and _"
    assert line == f'profiles/my bench.toml: {expected} before .toml, got "my bench"'


def test_hostile_names_stay_on_one_line(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        '[profile."a*\\n\\u001b[31m"]\nworkload = "cortex.get"\n'
        '[profile.b]\nworkload = "cortex.get"\n"dur\\nation" = 1\n',
    )
    assert lines(catalog) == [
        "profiles/x.toml: profile.a*␊␛[31m: expected a name of letters, digits, - and _, "
        'got "a*\\n\\u001b[31m"',
        'profiles/x.toml: profile.b.dur␊ation: unknown key (did you mean "duration"?)',
    ]


def test_a_folder_named_like_a_suite_is_said(tmp_path: Path) -> None:
    (tmp_path / "profiles" / "x.toml").mkdir(parents=True)
    catalog = load_catalog(working_folder=tmp_path, shipped=tmp_path / "profiles")
    assert lines(catalog) == ["profiles/x.toml: expected a TOML file, this is none"]


def test_a_loop_of_links_is_said(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "x.toml").symlink_to("x.toml")
    (line,) = lines(load_catalog(working_folder=tmp_path, shipped=tmp_path / "profiles"))
    assert line.startswith("profiles/x.toml: cannot be read: ")
