"""The trial of an installed program: programs that fail at one thing are found out."""

from __future__ import annotations

import shlex
import stat
import sys
from pathlib import Path

import pytest

from tools.release.shared_files import shared_files
from tools.release.trial import trial_problems

PROGRAM = """
import sys
words = sys.argv[1:]
text = " ".join(words)
broken = {broken!r}
if broken in text:
    sys.exit("something went wrong")
elif words[0] == "--version":
    print("cortex-tui 1.2.3")
elif words[0] == "list":
    import json
    names = ["loads", "mediator", "repository", "scaling", "search", "shop"]
    print(json.dumps(dict(suites=[dict(name=name) for name in names])))
elif words[0] == "serve":
    sys.exit(failed(2, "pip install 'cortex-tui[web]'"))
elif "--database" in words:
    sys.exit(failed(2, "pip install 'cortex-tui[postgres]'"))
elif "--cluster" in words:
    sys.exit(failed(2, "pip install 'cortex-tui[cluster]'"))
elif words[0] == "run":
    import json
    print(json.dumps(dict(runs=[dict(operations=9, errors=dict())])))
else:
    print("done")
"""
FAILED = """
def failed(code, line):
    import sys
    print(line, file=sys.stderr)
    return code
"""


def environment(folder: Path, broken: str) -> Path:
    """One in which the program fails where its words contain `broken`."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "cortex-tui"
    code = folder / "program.py"
    code.write_text(f"{FAILED}{PROGRAM.format(broken=broken)}")
    # A first line `#!…` takes no path with spaces. It needs no package, whose folder is looked for.
    words = shlex.join([sys.executable, "-I", "-S", str(code)])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for place, text in shared_files("1.2.3").items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    return folder


def problems(tmp_path: Path, broken: str) -> list[str]:
    place = environment(tmp_path / "environment", broken)
    return list(trial_problems(place, tmp_path, "1.2.3"))


def test_nothing_is_wrong_with_a_program_that_answers_as_it_should(tmp_path: Path) -> None:
    assert problems(tmp_path, "not asked for") == []


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("--version", "--version: expected cortex-tui 1.2.3, found something went wrong"),
        ("check", "check: something went wrong (exit code 1)"),
        ("schema", "schema: something went wrong"),
        ("doctor", "doctor: something went wrong"),
        ("completion", "completion bash: something went wrong"),
        ("new shop", "new shop: something went wrong"),
        ("list", "list: expected "),
        ("run mediator", "run mediator.search: expected operations without errors, found nothing"),
        ("run shop", "run shop.steady: expected operations without errors, found nothing"),
        ("serve", "serve: expected the extra web named, found something went wrong"),
        ("--database", "expected the extra postgres named, found something went wrong"),
        ("--cluster", "expected the extra cluster named, found something went wrong"),
    ],
)
def test_a_program_that_fails_at_one_thing_is_found_out(
    broken: str, expected: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, broken)
    assert expected in problem


def test_files_that_are_not_installed_are_reported(tmp_path: Path) -> None:
    place = environment(tmp_path / "environment", "not asked for")
    (place / "share/man/man1/cortex-tui.1").unlink()
    assert list(trial_problems(place, tmp_path, "1.2.3")) == [
        "share/man/man1/cortex-tui.1 is not installed"
    ]
