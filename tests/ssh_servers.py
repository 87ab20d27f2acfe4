"""SSH servers of this machine for tests: asyncssh's own, and OpenSSH's where it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh

from tests.ports import free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Server(NamedTuple):
    """One that lets the user in who runs the tests, with a key of its own."""

    port: int
    key: Path
    known_hosts: Path
    cache: Path
    """The user's cache folder as it is there."""
    cut: Callable[[], None]
    """Breaks all connections; the server takes new ones."""
    freeze: Callable[[], None] | None = None
    """Has them say nothing any more; None where that cannot be."""

    def hosts(self, name: str = "load-1", **settings: str | int) -> str:
        """The machine in a hosts.toml, with `settings` in place of what is right."""
        table: dict[str, str | int] = {
            "address": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "key": str(self.key),
            "known_hosts": str(self.known_hosts),
            "python": sys.executable,
            **settings,
        }
        lines = (f"{key} = {value!r}" for key, value in table.items())
        return "\n".join([f"[machine.{name}]", *lines, ""])


class _Keys(NamedTuple):
    host: asyncssh.SSHKey
    user: Path
    authorized: Path


def _make_keys(folder: Path) -> _Keys:
    folder.mkdir(exist_ok=True)
    user = asyncssh.generate_private_key("ssh-ed25519")
    file = folder / "id_ed25519"
    user.write_private_key(str(file))
    file.chmod(0o600)
    authorized = folder / "authorized_keys"
    user.write_public_key(str(authorized))
    return _Keys(asyncssh.generate_private_key("ssh-ed25519"), file, authorized)


def _known_hosts(folder: Path, port: int, key: asyncssh.SSHKey) -> Path:
    file = folder / f"known_hosts-{port}"
    public = key.export_public_key().decode().strip()
    file.write_text(f"[127.0.0.1]:{port} {public}\n", encoding="utf-8")
    return file


class _Accepting(asyncssh.SSHServer):
    def __init__(self, connections: set[asyncssh.SSHServerConnection], *, forwards: bool) -> None:
        self._connections = connections
        self._forwards = forwards

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.add(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return self._forwards


@asynccontextmanager
async def asyncssh_server(folder: Path, *, forwards: bool = True) -> AsyncIterator[Server]:
    """On the running loop; commands are processes of this machine."""
    keys = _make_keys(folder)
    cache = folder / "cache"
    running: set[asyncio.subprocess.Process] = set()
    serving: set[asyncio.Task[Any]] = set()
    connections: set[asyncssh.SSHServerConnection] = set()

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        child = await asyncio.create_subprocess_shell(
            process.command or "true",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        )
        running.add(child)
        ended = asyncio.current_task()
        assert ended is not None
        serving.add(ended)
        try:
            await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
            code = await child.wait()
            await process.stdout.drain()
            if code < 0:
                process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
            else:
                process.exit(code)
        except (OSError, asyncssh.Error):
            pass  # the client has gone away
        finally:
            await process.wait_closed()
            running.discard(child)
            serving.discard(ended)

    server = await asyncssh.create_server(
        lambda: _Accepting(connections, forwards=forwards),
        "127.0.0.1",
        0,
        server_host_keys=[keys.host],
        authorized_client_keys=str(keys.authorized),
        process_factory=serve,
        encoding=None,
    )
    port = server.get_port()

    def cut() -> None:
        for connection in list(connections):
            connection.abort()

    try:
        yield Server(port, keys.user, _known_hosts(folder, port, keys.host), cache, cut)
    finally:
        server.close()
        await server.wait_closed()
        for child in list(running):
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await asyncio.gather(*serving)


def _signal_connections(pid: int, number: int) -> None:
    """OpenSSH's server has a process for each connection, in which the port is forwarded; where it
    is not root's, another one below that."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    for child in map(int, children.split()):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if Path(f"/proc/{child}/comm").read_text(encoding="utf-8").startswith("sshd"):
                _signal_connections(child, number)
                os.kill(child, number)


@asynccontextmanager
async def openssh_server(folder: Path, *, forwards: bool = True) -> AsyncIterator[Server]:
    """OpenSSH's, for the user who runs the tests."""
    assert SSHD is not None
    keys = _make_keys(folder)
    cache = folder / "cache"
    host_key = folder / "host_key"
    keys.host.write_private_key(str(host_key))
    host_key.chmod(0o600)
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"""
        HostKey {host_key}
        AuthorizedKeysFile {keys.authorized}
        AllowTcpForwarding {"yes" if forwards else "no"}
        SetEnv XDG_CACHE_HOME={cache}
        ListenAddress 127.0.0.1:{port}
        PasswordAuthentication no
        PermitRootLogin prohibit-password
        PidFile none
        StrictModes no
        UsePAM no
        """,
        encoding="utf-8",
    )
    log = folder / "sshd.log"
    process = await asyncio.create_subprocess_exec(SSHD, "-D", "-f", config, "-E", log)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.02)
        yield Server(
            port,
            keys.user,
            _known_hosts(folder, port, keys.host),
            cache,
            lambda: _signal_connections(process.pid, signal.SIGKILL),
            lambda: _signal_connections(process.pid, signal.SIGSTOP),
        )
    finally:
        _signal_connections(process.pid, signal.SIGKILL)
        process.terminate()
        await process.wait()
