"""Names of suites that are tests of pytest."""

from __future__ import annotations

import pytest

from cortex_tui.profiles.pytest_names import suite_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["bench/test_a.py", "test_b.py"], ["test_a", "test_b"]),
        (["a/c/t.py", "x/c/t.py", "x/u.py"], ["a/c/t", "x/c/t", "u"]),
        (["t.py", "a/t.py", "b/a/t.py"], ["t", "a/t", "b/a/t"]),
        (["a/t.py", "a/t.txt"], ["a/t", "a/t"]),
        (["", ".", "/", "a/"], ["", ".", "/", "a"]),
    ],
)
def test_a_suite_has_the_stem_of_its_file_and_the_folders_that_differ(
    paths: list[str], names: list[str]
) -> None:
    assert list(suite_names(paths).values()) == names
