"""Machines whose clocks are wrong: commands that run an agent as if it were on one.

An offset is given by a time namespace of the kernel where that is possible (Linux, as root): all
clocks and timers of all processes within have it. No namespace has a clock of another speed, so
that is given within Python, by `tests/skewed/sitecustomize.py`. libfaketime 0.9.10 can do neither
here: its monotonic clock is the wall clock, and timers of the kernel do not follow it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

_SKEWED = Path(__file__).parent / "skewed"
_NEW_TIME = 0x80  # CLONE_NEWTIME


def skewed(*, ahead_ns: int = 0, gains_ppb: int = 0) -> list[str]:
    """A command that runs another one, written behind it, with a clock that is ahead and gains
    that many ns a second."""
    clock = f"{time.perf_counter_ns()} {ahead_ns} {gains_ppb}"
    path = os.pathsep.join(filter(None, [str(_SKEWED), os.environ.get("PYTHONPATH")]))
    return ["env", f"PYTHONPATH={path}", f"TEST_CLOCK={clock}"]


def ahead(ahead_ns: int) -> list[str]:
    """The same with a clock that is ahead, in a time namespace."""
    return [sys.executable, __file__, str(ahead_ns)]


@cache
def why_no_namespaces() -> str:
    """Why this process cannot make time namespaces; "" where it can."""
    shown = [sys.executable, "-c", "import time; print(time.monotonic_ns())"]
    tried = subprocess.run(
        [*ahead(1_000_000_000_000), *shown], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        lines = tried.stderr.strip().splitlines()
        return f"no time namespaces here: {lines[-1] if lines else tried.returncode}"
    if int(tried.stdout) < time.monotonic_ns() + 900_000_000_000:
        return "no time namespaces here: their clock is the usual one"
    return ""


def _run_ahead(ahead_ns: int, command: list[str]) -> int:
    """Runs a command in a time namespace; its exit code."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(_NEW_TIME):
        raise OSError(ctypes.get_errno(), "no new time namespace")
    seconds, rest_ns = divmod(ahead_ns, 1_000_000_000)
    offsets = Path("/proc/self/timens_offsets")
    offsets.write_text(f"monotonic {seconds} {rest_ns}\n", encoding="ascii")
    # Only the children of this process are within.
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(_run_ahead(int(sys.argv[1]), sys.argv[2:]))
