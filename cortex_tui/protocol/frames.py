"""Frames: length-prefixed batches of messages or commands."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from cortex_tui.limits import MAX_FRAME_BYTES, MAX_MESSAGE_TEXT_CHARS
from cortex_tui.loads.registry import decode_load
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.messages import LogLine, Message, Samples
from cortex_tui.protocol.pieces import pieces
from cortex_tui.text import as_reason, encodable, shortened


class ProtocolError(Exception):
    """The stream of the other side cannot be read; the session cannot continue.

    The reason may repeat what was sent: it is one line, whatever that was.
    """

    def __init__(self, text: str) -> None:
        super().__init__(as_reason(text))


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


def encode_messages(batch: Sequence[Message]) -> bytes:
    """The batch in as many frames as it needs: none is longer than a reader takes.

    A batch that is too long is cut in half, the values of an interval into several messages. What
    is still too long has long texts: they are shortened, and say so.
    """
    body = _encoded(batch)
    if len(body) <= MAX_FRAME_BYTES:
        return _framed(body)
    if len(batch) > 1:
        half = len(batch) // 2
        return encode_messages(batch[:half]) + encode_messages(batch[half:])
    (message,) = batch
    parts = pieces(message) if isinstance(message, Samples) else [message]
    if len(parts) > 1:
        return encode_messages(parts)
    body = _encoder.encode(shortened(encodable(_plain(batch)), MAX_MESSAGE_TEXT_CHARS))
    if len(body) <= MAX_FRAME_BYTES:
        return _framed(body)
    lost = f"a {type(message).__name__} of {len(body):,} bytes was too long to be sent"
    return _framed(_encoded([LogLine(-1, "runner", lost)]))


def encode_requests(batch: Sequence[Start | ToRunner]) -> bytes:
    """One frame with what is asked of a runner.

    Raises ProtocolError for more than a frame takes: nothing of a plan can be left out.
    """
    body = _encoded(batch)
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(
            f"the profiles have {len(body):,} bytes (expected at most {MAX_FRAME_BYTES:,})"
        )
    return _framed(body)


def _framed(body: bytes) -> bytes:
    """Four bytes of length, big-endian, and the batch as a msgpack array."""
    return _HEADER.pack(len(body)) + body


def _encoded(batch: Sequence[Message] | Sequence[Start | ToRunner]) -> bytes:
    """Texts that no encoding has (lone surrogates, as in the name of a file that is not UTF-8) are
    escaped: an odd text must not end the hand-over."""
    try:
        return _encoder.encode(batch)
    except UnicodeEncodeError:
        return _encoder.encode(encodable(_plain(batch)))


def _plain(batch: Sequence[Message] | Sequence[Start | ToRunner]) -> object:
    """Dicts, lists, texts, bytes and numbers."""
    return msgspec.to_builtins(batch, builtin_types=(bytes,))


class FrameReader:
    """Cuts a stream of bytes into frames, however it was cut on its way."""

    def __init__(self, longest: int = MAX_FRAME_BYTES) -> None:
        self.longest = longest
        """The bytes of the longest body that is taken."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies of the frames that `data` completes.

        Raises ProtocolError for a frame whose body is longer than `longest`.
        """
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        at = 0
        while len(buffer) - at >= _HEADER.size:
            (length,) = _HEADER.unpack_from(buffer, at)
            if length > self.longest:
                raise ProtocolError(
                    f"a frame of {length:,} bytes (expected at most {self.longest:,})"
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
