"""`asyncssh:FILE`: two to ten machines over SSH, without a scheduler.

All that an agent and this program exchange goes through the SSH connection: the machine listens on
a port of its own loopback interface, and SSH forwards it to here. So no port of this machine has to
be open, and nothing but SSH's needs to be open there. An agent ends with its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncssh
import msgspec

from cortex_tui import __version__
from cortex_tui.placement.cluster.hosts import Host, hosts_of
from cortex_tui.placement.cluster.port import AGENT_MODULE, ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket, encode_ticket
from cortex_tui.text import one_line

_CONNECT_S = 15.0
"""For the connection, and once more for the login."""
_CHECK_S = 30.0
"""For the first start of Python there, which may read a cold disk."""
_END_S = 5.0
"""How long an agent may take to end with its stdin: its runners are killed, folders are deleted."""
_UNANSWERED = 3
"""After how many keepalives without an answer a connection is broken."""
_MAX_WORDS = 2_000
"""Bytes of what an agent wrote on stderr last, which are part of the reason for its end."""
_PYTHON = (3, 11)
_MARK = "cortex-tui: "
_CHECK = f"""
import json, sys
sys.path[:] = [path for path in sys.path if path]
found = dict(python=sys.version_info[:3], program="", why="")
try:
    import cortex_tui
    found["program"] = cortex_tui.__version__
except Exception:
    found["why"] = str(sys.exc_info()[1])
print("{_MARK}" + json.dumps(found))
"""
"""Runs on any Python. What a login prints before it is not looked at."""


class SshHosts:
    """The adapter: the machines of a `hosts.toml`."""

    listen = "127.0.0.1"

    def __init__(self, name: str, hosts: Sequence[Host], settings: ClusterSettings) -> None:
        self.name = name
        self._hosts = hosts
        self._settings = settings
        self.words = (
            f"on {len(hosts)} machines over SSH" if len(hosts) > 1 else f"on {hosts[0].name}"
        )

    @classmethod
    def read(cls, text: str, settings: ClusterSettings) -> SshHosts:
        """What `asyncssh:FILE` means; raises ClusterError for anything else."""
        file = text.partition(":")[2]
        if not file:
            raise ClusterError(f"expected asyncssh:FILE, such as asyncssh:hosts.toml, got {text!r}")
        return cls(text, hosts_of(file), settings)

    def slots(self) -> int:
        return sum(host.runners for host in self._hosts)

    @asynccontextmanager
    async def machines(self) -> AsyncIterator[Sequence[SshMachine]]:
        machines = [SshMachine(host, self._settings) for host in self._hosts]
        try:
            connected = (machine.connect() for machine in machines)
            found = await asyncio.gather(*connected, return_exceptions=True)
            errors = [each for each in found if isinstance(each, BaseException)]
            for error in errors:
                if not isinstance(error, ClusterError):
                    raise error
            if errors:
                raise ClusterError("; ".join(map(str, errors)))
            yield machines
        finally:
            await asyncio.gather(*(machine.close() for machine in machines))


class SshMachine:
    """A machine with its SSH connection."""

    lost_is_certain = True

    def __init__(self, host: Host, settings: ClusterSettings) -> None:
        self.name = host.name
        self.slots = host.runners
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._host = host
        self._keepalive_s = max(0.1, settings.lost_after_ns / 1e9 / (_UNANSWERED + 1))
        self._connection: asyncssh.SSHClientConnection | None = None
        self._agent: asyncssh.SSHClientProcess[bytes] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing = False

    async def connect(self) -> None:
        """Logs in, and looks whether agents can be started. Raises ClusterError."""
        try:
            options = self._options()
            self._connection, _ = await asyncssh.create_connection(
                lambda: _Client(self._broken), self._host.address, options=options
            )
            await self._check(self._connection)
        except (OSError, ValueError, asyncssh.Error) as error:
            raise ClusterError(f"{self.name}: {self._explained(error)}") from error

    def _options(self) -> asyncssh.SSHClientConnectionOptions:
        """As the user's own configuration of SSH has it, where the file of hosts has nothing."""
        host = self._host
        given: dict[str, Any] = {
            "port": host.port,
            "username": host.user,
            "client_keys": [host.key] if host.key else None,
            "known_hosts": host.known_hosts,
        }
        options = asyncssh.SSHClientConnectionOptions(
            host=host.address,
            config=(),  # the usual file, which is not read by default
            **{name: value for name, value in given.items() if value},
            # A key with a passphrase is used by way of an agent for keys, not by asking for it.
            ignore_encrypted=True,
            password_auth=False,
            kbdint_auth=False,
            agent_forwarding=False,
            connect_timeout=_CONNECT_S,
            login_timeout=_CONNECT_S,
            keepalive_interval=self._keepalive_s,
            keepalive_count_max=_UNANSWERED,
        )
        if options.known_hosts is None:
            raise ClusterError(
                f"{self.name}: your configuration of SSH turns the check of host keys off for "
                f"{host.address}; set known_hosts in the file of hosts"
            )
        return options

    def _explained(self, error: Exception) -> str:
        host = self._host
        where = host.address if host.port is None else f"{host.address}, port {host.port}"
        match error:
            case asyncssh.HostKeyNotVerifiable():
                known = host.known_hosts or "your known_hosts"
                port = "" if host.port is None else f"-p {host.port} "
                return (
                    f"the host key of {where} is not in {known}, or another one is: connect with "
                    f"`ssh {port}{host.address}` once, and compare what it shows with its key"
                )
            case asyncssh.PermissionDenied():
                key = f"the key {host.key}" if host.key else "your keys"
                return (
                    f"{where} refused the login with {key}; one that has a passphrase must be in "
                    "ssh-agent (ssh-add)"
                )
            case TimeoutError():
                return f"{where} did not answer within {_CONNECT_S:g} s"
            case asyncssh.Error():
                return f"SSH with {where} failed: {one_line(error.reason)}"
            case OSError():
                # What asyncio says in place of the system's words has the address once more.
                number = error.errno or 0
                why = os.strerror(number) if number > 0 else error.strerror or error
                return f"{where} cannot be reached: {why}"
        return f"SSH cannot be used: {one_line(str(error))}"

    async def _check(self, connection: asyncssh.SSHClientConnection) -> None:
        """That Python is there, and this version of this program. Raises ClusterError."""
        python = self._host.python
        try:
            done = await connection.run(
                f"{_word(python)} -c {shlex.quote(_CHECK)}", timeout=_CHECK_S
            )
        except asyncssh.TimeoutError:
            raise ClusterError(
                f"{self.name}: {python} did not answer within {_CHECK_S:g} s"
            ) from None
        _, marked, found = str(done.stdout).rpartition(_MARK)
        if not marked:
            last = str(done.stderr).strip().rpartition("\n")[2]
            raise ClusterError(
                f"{self.name}: there is no Python at {python} "
                f"({one_line(last) or f'exit code {done.exit_status}'}); set python for it"
            )
        facts = json.loads(found)
        version = ".".join(map(str, facts["python"]))
        if tuple(facts["python"]) < _PYTHON:
            raise ClusterError(f"{self.name}: {python} is Python {version}, expected 3.11 or newer")
        if facts["program"] != __version__:
            there = f"it has {facts['program']}" if facts["program"] else facts["why"]
            raise ClusterError(
                f"{self.name}: expected cortex-tui {__version__} in the environment of {python}: "
                f"{one_line(there)}"
            )

    async def start_agent(self, ticket: Ticket) -> None:
        connection = self._connection
        assert connection is not None
        try:
            here = [address.rpartition(":") for address in ticket.addresses]
            host, _, port = here[0]
            listener = await connection.forward_remote_port("127.0.0.1", 0, host, int(port))
            there = (f"127.0.0.1:{listener.get_port()}",)
            self._agent = await connection.create_process(
                f"exec {_word(self._host.python)} -P -m {AGENT_MODULE}",
                stdout=asyncssh.DEVNULL,
                encoding=None,
            )
        except asyncssh.ChannelListenError:
            raise ClusterError(
                f"{self.name}: its SSH server forwards no ports (AllowTcpForwarding in its "
                "configuration), which the link to the agent needs"
            ) from None
        except (OSError, asyncssh.Error) as error:
            raise ClusterError(f"{self.name}: {self._explained(error)}") from error
        self._watching = asyncio.ensure_future(self._watch(self._agent))
        self._agent.stdin.write(encode_ticket(msgspec.structs.replace(ticket, addresses=there)))

    async def _watch(self, agent: asyncssh.SSHClientProcess[bytes]) -> None:
        words = b""
        while text := await agent.stderr.read(_MAX_WORDS):
            words = (words + text)[-_MAX_WORDS:]
        await agent.wait_closed()
        if agent.exit_signal:
            how = f"was killed by SIG{agent.exit_signal[0]}"
        else:
            how = f"exited with code {agent.exit_status}"
        last = words.decode(errors="backslashreplace").strip().rpartition("\n")[2]
        self._lose(": ".join(filter(None, [f"its agent {how}", one_line(last)])))

    def _broken(self, error: Exception | None) -> None:
        """The connection has ended, and with it the agent."""
        why = (
            one_line(getattr(error, "reason", "") or str(error)) if error else "it was closed there"
        )
        self._lose(f"its SSH connection broke: {why}")

    def _lose(self, reason: str) -> None:
        if not (self._closing or self.lost.done()):
            self.lost.set_result(reason)

    async def close(self) -> None:
        self._closing = True
        connection, agent, watching = self._connection, self._agent, self._watching
        if connection is None:
            return
        if agent is not None and watching is not None:
            agent.stdin.write_eof()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await asyncio.shield(watching)
            if not watching.done():
                with contextlib.suppress(OSError, asyncssh.Error):
                    agent.kill()
        connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await connection.wait_closed()
        connection.abort()
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


class _Client(asyncssh.SSHClient):
    def __init__(self, broken: Callable[[Exception | None], None]) -> None:
        self._broken = broken

    def connection_lost(self, exc: Exception | None) -> None:
        self._broken(exc)


def _word(path: str) -> str:
    """A path as a word for the shell of the machine; `~/` is the user's folder there."""
    if path.startswith("~/"):
        return f'"$HOME"/{shlex.quote(path[2:])}'
    return shlex.quote(path)
