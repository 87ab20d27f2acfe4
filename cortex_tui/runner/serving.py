"""The runner process: waits for a plan, runs its session, and ends.

`runner.process` starts it, with two inherited descriptors as its arguments, CHANNEL and LIFELINE: a
socket for commands and messages, and the reading end of a pipe that nothing is ever written to.
When the parent is gone the pipe ends, and a thread that waits for that ends this process and all
it has started, even while a workload blocks the loop.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable

from cortex_tui.isolation import asyncio, run_to_end
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.frames import FrameReader, decode_requests, encode_messages
from cortex_tui.protocol.plan import LoopName, SessionPlan
from cortex_tui.runner.clock import protect_time_of
from cortex_tui.runner.printing import mark_prints
from cortex_tui.runner.session import Session
from cortex_tui.starting import without_collections

_scratch: list[str] = []
"""The folder to delete when the parent is gone; a list so that the watchdog sees it."""


def new_event_loop(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop]:
    """A factory of the named loop; `auto` is uvloop where it is installed, else asyncio's own."""
    if name != "asyncio":
        try:
            import uvloop
        except ImportError:
            if name == "uvloop":
                raise
        else:
            return uvloop.new_event_loop
    return _new_asyncio_loop


def _new_asyncio_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    protect_time_of(loop)
    return loop


def serve() -> None:
    """Runs one session, then leaves without waiting for anything that a workload left running."""
    channel = begin_process()
    with without_collections():
        new_event_loop("auto")  # imports uvloop before it is needed
    reader = FrameReader()
    plan, early = receive_plan(channel, reader)
    if plan is None:
        return
    delete_with_parent(plan.scratch)
    with asyncio.Runner(loop_factory=new_event_loop(plan.loop)) as runner:
        sessions: list[Session] = []

        def interrupted(error: BaseException | None) -> None:
            for session in sessions:
                session.note_interruption(error)

        serving = _serve(channel, reader, plan, early, sessions.append)
        run_to_end(runner.get_loop(), serving, interrupted)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a workload may have closed or replaced it
            stream.flush()
    os._exit(0)


def begin_process() -> socket.socket:
    """What every runner process does first; the socket that leads to its parent."""
    channel_fd, lifeline_fd = int(sys.argv[1]), int(sys.argv[2])
    for fd in (channel_fd, lifeline_fd):
        os.set_inheritable(fd, False)
    threading.Thread(target=_watch, args=(lifeline_fd,), name="watchdog", daemon=True).start()
    faulthandler.enable()
    mark_prints()
    return socket.socket(fileno=channel_fd)


def delete_with_parent(scratch: str) -> None:
    """Has a folder deleted when the parent is gone before the session has ended."""
    _scratch.append(scratch)


def _watch(lifeline_fd: int) -> None:
    os.read(lifeline_fd, 1)
    for folder in _scratch:
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def receive_plan(
    channel: socket.socket, reader: FrameReader
) -> tuple[SessionPlan | None, list[ToRunner]]:
    """The plan, with the commands that came right behind it; no plan when the parent went away."""
    commands: list[Start | ToRunner] = []
    while data := channel.recv(65536):
        for body in reader.feed(data):
            commands.extend(decode_requests(body))
        if commands and isinstance(commands[0], Start):
            return commands[0].plan, [c for c in commands[1:] if not isinstance(c, Start)]
    return None, []


async def _serve(
    channel: socket.socket,
    reader: FrameReader,
    plan: SessionPlan,
    early: list[ToRunner],
    begun: Callable[[Session], None],
) -> None:
    link = _Link(reader)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_unix_connection(lambda: link, sock=channel)
    session = Session(
        plan, lambda batch: transport.write(encode_messages(batch)), program=os.getppid()
    )
    begun(session)
    link.on_request = session.receive
    for request in early:
        session.receive(request)
    await session.run()
    transport.close()  # sends what is still buffered first
    await link.lost


class _Link(asyncio.Protocol):
    """Commands on their way in."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self.on_request: Callable[[ToRunner], None] = lambda request: None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            for request in decode_requests(body):
                if not isinstance(request, Start):
                    self.on_request(request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
