"""An agent as a child process: how an adapter starts one on the machine where it runs itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path

from cortex_tui.placement.cluster.port import AGENT_MODULE, ClusterError
from cortex_tui.placement.cluster.ticket import Ticket, encode_ticket
from cortex_tui.placement.exits import describe_exit
from cortex_tui.scheduling import usual_policy

_END_S = 3.0
"""How long an agent may take to end with its stdin: its runners are killed, folders are deleted."""
_GUARD_S = 20.0
"""How long its guard may take to clean up behind one that was killed, on a busy machine: what is
left then stays."""
_LAST_WORDS_S = 0.05
_MAX_WORDS = 2_000
"""Bytes of what it wrote on stderr last, which are part of the reason for its end."""


class AgentProcess:
    """Ends with whoever started it: its stdin is a pipe of that process."""

    def __init__(self, process: Process) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The reason, as soon as the agent has ended without being asked to."""
        self._process = process
        self._words = b""
        self._closing = False
        self._watching = asyncio.ensure_future(self._watch())

    @classmethod
    async def start(
        cls, ticket: Ticket, *, prefix: Sequence[str] = (), python: str = sys.executable
    ) -> AgentProcess:
        """`prefix` is a command that runs another one, such as `ip netns exec NAME`.

        Raises ClusterError.
        """
        command = [*prefix, python, "-P", "-m", AGENT_MODULE]
        try:
            with usual_policy():
                # asyncio starts it before it lets anything else run on this thread.
                process = await asyncio.create_subprocess_exec(
                    *command, stdin=PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=PIPE,
                    process_group=0,
                )  # fmt: skip
        except OSError as error:
            raise ClusterError(f"{command[0]} could not be started: {error}") from error
        agent = cls(process)
        assert process.stdin is not None
        process.stdin.write(encode_ticket(ticket))
        return agent

    @property
    def pid(self) -> int:
        return self._process.pid

    async def close(self) -> None:
        """Ends it, and all that it has started, also where it does not react."""
        self._closing = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        if not await self._ends(_END_S):
            # Its guard, the process that was started, sees its end and cleans up.
            _kill_below(self.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
            if not await self._ends(_GUARD_S):
                os.kill(self.pid, signal.SIGKILL)
                await self._watching

    async def _ends(self, within_s: float) -> bool:
        done, _ = await asyncio.wait({self._watching}, timeout=within_s)
        return bool(done)

    async def _watch(self) -> None:
        reading = asyncio.ensure_future(self._last_words())
        code = await self._process.wait()
        # What it has started may have kept its stderr.
        await asyncio.wait({reading}, timeout=_LAST_WORDS_S)
        reading.cancel()
        if not self._closing:
            lines = self._words.decode(errors="backslashreplace").strip().splitlines()
            last = f": {lines[-1]}" if lines else ""
            self.lost.set_result(f"its agent {describe_exit(code)}{last}")

    async def _last_words(self) -> None:
        assert self._process.stderr is not None
        while text := await self._process.stderr.read(_MAX_WORDS):
            self._words = (self._words + text)[-_MAX_WORDS:]


def _kill_below(pid: int) -> None:
    """Kills all that stems from a process, which leads a group, with the groups of their own."""
    for each in _stem_from(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            group = os.getpgid(each)
            os.kill(each, signal.SIGKILL) if group == pid else os.killpg(group, signal.SIGKILL)


def _stem_from(pid: int) -> list[int]:
    """The children of a process and theirs, the youngest first; none where the system does not list
    them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        children = [int(child) for child in listed.read_text(encoding="ascii").split()]
    except OSError:  # no Linux, or a kernel without that file
        return []
    return [each for child in children for each in (*_stem_from(child), child)]
