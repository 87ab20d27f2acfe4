"""The frames between the program and its runners."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.protocol.commands import Request, Start, Stop
from cortex_tui.protocol.frames import (
    FrameReader,
    ProtocolError,
    decode_messages,
    decode_requests,
    encode_messages,
    encode_requests,
)
from cortex_tui.protocol.messages import LogLine, Message, Pulse, RunFinished, SessionFinished
from tests.fuzz.target import Target
from tests.unit.session.messages import plan, planned, profile, samples, started

_BATCH: list[Message] = [
    started(),
    planned(profile(), 0, ("other",)),
    samples(3, [1, 2, 3], errors={"KeyError": 2}, failures=[5, 6]),
    Pulse(17),
    LogLine(-1, "stderr", "…"),
    RunFinished(run=0, state="finished", at_ns=9, unfinished_ns=(1, 2), warnings=("w",)),
    SessionFinished(99),
]
_START = Start(plan(profile(), profile("other")))
_TAGS = tuple(type(message).__name__.encode() for message in _BATCH)


def _bodies(pieces: Iterable[bytes]) -> list[bytes]:
    reader = FrameReader()
    return [body for piece in pieces for body in reader.feed(piece)]


def _stream(data: bytes) -> None:
    """The first byte is how many bytes of the others come at once."""
    size, stream = 1 + (data[0] if data else 0), data[1:]
    whole = _bodies([stream])
    cut = _bodies(stream[at : at + size] for at in range(0, len(stream), size))
    assert cut == whole


def _messages(data: bytes) -> None:
    again = encode_messages(decode_messages(data))
    read = [message for body in _bodies([again]) for message in decode_messages(body)]
    assert encode_messages(read) == again


def _requests(data: bytes) -> None:
    again = encode_requests(decode_requests(data))
    (body,) = _bodies([again])
    assert encode_requests(decode_requests(body)) == again


TARGETS = (
    Target(
        "frames", _stream, lambda: [b"\x02" + encode_messages(_BATCH) * 2], (ProtocolError,),
        words=(b"\0\0\0\0", b"\0\0\0\1", b"\4\0\0\0", b"\4\0\0\1", b"\xff\xff\xff\xff"),
        shape="bytes", thousands=60,
    ),
    Target(
        "messages", _messages,
        lambda: [*(encode_messages([each])[4:] for each in _BATCH), encode_messages(_BATCH)[4:]],
        (ProtocolError,), words=_TAGS, shape="msgpack", thousands=60,
    ),
    Target(
        "requests", _requests,
        lambda: [encode_requests([Request(7, Stop(3))])[4:], encode_requests([_START])[4:]],
        (ProtocolError,), words=(b"Request", b"Start", b"Stop", b"type"), shape="msgpack",
        thousands=40,
    ),
)  # fmt: skip
