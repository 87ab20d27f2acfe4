"""Where this program waits for the agents of a cluster, and when their links are encrypted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cortex_tui.placement.cluster.addresses import address_of, host_and_port, is_any, is_loopback
from cortex_tui.placement.cluster.link import Timing
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.tls import TlsError, own_identity


@asynccontextmanager
async def listening(host: str, wanted: str, timing: Timing) -> AsyncIterator[LinkServer]:
    """A server for links on a host of this machine, on a free port; or where a person wants it, as
    `HOST:PORT`. Links that leave this machine are encrypted, whatever the cluster does.

    Raises ClusterError.
    """
    reached, port = host, 0
    try:
        if wanted:
            host, port = host_and_port(wanted)
            reached = reached if is_any(host) else host
        identity = None if is_loopback(host) else await asyncio.to_thread(own_identity)
        server = LinkServer(timing)
        await server.start(host, port, identity, reached)
    except ValueError as error:
        raise ClusterError(f"where to listen: {error}") from None
    except OSError as error:
        where = address_of(host, port) if port else host
        raise ClusterError(
            f"this program cannot listen on {where} for its agents: {error.strerror or error}"
        ) from error
    except TlsError as error:
        raise ClusterError(str(error)) from error
    try:
        yield server
    finally:
        await server.close()
