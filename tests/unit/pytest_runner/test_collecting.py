"""What is reported where pytest cannot collect."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.pytest_runner.collecting import CollectionError, collect


@pytest.mark.parametrize("code", ["words.py", "words/__init__.py", ""])
def test_a_module_that_only_python_m_pytest_would_find_has_a_hint(
    tmp_path: Path, code: str
) -> None:
    bench = tmp_path / "bench"
    bench.mkdir()
    (bench / "test_words.py").write_text("import words\n")
    if code:
        (tmp_path / code).parent.mkdir(exist_ok=True)
        (tmp_path / code).touch()
    with pytest.raises(CollectionError, match="No module named 'words'") as raised:
        collect(["bench"], tmp_path)
    assert ("set `pythonpath = .` in pytest.ini" in str(raised.value)) == bool(code)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "no test was found: expected tests that use the `benchmark` fixture"),
        (1, "1 test was found; it does not use the `benchmark` fixture"),
        (2, "2 tests were found; none uses the `benchmark` fixture"),
    ],
)
def test_without_a_test_to_measure_it_is_reported_what_was_found(
    tmp_path: Path, count: int, expected: str
) -> None:
    tests = (f"def test_{at}():\n    pass\n" for at in range(count))
    (tmp_path / "test_words.py").write_text("".join(tests))
    with pytest.raises(CollectionError) as raised:
        collect(["test_words.py"], tmp_path)
    assert str(raised.value) == expected
