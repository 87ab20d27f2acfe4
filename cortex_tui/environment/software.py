"""The interpreter and the packages, and what was asked of them that costs time."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import sysconfig
from functools import cache
from importlib import metadata
from typing import Any

_PACKAGES = ("cortex-tui", "aiosqlite", "hdrhistogram", "msgspec", "numpy", "textual", "uvloop")

_SLOWING = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONMALLOC",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
)
"""Settings that the runner inherits, and that make Python do more."""


def software_facts() -> dict[str, Any]:
    return {
        **_interpreter(),
        "slowed_by": [name for name in _SLOWING if os.environ.get(name, "0") not in ("", "0")]
        + (["a tracer (coverage, a debugger)"] if sys.gettrace() is not None else []),
    }


@cache
def _interpreter() -> dict[str, Any]:
    flags = f"{sysconfig.get_config_var('PY_CFLAGS') or ''} {sysconfig.get_config_var('OPT') or ''}"
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "python_debug": hasattr(sys, "gettotalrefcount"),
        "python_optimised": bool({"-O1", "-O2", "-O3", "-Ofast"} & set(flags.split()))
        if flags.strip()
        else None,
        "python_profile_guided": "--enable-optimizations" in options if options else None,
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
