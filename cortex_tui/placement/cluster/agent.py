"""The process on a machine that starts runners there, with a guard that outlives it.

Started as `python -P -m cortex_tui.placement.cluster.agent`, with its ticket as a line of stdin and
nothing behind it: the end of stdin is the end of the agent.

It is two processes. The first makes a private folder, forks the agent, and waits for its end,
whatever ends it. Then it kills what is left of what the agent has started, and deletes the folder.
The kernel makes it the parent of all that loses its own (Linux), so that nothing escapes, not even
a daemon. The agent, for its part, ends when its guard does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from cortex_tui.folders import delete_unlocked, make_locked
from cortex_tui.placement.cluster.ticket import TicketError, decode_ticket
from cortex_tui.starting import own_process, without_collections

_PR_SET_CHILD_SUBREAPER = 36
_STDIN, _STDERR = 0, 2


def main() -> None:
    line = _read_line(_STDIN)
    try:
        ticket = decode_ticket(line)
    except TicketError as error:
        sys.exit(str(error))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program decides what an interrupt ends
    folder, lock = make_folder()
    guarded, guard = os.pipe()
    agent = os.fork()
    if agent:
        os.close(guarded)
        _watch_over(agent, folder)
    os.close(guard)
    own_process()
    with without_collections():
        from cortex_tui.placement.cluster.serving import serve

    try:
        serve(ticket, str(folder), (_STDIN, guarded))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def make_folder() -> tuple[Path, int]:
    """A new private one, on a disk where there is one, and the lock that keeps it; those of agents
    that were killed together with their guards are deleted."""
    import platformdirs

    agents = Path(platformdirs.user_cache_dir("cortex-tui", appauthor=False)) / "agents"
    name = secrets.token_hex(8)
    try:
        agents.mkdir(mode=0o700, parents=True, exist_ok=True)
        delete_unlocked(agents)
        folder = agents.resolve() / name
        return folder, make_locked(folder)
    except OSError:
        folder = Path(tempfile.gettempdir()).resolve() / f"cortex-tui-agent-{name}"
        return folder, make_locked(folder)


def _read_line(descriptor: int) -> bytes:
    """Up to the end of the first line and no further; what follows is to be waited for."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line


def _watch_over(agent: int, folder: Path) -> NoReturn:
    """Waits for the end of the agent, leaves nothing of it, and ends as it has ended."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for descriptor in (_STDIN, _STDERR):
        os.close(descriptor)  # whoever waits for their ends waits for that of the agent
    _, status = os.waitpid(agent, 0)
    kill_children()
    shutil.rmtree(folder, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(abs(code))


def kill_children() -> None:
    """Kills the groups of all children, and those of their children, until there are none."""
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children")
    while True:
        try:
            found = [int(child) for child in children.read_text(encoding="ascii").split()]
        except OSError:
            return  # no Linux, or a kernel without that file
        if not found:
            return
        for child in found:
            with contextlib.suppress(OSError):
                if (group := os.getpgid(child)) != os.getpgrp():
                    os.killpg(group, signal.SIGKILL)
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


if __name__ == "__main__":
    main()
