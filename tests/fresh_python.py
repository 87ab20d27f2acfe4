"""What a new Python does that nothing measures: coverage.py loads modules and writes files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence


def unmeasured() -> dict[str, str]:
    """This process's environment, without what has a new process measured."""
    return {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}


def loaded(code: str, wanted: Iterable[str], arguments: Sequence[str] = ()) -> set[str]:
    """Which of these modules there are once the code has run, and the program has not failed."""
    asks = (
        "import atexit, sys\n"
        f"wanted = {sorted(wanted)!r}\n"
        "def report(): print(*(w for w in wanted if w in sys.modules), file=sys.__stderr__)\n"
        "atexit.register(report)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", asks + code, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=unmeasured(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())
