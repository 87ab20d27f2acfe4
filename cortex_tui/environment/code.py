"""The code under measurement, as far as git knows it."""

from __future__ import annotations

import subprocess
from typing import Any

from cortex_tui.environment.sources import COMMAND_S, git_environment, output_of

# Without its lock, so that a commit that somebody makes meanwhile does not fail.
_STATUS = (
    "git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no",
)  # fmt: skip


class GitFacts:
    """Asks git about the working folder: at once, to be answered when it is needed."""

    def __init__(self) -> None:
        try:
            self._process: subprocess.Popen[str] | None = subprocess.Popen(
                _STATUS,
                env=git_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                errors="replace",
            )
        except OSError:
            self._process = None

    def result(self) -> dict[str, Any]:
        """The commit, its branch, and whether files differ from it; nothing outside a repository
        or where git takes too long."""
        if self._process is None:
            return {}
        with self._process as process:
            try:
                output, _ = process.communicate(timeout=COMMAND_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return {}
        return _read(output) if process.returncode == 0 else {}


def commit_of(revision: str) -> str:
    """The commit that a revision names in the repository of the working folder, "" for none."""
    if revision.startswith("-"):
        return ""
    command = ("git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return output_of(*command, environment=git_environment()) or ""


def _read(status: str) -> dict[str, Any]:
    heads: dict[str, str] = {}
    dirty = False
    for line in status.splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "#":
            key, _, value = rest.partition(" ")
            heads[key] = value
        else:
            dirty = True
    commit = heads.get("branch.oid", "(initial)")
    if commit == "(initial)":
        return {}
    branch = heads.get("branch.head", "(detached)")
    return {
        "git_commit": commit,
        "git_dirty": dirty,
        "git_branch": None if branch == "(detached)" else branch,
    }
