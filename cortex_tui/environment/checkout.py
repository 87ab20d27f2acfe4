"""The code of another revision in a folder of its own, without touching the user's working tree.

The files are written with an index of their own, so that neither the repository's index nor its
list of worktrees changes: whatever becomes of this program, git knows of nothing to clean up.
Submodules that the working tree has are written as well, each at the commit that belongs to the
revision.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from cortex_tui.environment.sources import git_environment

_SUBMODULE_MODE = "160000"


class RevisionError(Exception):
    """A revision that cannot be measured; the text says which, and why."""


class Repository(msgspec.Struct, frozen=True):
    """The repository that a folder belongs to."""

    top: Path
    commit: str
    """That is checked out, its full hash."""
    dirty: bool
    """Whether files that git knows differ from it."""


def repository_of(folder: Path) -> Repository:
    """Raises RevisionError where the folder belongs to none, or to one without a commit."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "--verify", "HEAD^{commit}")
    status = _git(folder, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return Repository(Path(top), commit, bool(status))


def commit_named(repository: Repository, revision: str) -> str:
    """The full hash of the commit that a revision names; raises RevisionError for none."""
    try:
        # Behind this option, a revision that begins with a hyphen is none of git's options.
        return _git(
            repository.top, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
        )
    except RevisionError:
        raise RevisionError(
            f"{revision!r}: expected a revision of {repository.top}, such as main, v1.2 or HEAD~1"
        ) from None


def check_out(repository: Repository, commit: str, folder: Path) -> None:
    """Writes the files of a commit into a new folder; raises RevisionError."""
    folder.mkdir(mode=0o700, parents=True)
    _write(repository.top, commit, folder, folder.with_suffix(".index"))


def _write(top: Path, commit: str, folder: Path, index: Path) -> None:
    environment = {"GIT_INDEX_FILE": str(index)}
    _git(top, "read-tree", commit, environment=environment)
    _git(
        top, "checkout-index", "--all", "--force", f"--prefix={folder}/", environment=environment
    )  # fmt: skip
    listed = _git(top, "ls-files", "--stage", "-z", environment=environment)
    for number, (path, pinned) in enumerate(_submodules(listed)):
        module = top / path
        if not (module / ".git").exists():
            # Never fetched: it is an empty folder in the working tree, too.
            continue
        try:
            _git(module, "cat-file", "-e", f"{pinned}^{{commit}}")
        except RevisionError:
            raise RevisionError(
                f"{commit[:10]} needs the commit {pinned[:10]} of the submodule {path}, which is "
                f"not there: git -C {module} fetch"
            ) from None
        within = folder / path
        within.mkdir(exist_ok=True, parents=True)
        _write(module, pinned, within, index.with_suffix(f".{number}{index.suffix}"))


def _submodules(listed: str) -> list[tuple[str, str]]:
    """The path and the commit of each, from what `git ls-files --stage -z` lists."""
    entries = [entry.partition("\t") for entry in listed.split("\0")]
    return [
        (path, stage.split()[1]) for stage, _, path in entries if stage.startswith(_SUBMODULE_MODE)
    ]


def _git(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env={**git_environment(), **(environment or {})},
            check=False,
        )
    except OSError as error:
        raise RevisionError(f"git cannot be run: {error.strerror or error}") from None
    if done.returncode:
        text = done.stderr.strip().removeprefix("fatal: ").partition("\n")[0]
        raise RevisionError(f"{folder}: git {arguments[0]}: {text or 'it failed'}")
    return done.stdout.strip()
