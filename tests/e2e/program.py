"""The installed command, suites to run with it, and what it leaves in the store."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from cortex_tui.cli.entry import run_command

PROGRAM = Path(sys.executable).with_name("cortex-tui")

BENCH = '''
import asyncio
import ctypes
import os
import subprocess
import sys
import time


async def nap():
    """About a millisecond."""
    await asyncio.sleep(0.001)


async def fail():
    await asyncio.sleep(0.001)
    raise ValueError("out of stock")


calls = 0


async def every_other():
    global calls
    calls += 1
    await asyncio.sleep(0.001)
    if calls % 2:
        raise ValueError("out of stock")
'''


def write_suite(
    folder: Path,
    profiles: str,
    *,
    name: str = "shop",
    code: str = "",
    defaults: str = 'warmup = 0\nduration = "500ms"',
) -> Path:
    """`profiles/NAME.toml`, and the module `bench` next to it with `nap`, `fail` and `code`."""
    suites = folder / "profiles"
    suites.mkdir(exist_ok=True)
    file = suites / f"{name}.toml"
    file.write_text(f"[defaults]\n{defaults}\n{textwrap.dedent(profiles)}", encoding="utf-8")
    (suites / "bench.py").write_text(BENCH + textwrap.dedent(code), encoding="utf-8")
    return file


def call(
    folder: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command without a terminal, to its end."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=folder,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def call_here(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command that measures nothing: in this process, which has loaded the program."""
    words = list(map(str, arguments))
    # With bytes below, as a document is printed as such.
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = run_command(words)
    out.seek(0)
    err.seek(0)
    return subprocess.CompletedProcess(words, code, out.read(), err.read())


def row_of(profile: str, text: str) -> list[str]:
    """The words of the profile's row in the table that a session leaves behind; [] for none.

    Looked for below the table's titles: above them the command line stands, which a terminal wraps
    anywhere.
    """
    rows = [line.split() for line in text.splitlines()]
    titles = next((at for at, row in enumerate(rows) if row[:1] == ["profile"]), len(rows))
    return next((row for row in rows[titles:] if row[:1] == [profile]), [])


STORE = Path(".cortex-tui") / "snapshots.db"


def shown(folder: Path, ref: str, store: Path = STORE) -> dict[str, Any]:
    """What is stored under a name, or the start of an id, as `show --json` tells it."""
    document: dict[str, Any] = json.loads(
        _looked_up(folder, "show", ref, "--json", "--store", str(store))
    )
    return document


def listed(folder: Path) -> list[dict[str, Any]]:
    """The suites that there are, as `list --json` tells them."""
    suites: list[dict[str, Any]] = json.loads(_looked_up(folder, "list", "--json"))["suites"]
    return suites


def newest_session(folder: Path, store: Path = STORE) -> tuple[str, str]:
    """Id and state of the session that was stored last."""
    lines = _sessions(folder, store)
    assert len(lines) > 1, lines
    session, _, state, *_ = lines[1].split()
    return session, state


def is_stored(folder: Path, store: Path = STORE) -> bool:
    """Whether any session is in the store."""
    return len(_sessions(folder, store)) > 1


def _sessions(folder: Path, store: Path) -> list[str]:
    return _looked_up(folder, "snapshots", "--all", "--store", str(store)).splitlines()


def _looked_up(folder: Path, *arguments: str) -> str:
    """What a command prints that only reads."""
    with ThreadPoolExecutor(1) as thread:
        # In a thread, where no event loop of the test is running.
        done = thread.submit(call_here, folder, *arguments).result()
    assert done.returncode == 0, done.stderr
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    """What git prints; whoever commits has a name."""
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
