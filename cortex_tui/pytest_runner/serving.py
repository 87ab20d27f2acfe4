"""The process in which pytest runs a session; see `runner.serving` for what it is started with."""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from cortex_tui.protocol.commands import Request
from cortex_tui.protocol.frames import FrameReader
from cortex_tui.pytest_runner.channel import Channel
from cortex_tui.pytest_runner.session import PytestSession
from cortex_tui.runner.serving import begin_process, delete_with_parent, receive_plan


def serve() -> None:
    """Runs one session, then leaves without waiting for threads that a test left running."""
    connection: socket.socket = begin_process()
    reader = FrameReader()
    plan, early = receive_plan(connection, reader)
    if plan is None:
        return
    delete_with_parent(plan.scratch)
    requests = [request for request in early if isinstance(request, Request)]
    PytestSession(plan, Channel(connection, reader), requests).run()
    connection.close()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a test may have closed or replaced it
            stream.flush()
    os._exit(0)
