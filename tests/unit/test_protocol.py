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
