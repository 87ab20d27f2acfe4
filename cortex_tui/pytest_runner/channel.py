"""The connection to the program that started the runner, without an event loop.

A test holds its thread for as long as it likes, so messages are written at once, and commands are
looked for between two calls.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence

from cortex_tui.protocol.commands import Request
from cortex_tui.protocol.frames import FrameReader, decode_requests, encode_messages
from cortex_tui.protocol.messages import Message


class Channel:
    """Sends messages, and takes commands when it is asked for them."""

    def __init__(self, connection: socket.socket, reader: FrameReader) -> None:
        self._connection = connection
        self._reader = reader

    def send(self, messages: Sequence[Message]) -> None:
        """Writes them; blocks while the other side reads nothing."""
        self._connection.sendall(encode_messages(messages))

    def requests(self, wait_s: float = 0.0) -> list[Request]:
        """The commands that have come by now, or come within `wait_s`."""
        if not select.select([self._connection], [], [], wait_s)[0]:
            return []
        found = [
            request
            for body in self._reader.feed(self._connection.recv(65536))
            for request in decode_requests(body)
        ]
        return [request for request in found if isinstance(request, Request)]
