"""Frames: length-prefixed batches of messages or commands."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from cortex_tui.loads.registry import decode_load
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.messages import Message
from cortex_tui.text import encodable

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""A frame beyond this is garbage: a tenth of a second of samples stays far below it."""


class ProtocolError(Exception):
    """The stream of the other side cannot be read; the session cannot go on."""


_HEADER = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder()
_UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError)
"""Broken UTF-8 is a ValueError."""
_messages: msgspec.msgpack.Decoder[list[Message]] = msgspec.msgpack.Decoder(
    list[Message], dec_hook=decode_load
)
_requests: msgspec.msgpack.Decoder[list[Start | ToRunner]] = msgspec.msgpack.Decoder(
    list[Start | ToRunner], dec_hook=decode_load
)


def encode_frame(batch: Sequence[Message] | Sequence[Start | ToRunner]) -> bytes:
    """One frame: four bytes of length, big-endian, and the batch as a msgpack array.

    Texts that no encoding has (lone surrogates, as in the name of a file that is not UTF-8) are
    escaped: an odd text must not end the hand-over.
    """
    try:
        body = _encoder.encode(batch)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(batch, builtin_types=(bytes,))
        body = _encoder.encode(encodable(plain))
    return _HEADER.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames, however it was cut on its way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies of the frames that `data` completes.

        Raises ProtocolError for a frame that is longer than MAX_FRAME_BYTES.
        """
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        at = 0
        while len(buffer) - at >= _HEADER.size:
            (length,) = _HEADER.unpack_from(buffer, at)
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(
                    f"a frame of {length:,} bytes (expected at most {MAX_FRAME_BYTES:,})"
                )
            end = at + _HEADER.size + length
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[at + _HEADER.size : end]))
            at = end
        del buffer[:at]
        return bodies

    @property
    def incomplete(self) -> bool:
        """Whether the stream stands in the middle of a frame."""
        return bool(self._buffer)


def decode_messages(body: bytes) -> list[Message]:
    """The messages of one frame; raises ProtocolError if it holds anything else."""
    try:
        return _messages.decode(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"a frame that cannot be read: {error}") from error


def decode_requests(body: bytes) -> list[Start | ToRunner]:
    """What one frame asks for; raises ProtocolError if it holds anything else."""
    try:
        return _requests.decode(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"a frame that cannot be read: {error}") from error
