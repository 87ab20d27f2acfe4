"""Where Dask's scheduler and its workers come from: an address, this machine, or SSH.

Everything here runs on the thread of Dask, but for what is asked of a source before it is opened.
"""

from __future__ import annotations

import logging
import shlex
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from cortex_tui.placement.cluster import dask_part
from cortex_tui.placement.cluster.dask_local import first_of, local_worker
from cortex_tui.placement.cluster.dask_setup import CONNECT_S, NO_PAGES, Log, reason_of
from cortex_tui.placement.cluster.hosts import Host, hosts_of
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings

SHAPE = "tcp://HOST:PORT or tls://HOST:PORT"
DEFAULT_PORT = 8786
MAX_LOCAL = 64
_ANY_PORT = 9
KEEP_ALIVE_S = 5
"""How often a connection of SSH is tried."""
START_S = 30.0
"""How long workers may take to connect to a scheduler that was just started."""


class Source(Protocol):
    """A scheduler and its workers."""

    @property
    def words(self) -> str:
        """Where sessions run: `on the machines of tcp://host:8786`."""

    @property
    def slots(self) -> int | None:
        """How many runners there is room for; None where only the scheduler knows."""

    def listen(self) -> str:
        """The host of this machine on which its machines can reach the program."""

    async def open(self, stack: AsyncExitStack, log: Log) -> Any:
        """A client of the scheduler; what it takes is given up with the stack.

        Raises ClusterError.
        """


class ByAddress(NamedTuple):
    """A scheduler that is running, with workers of `cortex-tui agent` or `dask worker`."""

    address: str
    """`tcp://host:port` or `tls://host:port`."""
    tls: tuple[str, str, str] | None
    """The files of the authority, the certificate and the key; None for those of Dask's own
    configuration."""

    @property
    def words(self) -> str:
        return f"on the machines of {self.address}"

    @property
    def slots(self) -> int | None:
        return None

    @classmethod
    def read(cls, text: str, settings: ClusterSettings) -> ByAddress:
        parts = urlsplit(text)
        try:
            host, port = parts.hostname, parts.port or DEFAULT_PORT
        except ValueError:
            host, port = None, 0
        known = parts.scheme in ("tcp", "tls")
        if not known or not host or parts.path or parts.query or parts.username:
            raise ClusterError(f"expected {SHAPE}, got {text!r}")
        if settings.tls and parts.scheme != "tls":
            raise ClusterError(f"certificates: expected tls://{host}:{port} with them")
        host = f"[{host}]" if ":" in host else host
        return cls(f"{parts.scheme}://{host}:{port}", settings.tls)

    def listen(self) -> str:
        return own_host(urlsplit(self.address).hostname or "")

    async def open(self, stack: AsyncExitStack, log: Log) -> Any:
        from distributed import Client
        from distributed.security import Security

        security = None
        if self.tls is not None:
            authority, certificate, key = self.tls
            security = Security(
                tls_ca_file=authority,
                tls_client_cert=certificate,
                tls_client_key=key,
                require_encryption=True,
            )
        elif self.address.startswith("tls:"):
            security = Security()
            if security.tls_ca_file is None or security.tls_client_cert is None:
                raise ClusterError(
                    f"{self.address}: expected --cluster-tls with certificates, or those of "
                    "Dask's own configuration (distributed.comm.tls)"
                )
        try:
            client = Client(
                self.address,
                asynchronous=True,
                security=security,
                set_as_default=False,
                timeout=CONNECT_S,
            )
            return await stack.enter_async_context(client)
        except (OSError, TypeError, ValueError) as error:
            reason = reason_of(error)
            raise ClusterError(f"no scheduler answers at {self.address}: {reason}") from error


class OfThisMachine(NamedTuple):
    """A scheduler and workers that are started here: to try things out."""

    slots: int

    @property
    def words(self) -> str:
        count = f"{self.slots} workers" if self.slots > 1 else "one worker"
        return f"on {count} of Dask on this machine"

    @classmethod
    def read(cls, text: str, settings: ClusterSettings) -> OfThisMachine:
        number = text.partition(":")[2]
        if not number.isdecimal() or not 1 <= int(number) <= MAX_LOCAL:
            raise ClusterError(f"expected local:N with N from 1 to {MAX_LOCAL}, got {text!r}")
        return cls(int(number))

    def listen(self) -> str:
        return "127.0.0.1"

    async def open(self, stack: AsyncExitStack, log: Log) -> Any:
        from distributed import Client, LocalCluster

        try:
            # Its own workers come from multiprocessing, which needs the stderr of a plain program.
            cluster = LocalCluster(
                n_workers=0, processes=True, asynchronous=True,
                silence_logs=logging.CRITICAL, scheduler_kwargs=NO_PAGES,
            )  # fmt: skip
            await stack.enter_async_context(cluster)
            workers = [
                await stack.enter_async_context(local_worker(cluster.scheduler_address, number))
                for number in range(1, self.slots + 1)
            ]
            client = Client(cluster, asynchronous=True, set_as_default=False)
            await stack.enter_async_context(client)
            await first_of(client.wait_for_workers(self.slots, timeout=START_S), *workers)
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"Dask could not be started: {reason_of(error)}") from error
        return client


class OverSsh(NamedTuple):
    """The machines of a file: SSH starts the scheduler on the first, and a worker on each."""

    name: str
    hosts: tuple[Host, ...]
    settings: ClusterSettings

    @property
    def words(self) -> str:
        return f"on the machines of {self.name}"

    @property
    def slots(self) -> int:
        return sum(host.runners for host in self.hosts)

    @classmethod
    def read(cls, text: str, settings: ClusterSettings) -> OverSsh:
        file = text.partition(":")[2]
        return cls(file, hosts_of(file), settings)

    def listen(self) -> str:
        return own_host(self.hosts[0].address)

    async def open(self, stack: AsyncExitStack, log: Log) -> Any:
        from distributed import Client, SSHCluster

        from cortex_tui.placement.cluster.asyncssh_hosts import SshHosts
        from cortex_tui.placement.cluster.dask_host import options_of

        # Names the machine and the reason where one cannot be used, which SSHCluster does not.
        async with SshHosts(self.name, self.hosts, self.settings).machines():
            pass
        hosts = [self.hosts[0], *self.hosts]
        cluster = SSHCluster(
            [host.address for host in hosts],
            connect_options=[_connection(host) for host in hosts],
            remote_python=[
                f"{shlex.quote(host.python)} -P -m {dask_part.MODULE}" for host in hosts
            ],
            worker_class="cortex_tui.placement.cluster.dask_host.MachineWorker",
            scheduler_options={"port": 0, **NO_PAGES},
            asynchronous=True,
        )
        for at, host in enumerate(self.hosts):
            cluster.worker_spec[at]["options"]["kwargs"] = options_of(host.name, host.runners)
        try:
            await stack.enter_async_context(cluster)
            client = Client(cluster, asynchronous=True, set_as_default=False)
            await stack.enter_async_context(client)
            await client.wait_for_workers(len(self.hosts), timeout=START_S)
        except Exception as error:
            reason = log.last("distributed.deploy.ssh") or reason_of(error)
            raise ClusterError(f"{self.name}: Dask could not be started: {reason}") from error
        return client


def _connection(host: Host) -> dict[str, Any]:
    """What asyncssh is given for it; what a person did not say is left to SSH's own files."""
    given = {
        "port": host.port,
        "username": host.user,
        "client_keys": [host.key] if host.key else None,
        "known_hosts": host.known_hosts,
    }
    return {
        "keepalive_interval": KEEP_ALIVE_S,
        "connect_timeout": CONNECT_S,
        **{name: value for name, value in given.items() if value},
    }


def own_host(host: str) -> str:
    """The address of this machine from which a host is reached.

    Raises ClusterError.
    """
    try:
        found = socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)
        family, kind, number, _, address = found[0]
        with socket.socket(family, kind, number) as way:
            way.connect(address)  # sends nothing: it only finds the way
            return str(way.getsockname()[0])
    except OSError as error:
        raise ClusterError(
            f"{host} cannot be reached: {error.strerror} (--cluster-listen HOST:PORT says where "
            "this machine is reached from there)"
        ) from error


SOURCES: dict[str, Callable[[str, ClusterSettings], Source]] = {
    "tcp": ByAddress.read,
    "tls": ByAddress.read,
    "local": OfThisMachine.read,
    "ssh": OverSsh.read,
}
"""By what stands before the colon of `--cluster`; each raises ClusterError."""
