"""What a session was measured on: the machine, the interpreter, the packages, the code.

Stored with every session, because numbers from different machines are not to be compared. Whatever
cannot be found out is left out. Reads small files and runs `git`; call it before a session, never
during one.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("cortex-tui", "aiosqlite", "hdrhistogram", "msgspec", "numpy", "textual", "uvloop")

VOLATILE_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs"})
"""Kept in memory: a database there tells nothing about a disk."""


def describe_environment(store: Path) -> dict[str, Any]:
    """JSON-ready facts; `store` is where sessions are kept."""
    facts: dict[str, Any] = {**_machine(), "file_system": file_system_of(store)}
    commit = _git("rev-parse", "HEAD")
    if commit:
        facts["git_commit"] = commit
        facts["git_dirty"] = bool(_git("status", "--porcelain", "--untracked-files=no"))
    return {key: value for key, value in facts.items() if value not in (None, "")}


@cache
def _machine() -> dict[str, Any]:
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        usable = os.cpu_count() or 1
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def file_system_of(path: Path) -> str:
    """The kind of file system that `path` lies on, such as `ext4`; "" where it is not known."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        target = path.resolve()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in mounts:
        _, mount, file_system, *_ = line.split(" ")
        # The kernel writes blanks and the like as octal escapes.
        folder = Path(mount.encode().decode("unicode_escape"))
        if len(folder.parts) >= best and target.is_relative_to(folder):
            best, kind = len(folder.parts), file_system
    return kind


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
