"""Which files of a folder are code: what git would commit, or all but what tools leave behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cortex_tui.environment.sources import git_environment
from cortex_tui.limits import MAX_BUNDLE_FILES

LEFT_BEHIND = frozenset(
    {".git", ".hg", ".svn", ".venv", ".tox", ".nox", ".eggs", "__pycache__", "node_modules"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
    | {".cortex-tui", ".benchmarks", ".DS_Store"}
)
"""Names of files and folders that no code needs: what version control, environments, caches and
this program keep of their own."""
_ENVIRONMENT = "pyvenv.cfg"
"""A folder that has it is a virtual environment, whatever it is called."""


class CodeFiles(NamedTuple):
    """Of one folder."""

    files: list[str]
    """Absolute paths of files and links, sorted."""
    ignored: list[str]
    """What .gitignore leaves out, as paths from the folder; folders end in a slash."""


def files_of(folder: str) -> CodeFiles:
    """In a repository, what git knows or would add; elsewhere, all that is there. What is left
    behind by tools is left out of both, and so are virtual environments.

    Raises OSError where the folder cannot be read.
    """
    listed = _known_to_git(folder)
    if listed is None:
        # One more than may be sent: a folder with millions is not looked through.
        return CodeFiles(sorted(islice(_walked(folder), MAX_BUNDLE_FILES + 1)), [])
    files: set[str] = set()
    for name in listed:
        path = os.path.join(folder, name.rstrip("/"))
        if _is_left_behind(name):
            continue
        if os.path.islink(path) or os.path.isfile(path):
            files.add(path)
        elif os.path.isdir(path):
            # A submodule, or a repository that git does not look into.
            files.update(files_of(path).files)
    ignored = _git(folder, "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory")
    return CodeFiles(
        sorted(files), [name for name in _names(ignored or "") if not _is_left_behind(name)]
    )


def _is_left_behind(name: str) -> bool:
    return not LEFT_BEHIND.isdisjoint(Path(name).parts) or name.endswith(".pyc")


def _known_to_git(folder: str) -> list[str] | None:
    """As paths from the folder; None outside of a repository, or in a folder that its repository
    ignores, such as that of another version's code."""
    if _git(folder, "rev-parse", "--is-inside-work-tree") != "true\n":
        return None
    if _git(folder, "check-ignore", "--quiet", folder) is not None:
        return None
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return None if listed is None else _names(listed)


def _names(listed: str) -> list[str]:
    return [name for name in listed.split("\0") if name]


def _git(folder: str, *arguments: str) -> str | None:
    """What git prints; None where it fails, or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            env=git_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _walked(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        if error.filename == folder:
            raise error

    for place, folders, files in os.walk(folder, onerror=refuse):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(
            name
            for name in folders
            if name not in links
            and name not in LEFT_BEHIND
            and not os.path.exists(os.path.join(place, name, _ENVIRONMENT))
        )
        for name in (*files, *links):
            if not _is_left_behind(name):
                yield os.path.join(place, name)
