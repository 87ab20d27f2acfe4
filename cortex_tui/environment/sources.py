"""Small files and short commands in which systems describe themselves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path("/")
COMMAND_S = 2.0


def text_of(file: Path | str) -> str | None:
    """What stands in it, without white space around it; None where it cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read().strip()
    except OSError:
        return None


def texts_of(files: Iterable[Path]) -> list[str]:
    """Those that can be read and say something."""
    return [text for file in files if (text := text_of(file))]


def files_like(folder: Path, pattern: str) -> list[Path]:
    """By name; none where the folder cannot be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


_HOOKS = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"))
"""What git sets for the programs that its hooks start. With them, git would not look for the
repository of the working folder."""


def git_environment() -> dict[str, str]:
    """The environment to call git in."""
    return {name: value for name, value in os.environ.items() if name not in _HOOKS}


def output_of(*command: str, environment: Mapping[str, str] | None = None) -> str | None:
    """What a command says; None where there is none, or it failed."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
