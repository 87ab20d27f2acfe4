"""`make release`: builds, checks and tries the artefacts, and leaves them in dist/."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cortex_tui import __version__
from tools.release.contents import (
    ROOT,
    ReleaseError,
    changelog_problems,
    expected_in_wheel,
    sdist_problems,
    tracked_files,
    wheel_problems,
)
from tools.release.trial import trial_problems

ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
"""Another builder's environment, which must not be seen in what is built."""


class Artefacts(NamedTuple):
    """What a build has made."""

    sdist: Path
    wheel: Path


def main() -> int:
    try:
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            _release(Path(folder))
    except ReleaseError as error:
        print(f"make release: {error}", file=sys.stderr)
        return 1
    return 0


def _release(scratch: Path) -> None:
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    if _git("status", "--porcelain"):
        raise ReleaseError("expected everything committed: what is released must be known later")
    seconds = _git("log", "-1", "--format=%ct")
    date = f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d}"
    tracked = tracked_files(ROOT)
    _check("the changelog", changelog_problems(tracked, __version__))

    epoch = {"SOURCE_DATE_EPOCH": seconds}
    first = build(ROOT, scratch / "first", epoch)
    clone = scratch / "clone"
    _run("git", "clone", "--quiet", ROOT, clone)
    second = build(clone, scratch / "second", epoch | ELSEWHERE, umask=0o077)
    check_same(first, second)
    print("built twice, to the same bytes:", *(file.name for file in first))

    _run(sys.executable, "-m", "twine", "check", "--strict", *first)
    print("twine finds nothing wrong")
    _check("the sdist", sdist_problems(first.sdist, tracked, __version__))
    expected = expected_in_wheel(tracked, __version__, date)
    _check("the wheel", wheel_problems(first.wheel, expected, __version__))

    for artefact in first:
        environment = scratch / f"environment-{artefact.suffix[1:]}"
        empty = scratch / f"empty-{artefact.suffix[1:]}"
        empty.mkdir()
        venv.create(environment, with_pip=True)
        _run(
            environment / "bin" / "python", "-m", "pip", "install", "--quiet",
            "--constraint", ROOT / "constraints.txt", artefact,
        )  # fmt: skip
        _check(f"{artefact.name}, installed", trial_problems(environment, empty, __version__))
    (ROOT / "dist").mkdir()
    for artefact in first:
        shutil.copy(artefact, ROOT / "dist")
        print(f"dist/{artefact.name}")


def build(
    project: Path, target: Path, environment: Mapping[str, str], umask: int = 0o022
) -> Artefacts:
    """Builds the sdist, and the wheel from it, with what pyproject.toml says that needs.

    Raises ReleaseError.
    """
    constraint = {"PIP_CONSTRAINT": str(project / "constraints.txt")}
    _run(
        sys.executable, "-m", "build", "--outdir", target, project,
        environment={**constraint, **environment}, umask=umask,
    )  # fmt: skip
    (sdist,), (wheel,) = target.glob("*.tar.gz"), target.glob("*.whl")
    return Artefacts(sdist, wheel)


def check_same(first: Artefacts, second: Artefacts) -> None:
    """Raises ReleaseError where two builds of one commit differ in a name or a byte."""
    for one, other in zip(first, second, strict=True):
        if one.name != other.name or not filecmp.cmp(one, other, shallow=False):
            raise ReleaseError(f"{one.name} is not the same when it is built elsewhere")


def _check(what: str, problems: Iterable[str]) -> None:
    found = list(problems)
    for problem in found:
        print(f"{what}: {problem}", file=sys.stderr)
    if found:
        raise ReleaseError(f"{what} cannot be released as it is")
    print(f"nothing is wrong with {what}")


def _git(*arguments: str) -> str:
    return _run("git", "-C", ROOT, *arguments).strip()


def _run(
    *command: str | Path, environment: Mapping[str, str] | None = None, umask: int = -1
) -> str:
    """What it prints. Raises ReleaseError with the end of its output where it fails."""
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, umask=umask, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        shown = " ".join(map(str, command[:4]))
        raise ReleaseError(f"{shown} … failed:\n{done.stdout.strip()[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
