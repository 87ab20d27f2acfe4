"""The installed command, suites to run with it, and what it leaves in the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    """`profiles/NAME.toml`, and the module `bench` beside it with `nap`, `fail` and `code`."""
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


def told(text: str, profile: str) -> list[str]:
    """The words of the profile's row in the table that a session leaves behind; [] for none."""
    rows = [line.split() for line in text.splitlines()]
    return next((row for row in rows if row[:1] == [profile]), [])


STORE = Path(".cortex-tui") / "snapshots.db"


def shown(folder: Path, ref: str, store: Path = STORE) -> dict[str, Any]:
    """What is stored under a name, or the start of an id, as `show --json` tells it."""
    done = call(folder, "show", ref, "--json", "--store", store)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def listed(folder: Path) -> list[dict[str, Any]]:
    """The suites that there are, as `list --json` tells them."""
    suites: list[dict[str, Any]] = json.loads(call(folder, "list", "--json").stdout)["suites"]
    return suites


def newest_session(folder: Path, store: Path = STORE) -> tuple[str, str]:
    """Id and state of the session that was stored last."""
    done = call(folder, "snapshots", "--all", "--store", store)
    lines = done.stdout.splitlines()
    assert len(lines) > 1, done.stderr
    session, _, state, *_ = lines[1].split()
    return session, state


def git(folder: Path, *arguments: str) -> str:
    """What git prints; whoever commits has a name."""
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
