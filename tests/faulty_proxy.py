"""A TCP proxy for tests that does to connections what networks do."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 16 * 1024


class FaultyProxy:
    """Between clients and one server on this machine; use `faulty_proxy`."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.seen = bytearray()
        """Everything that was passed on, in either direction."""
        self.connections = 0
        """How many there were."""
        self.refusing = False
        """Whether new connections are closed at once."""
        self.bytes_per_s = 0
        """How fast each direction of a connection is; 0 for as fast as possible."""
        self.cut_after: Callable[[], int] | None = None
        """Asked at each new connection: after how many bytes it is cut."""
        self._target_port = target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Resets all connections; what is on its way is lost."""
        for writer in list(self._writers):
            _reset(writer)

    def stall(self) -> None:
        """Passes nothing on any more, while connections stay: as a cable that was pulled out."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def half_close(self) -> None:
        """Ends one direction of all connections, as if each side had only closed its own."""
        for writer in list(self._writers):
            with suppress(OSError, RuntimeError):
                writer.write_eof()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # Before anybody can know of it: who sees it counted may cut it.
        self._writers.add(writer)
        self.connections += 1
        there: asyncio.StreamWriter | None = None
        try:
            if self.refusing:
                return
            left = [self.cut_after() if self.cut_after else -1]
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._writers.add(there)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, there, left))
                pumps.create_task(self._pump(there_reader, writer, left))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in filter(None, (writer, there)):
                self._writers.discard(each)
                _reset(each)
            self._tasks.discard(task)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports report their end

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int]
    ) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._flowing.wait()
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            if 0 <= left[0] < len(data):
                writer.write(data[: left[0]])
                await writer.drain()
                raise ConnectionError("it was cut")
            left[0] -= len(data) if left[0] >= 0 else 0
            self.seen += data
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def faulty_proxy(target_port: int) -> AsyncIterator[FaultyProxy]:
    """A proxy to a port of this machine."""
    proxy = FaultyProxy(target_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1")
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
