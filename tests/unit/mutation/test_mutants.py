"""Which mutants are made of a copy, what they are called and what their differences say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.mutation.mutants import PACKAGES, Module, copied, difference, function_of, mutated

PROJECT = Path(__file__).parents[3]
SAMPLE = Path("cortex_tui/stats/sample.py")
CODE = '''\
"""Two functions and a method."""


def is_more(one: int, other: int) -> bool:
    return one > other


class Box:
    def width(self, sides: int) -> int:
        return 2 * sides
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    target = tmp_path / "src" / SAMPLE
    target.parent.mkdir(parents=True)
    target.write_text(CODE, "utf-8")
    return tmp_path


def changed_lines(module: Module, mutant: str) -> list[str]:
    """Lines that are taken away or put in."""
    return [line for line in difference(module, mutant).splitlines() if line[0] in "+-"]


def test_every_mutant_is_named_after_its_module_and_function_and_differs_from_it(
    copy: Path,
) -> None:
    (module,) = mutated(copy, [SAMPLE], [])
    assert module.name == "cortex_tui.stats.sample"
    assert module.tests == "tests/unit/stats"
    assert {function_of(each) for each in module.mutants} == {
        "cortex_tui.stats.sample.x_is_more",
        "cortex_tui.stats.sample.xǁBoxǁwidth",
    }
    for mutant in module.mutants:
        before, after = changed_lines(module, mutant)
        assert before.startswith("-")
        assert after.startswith("+")
        assert before[1:] != after[1:]


def test_a_difference_shows_the_code_as_it_was_written_and_as_it_was_changed(copy: Path) -> None:
    (module,) = mutated(copy, [SAMPLE], ["*.x_is_more__*"])
    differences = [changed_lines(module, each) for each in module.mutants]
    assert ["-    return one > other", "+    return one >= other"] in differences


def test_the_copy_has_the_code_with_its_mutants_and_the_original_stays(copy: Path) -> None:
    (module,) = mutated(copy, [SAMPLE], [])
    written = (copy / "src" / SAMPLE).read_text("utf-8")
    assert written == module.code
    functions = {
        node.name for node in ast.walk(ast.parse(written)) if isinstance(node, ast.FunctionDef)
    }
    for mutant in module.mutants:
        assert mutant.removeprefix(module.name + ".") in functions


@pytest.mark.parametrize(
    ("pattern", "functions"),
    [
        ("cortex_tui.stats.sample.*", {"x_is_more", "xǁBoxǁwidth"}),
        ("*Box*", {"xǁBoxǁwidth"}),
        ("cortex_tui.stats.s[a]mple.x_is_*", {"x_is_more"}),
        ("cortex_tui.stats.sample.x_is_more__mutmut_1", {"x_is_more"}),
    ],
)
def test_only_mutants_whose_name_matches_a_pattern_are_kept(
    copy: Path, pattern: str, functions: set[str]
) -> None:
    (module,) = mutated(copy, [SAMPLE], [pattern])
    names = {function_of(each).rpartition(".")[2] for each in module.mutants}
    assert names == functions


@pytest.mark.parametrize("pattern", ["cortex_tui.stats.other.*", "*.x_absent__*", "sample"])
def test_a_module_without_a_mutant_that_matches_is_left_as_it_is(copy: Path, pattern: str) -> None:
    assert mutated(copy, [SAMPLE], [pattern]) == []
    assert (copy / "src" / SAMPLE).read_text("utf-8") == CODE


def test_mutants_that_match_any_of_several_patterns_are_kept_once(copy: Path) -> None:
    (once,) = mutated(copy, [SAMPLE], ["*.x_is_more__*"])
    (copy / "src" / SAMPLE).write_text(CODE, "utf-8")
    (several,) = mutated(copy, [SAMPLE], ["*.x_is_more__*", "*is_more*", "no.such.*"])
    assert several.mutants == once.mutants


def test_modules_of_the_core_have_the_names_by_which_they_are_imported(tmp_path: Path) -> None:
    target = tmp_path / "src/cortex_core/domain/sample.py"
    target.parent.mkdir(parents=True)
    target.write_text(CODE, "utf-8")
    (module,) = mutated(tmp_path, [Path("core/cortex_core/domain/sample.py")], [])
    assert module.name == "cortex_core.domain.sample"
    assert module.tests == "tests/unit/core/domain"


def test_a_copy_has_what_each_package_and_its_tests_need_and_replaces_an_older_one(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    (copy / "src").mkdir(parents=True)
    (copy / "src" / "left.py").touch()
    copied(PROJECT, copy)
    assert not (copy / "src" / "left.py").exists()
    assert (copy / "pyproject.toml").exists()
    assert (copy / "tests" / "conftest.py").exists()
    assert not list(copy.rglob("__pycache__"))
    for package in PACKAGES:
        assert list((copy / package.tests).glob("test_*.py"))
        inside = Path(package.code).relative_to(package.root)
        assert {each.name for each in (copy / "src" / inside).glob("*.py")} == {
            each.name for each in (PROJECT / package.code).glob("*.py")
        }
