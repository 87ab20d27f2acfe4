"""What docs/security.md and docs/readiness.md claim: the tests that they name, and what no module
may use."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.import_graph import syntax_of

ROOT = Path(__file__).parents[2]
PRODUCT = sorted([*ROOT.glob("cortex_tui/**/*.py"), *ROOT.glob("core/**/*.py")])
RUNS_DATA = {"dill", "jsonpickle", "marshal", "pickle", "shelve", "xmlrpc", "yaml"}
"""Modules whose readers can run code that the data names."""
CALLS_A_SHELL = {"create_subprocess_shell", "getoutput", "getstatusoutput", "popen"}
MADE_FROM_SOURCE = {"cortex_tui/runner/loops.py"}
"""Compiles the inner loops, from texts of its own."""


_NAMES = re.compile(
    rf"\b({'|'.join([*sorted(RUNS_DATA | CALLS_A_SHELL), 'eval', 'exec', 'system', 'shell'])})\b"
)


def used_in(path: Path) -> set[str]:
    """What a module imports or calls that could run data as code."""
    found: set[str] = set()
    if not _NAMES.search(path.read_text(encoding="utf-8")):
        return found  # to parse all modules would take two seconds
    for node in ast.walk(syntax_of(path)):
        match node:
            case ast.Import(names=names):
                found |= {each.name.partition(".")[0] for each in names} & RUNS_DATA
            case ast.ImportFrom(module=str(module)):
                found |= {module.partition(".")[0]} & RUNS_DATA
            case ast.Call(func=ast.Name(id="eval" | "exec" as name)):
                found.add(name)
            case ast.Call(func=ast.Attribute(attr=name)) if name in CALLS_A_SHELL:
                found.add(name)
            case ast.Attribute(value=ast.Name(id="os"), attr="system"):
                found.add("os.system")
            case ast.keyword(arg="shell"):
                found.add("shell=")
    return found


def test_no_module_reads_data_that_can_run_code() -> None:
    found = {str(path.relative_to(ROOT)): used_in(path) for path in PRODUCT}
    assert {name for name, used in found.items() if used} == MADE_FROM_SOURCE


def test_it_is_seen_when_a_module_does(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("import pickle\nimport os\nos.system('ls')\neval('1')\nrun(shell=True)\n")
    assert used_in(module) == {"pickle", "os.system", "eval", "shell="}


@pytest.mark.parametrize("name", ["security.md", "readiness.md"])
def test_every_test_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert named
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file()
        or (test and f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert missing == []
