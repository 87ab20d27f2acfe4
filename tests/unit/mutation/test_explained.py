"""Survivors that a page explains are those that are made, by what they change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.mutation.__main__ import PAGE
from tools.mutation.explained import Change, change_of, explained
from tools.mutation.mutants import difference, function_of, mutated

SAMPLE = Path("cortex_tui/stats/sample.py")
CODE = """\
def least(one, other):
    if one < other:
        return one
    return other


class Box:
    def _width(self, sides):
        return 2 * sides
"""
TEXT = """\
# Mutants that survive

## A limit that both sides reach with the same value

Both are the same number.

??? note "One"

    ```diff
    @@ stats.sample.least @@
    - if one < other:
    + if one <= other:
    ```

## Others

```diff
@@ stats.sample.Box._width @@
-     return 2 * sides
+     return 3 * sides
@@ domain.sample.two @@
- first
- second
+ third
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    written = tmp_path / "mutants.md"
    written.write_text(TEXT, "utf-8")
    return written


def test_each_difference_is_found_with_the_heading_above_it(page: Path) -> None:
    limit = "A limit that both sides reach with the same value"
    assert explained(page) == {
        Change("stats.sample.least", ("if one < other:",), ("if one <= other:",)): limit,
        Change("stats.sample.Box._width", ("return 2 * sides",), ("return 3 * sides",)): "Others",
        Change("domain.sample.two", ("first", "second"), ("third",)): "Others",
    }


def test_mutants_are_recognized_and_shown_as_the_page_has_them(tmp_path: Path, page: Path) -> None:
    target = tmp_path / "src" / SAMPLE
    target.parent.mkdir(parents=True)
    target.write_text(CODE, "utf-8")
    (module,) = mutated(tmp_path, [SAMPLE], [])
    made = {change_of(function_of(each), difference(module, each)) for each in module.mutants}
    known = {change for change in explained(page) if change.function.startswith("stats")}
    assert known < made
    blocks = "\n".join(change.shown() for change in made)
    page.write_text(f"# All\n\n```diff\n{blocks}\n```\n", "utf-8")
    assert set(explained(page)) == made


def test_what_is_explained_twice_is_refused(page: Path) -> None:
    page.write_text(TEXT + TEXT, "utf-8")
    with pytest.raises(ValueError, match="explained twice"):
        explained(page)


def test_what_the_page_of_the_project_explains_is_code_of_it() -> None:
    root = PAGE.parents[1]
    for change in explained(PAGE):
        room, module, *_ = change.function.split(".")
        folder = root / ("core/cortex_core" if room == "domain" else "cortex_tui") / room
        code = re.sub(r"\bdef \w+\(", "def it(", (folder / f"{module}.py").read_text("utf-8"))
        lines = {line.strip() for line in code.splitlines()}
        assert set(change.before) <= lines, change.shown()
