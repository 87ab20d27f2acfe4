"""What another process is worth to a load: nothing to be done, and HTTP against a local server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cortex_tui.loads.closed import ClosedLoad
from tests.performance._measure import Measurements
from tests.performance._sessions import measured

NOOP = "async def noop(): pass\n"

SERVER = """
import asyncio

BODY = b'{"values": [' + b", ".join(b"%d" % n for n in range(400)) + b"]}"
HEAD = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n"
ANSWER = HEAD % len(BODY) + BODY


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.seen = transport, b""

    def data_received(self, data):
        *requests, self.seen = (self.seen + data).split(b"\\r\\n\\r\\n")
        self.transport.write(ANSWER * len(requests))


async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


try:
    import uvloop
except ImportError:
    asyncio.run(main())
else:
    uvloop.run(main())
"""

CLIENT = """
import aiohttp
from cortex_tui import workload

@workload
async def get():
    async with aiohttp.ClientSession() as session:
        async def operation():
            async with session.get("http://127.0.0.1:{port}/") as answer:
                await answer.json()
        yield operation
"""
"""What a user's client does: a connection that is kept, and an answer of 2 kB that is read."""


def add_rows(measurements: Measurements) -> None:
    duration_ns = 1_000_000_000 if measurements.quick else 3_000_000_000
    rounds = measurements.rounds(quick=3, full=7)

    def cost(code: str, function: str, workers: int, processes: int) -> float:
        """The ns that an operation took on average, over all processes."""
        load = ClosedLoad(workers=workers, processes=processes)
        run = measured(code, function, load, duration_ns, processes)
        assert not run.failures.total, run.tracebacks
        return run.measured_ns / run.operations

    measurements.compare(
        "an operation that does nothing, in two processes and in one",
        lambda: cost(NOOP, "noop", 2, 2),
        lambda: cost(NOOP, "noop", 2, 1),
        unit="ns/operation", goal=1.7, rounds=rounds,
    )  # fmt: skip
    what = "HTTP against a local server, in two processes and in one"
    if measurements.wants(what):
        with _server() as port:
            client = CLIENT.format(port=port)
            measurements.compare(
                what,
                lambda: cost(client, "get", 8, 2),
                lambda: cost(client, "get", 8, 1),
                unit="ns/operation", goal=1.7, rounds=rounds,
            )  # fmt: skip


@contextmanager
def _server() -> Iterator[int]:
    """A server of this machine that does next to nothing; its port."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
