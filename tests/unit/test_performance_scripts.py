"""The performance scripts are run by hand: these tests notice when one no longer starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.performance_scripts import FOLDER, SCRIPTS

ROOT = Path(__file__).parents[2]


def test_make_perf_runs_every_script() -> None:
    listed = re.search(r"^SCRIPTS \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed is not None
    assert sorted(listed[1].split()) == list(SCRIPTS)


EACH_IN_A_FORK = """
import os, runpy, sys, traceback
import numpy, cortex_core, cortex_tui.runner.process, cortex_tui.session.controller

folder, *scripts = sys.argv[1:]
for script in scripts:
    sys.path[0], sys.argv = folder, [f"{folder}/{script}.py", "--help"]
    print(f"\\f{script}", flush=True)
    if not os.fork():
        os.dup2(1, 2)
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            print("ended with", end.code)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""
"""They all begin with the same modules, which takes longer than what each adds to them."""


def test_a_script_starts_without_the_libraries_it_compares_with() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", EACH_IN_A_FORK, FOLDER, *SCRIPTS],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    printed = dict(part.split("\n", 1) for part in ended.stdout.split("\f")[1:])
    assert list(printed) == list(SCRIPTS)
    for script, text in printed.items():
        assert text.startswith("usage: "), f"{script}: {text}"
        assert text.endswith("ended with 0\n"), f"{script}: {text}"
        assert "--quick" in text, f"{script}: {text}"
