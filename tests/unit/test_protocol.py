"""Frames, however they are cut on their way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.protocol.commands import Request, Stop
from cortex_tui.protocol.frames import (
    MAX_FRAME_BYTES,
    FrameReader,
    ProtocolError,
    decode_messages,
    decode_requests,
    encode_frame,
)
from cortex_tui.protocol.messages import LogLine, Message, Pulse, SessionFinished
from tests.unit.session.messages import planned, profile, samples, started

BATCH: list[Message] = [
    started(),
    planned(profile(), 0, ("other",)),
    samples(3, [1, 2, 3], errors={"KeyError": 2}, failures=[5, 6]),
    Pulse(17),
    LogLine(-1, "stderr", "…"),
    SessionFinished(99),
]


@given(st.lists(st.integers(0, 400), max_size=6))
def test_a_stream_cut_anywhere_gives_the_same_messages(cuts: list[int]) -> None:
    stream = encode_frame(BATCH) + encode_frame(BATCH[:1])
    reader, read = FrameReader(), []
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        for body in reader.feed(stream[start:end]):
            read += decode_messages(body)
    assert read == [*BATCH, BATCH[0]]
    assert not reader.incomplete


def test_a_frame_that_is_cut_off_is_known_to_be_incomplete() -> None:
    reader = FrameReader()
    assert reader.feed(encode_frame(BATCH)[:-1]) == []
    assert reader.incomplete


def test_a_frame_that_is_too_large_is_refused_before_it_is_read() -> None:
    header = (MAX_FRAME_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(ProtocolError, match="expected at most"):
        FrameReader().feed(header)


@given(st.binary(max_size=200))
def test_garbage_is_refused(body: bytes) -> None:
    try:
        messages = decode_messages(body)
    except ProtocolError:
        return
    assert isinstance(messages, list)


def test_a_message_is_no_command() -> None:
    body = encode_frame([Request(7, Stop(3))])[4:]
    assert decode_requests(body) == [Request(7, Stop(3))]
    with pytest.raises(ProtocolError):
        decode_messages(body)


def test_a_text_that_no_encoding_has_is_escaped_and_the_rest_stays() -> None:
    odd = "caf\udce9"
    batch: list[Message] = [
        samples(3, [1, 2, 3], errors={odd: 2}, texts={odd: odd}, failures=[5, 6]),
        LogLine(-1, "stderr", odd),
        planned(profile(odd, params={odd: odd}), 0, (odd,)),
    ]
    found, line, plan = decode_messages(encode_frame(batch)[4:])
    escaped = "caf\\udce9"
    assert found == samples(
        3, [1, 2, 3], errors={escaped: 2}, texts={escaped: escaped}, failures=[5, 6]
    )
    assert line == LogLine(-1, "stderr", escaped)
    assert plan == planned(profile(escaped, params={escaped: escaped}), 0, (escaped,))


@pytest.mark.parametrize(
    "body",
    [
        b"\x91" * 100_000 + b"\xc0",  # an array in an array in an array …
        b"\x81" * 100_000,
        encode_frame([LogLine(-1, "stderr", "text")])[4:].replace(b"text", b"te\xfft"),
    ],
    ids=["nested arrays", "nested maps", "broken UTF-8"],
)
def test_a_hostile_frame_is_refused_like_any_that_cannot_be_read(body: bytes) -> None:
    for decode in (decode_messages, decode_requests):
        with pytest.raises(ProtocolError, match="cannot be read"):
            decode(body)
