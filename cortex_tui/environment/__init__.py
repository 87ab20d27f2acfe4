"""What sessions are measured on: the machine, its other work, the interpreter, the disk, the code.

Stored with every session, because numbers from different machines are not to be compared. Facts
are JSON-ready; whatever cannot be found out is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cortex_tui.environment.activity import activity
from cortex_tui.environment.code import GitFacts
from cortex_tui.environment.machine import machine_facts
from cortex_tui.environment.place import VOLATILE_FILE_SYSTEMS, file_system_of, place_facts
from cortex_tui.environment.software import software_facts

__all__ = ["VOLATILE_FILE_SYSTEMS", "describe_environment", "file_system_of", "machine_facts"]

QUICK_WATCH_S = 0.05
"""How long the other processes are watched before a session: one that keeps a core busy has used
five ticks of the kernel's clock by then."""


def describe_environment(
    store: Path, *, watch_s: float = QUICK_WATCH_S, servers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """All facts; `store` is where sessions are kept, `watch_s` how long others are watched,
    `servers` as in `server_facts`.

    Takes a little longer than that, reading small files and waiting for `git`: call it before a
    session, on a thread without an event loop, never during one.
    """
    git = GitFacts()  # works while we watch
    facts: dict[str, Any] = {
        **machine_facts(),
        **software_facts(),
        **place_facts(store),
        **activity(watch_s),
        **git.result(),
    }
    if servers:
        # It loads asyncio, which most who ask do without.
        from cortex_tui.environment.servers import server_facts

        facts |= server_facts(servers)
    return {key: value for key, value in facts.items() if value not in (None, "")}
