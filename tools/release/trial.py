"""Whether an installed program works: what a new user does first, from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.release.shared_files import shared_files

SUITES = {"loads", "mediator", "repository", "scaling", "search"}
_SHORT = ("--duration", "500ms", "--warmup", "100ms", "--undecided", "pass")
_WITHOUT = {
    "web": ("serve",),
    "postgres": ("run", "search", "--database", "postgresql://127.0.0.1/none"),
    "cluster": ("run", "search", "--cluster", "local:2"),
}
_LIMIT_S = 300


def trial_problems(environment: Path, folder: Path, version: str) -> Iterator[str]:
    """A line for each thing that does not work.

    `environment` has the program without extras, `folder` is empty.
    """
    program = environment / "bin" / "cortex-tui"
    for place in shared_files(version):
        if not (environment / place).is_file():
            yield f"{place} is not installed"
    done = _call(program, folder, "--version")
    if done.stdout != f"cortex-tui {version}\n":
        yield f"--version: expected cortex-tui {version}, found {_shown(done)}"
        return
    for words in ("check", "schema", "doctor", "completion bash", "new shop"):
        done = _call(program, folder, *words.split())
        if done.returncode != 0 or not done.stdout:
            yield f"{words}: {_shown(done)}"
    listed = {suite["name"] for suite in _json(program, folder, "list", "--json").get("suites", ())}
    if listed != SUITES | {"shop"}:
        yield f"list: expected {sorted(SUITES | {'shop'})}, found {sorted(listed)}"
    for profile in ("mediator.search", "shop.steady"):
        runs = _json(program, folder, "run", profile, *_SHORT, "--json", "-").get("runs", [])
        if not any(run["operations"] and not run["errors"] for run in runs):
            yield f"run {profile}: expected operations without errors, found {runs or 'nothing'}"
    for extra, arguments in _WITHOUT.items():
        done = _call(program, folder, *arguments)
        if done.returncode != 2 or f"pip install 'cortex-tui[{extra}]'" not in done.stderr:
            yield f"{' '.join(arguments)}: expected the extra {extra} named, found {_shown(done)}"


def _call(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With nothing of this environment in the way."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    try:
        return subprocess.run(
            [program, *arguments], cwd=folder, env=kept, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=_LIMIT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(program, -1, "", str(error))


def _json(program: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    """The document that it prints; an empty one where it prints none."""
    try:
        document: dict[str, Any] = json.loads(_call(program, folder, *arguments).stdout)
    except json.JSONDecodeError:
        return {}
    return document


def _shown(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
    return f"{lines[-1]} (exit code {done.returncode})"
