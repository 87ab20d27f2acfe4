"""The connection to the program that started the runner, without an event loop.

A test holds its thread for as long as it likes, so messages are written at once, and commands are
looked for between two calls.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence

from cortex_tui.protocol.commands import Request
from cortex_tui.protocol.frames import FrameReader, decode_requests, encode_frame
from cortex_tui.protocol.messages import Message, Samples
from cortex_tui.runner.handover import pieces


class Channel:
    """Sends messages, and takes commands when it is asked for them."""

    def __init__(self, connection: socket.socket, reader: FrameReader) -> None:
        self._connection = connection
        self._reader = reader

    def send(self, messages: Sequence[Message]) -> None:
        """Writes them, in frames that the other side takes; blocks while it reads nothing."""
        frame: list[Message] = []
        for message in messages:
            if not isinstance(message, Samples):
                frame.append(message)
                continue
            for piece in pieces(message):
                self._write([*frame, piece])
                frame = []
        if frame:
            self._write(frame)

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

    def _write(self, frame: Sequence[Message]) -> None:
        self._connection.sendall(encode_frame(frame))
