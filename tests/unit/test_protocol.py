"""Frames, however they are cut on their way."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.limits import MAX_FRAME_BYTES
from cortex_tui.protocol import frames
from cortex_tui.protocol.commands import Request, Start, Stop
from cortex_tui.protocol.frames import (
    FrameReader,
    ProtocolError,
    decode_messages,
    decode_requests,
    encode_messages,
    encode_requests,
)
from cortex_tui.protocol.messages import (
    MAX_MEASURE,
    Health,
    LogLine,
    Message,
    Pulse,
    RunFinished,
    Samples,
    SessionFinished,
)
from tests.unit.session.messages import plan, planned, profile, samples, started

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
    stream = encode_messages(BATCH) + encode_messages(BATCH[:1])
    reader, read = FrameReader(), []
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        for body in reader.feed(stream[start:end]):
            read += decode_messages(body)
    assert read == [*BATCH, BATCH[0]]
    assert not reader.incomplete


def test_a_frame_that_is_cut_off_is_known_to_be_incomplete() -> None:
    reader = FrameReader()
    assert reader.feed(encode_messages(BATCH)[:-1]) == []
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
    body = encode_requests([Request(7, Stop(3))])[4:]
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
    found, line, run = decode_messages(encode_messages(batch)[4:])
    escaped = "caf\\udce9"
    assert found == samples(
        3, [1, 2, 3], errors={escaped: 2}, texts={escaped: escaped}, failures=[5, 6]
    )
    assert line == LogLine(-1, "stderr", escaped)
    assert run == planned(profile(escaped, params={escaped: escaped}), 0, (escaped,))


@pytest.mark.parametrize(
    "body",
    [
        b"\x91" * 100_000 + b"\xc0",  # an array in an array in an array …
        b"\x81" * 100_000,
        encode_messages([LogLine(-1, "stderr", "text")])[4:].replace(b"text", b"te\xfft"),
    ],
    ids=["nested arrays", "nested maps", "broken UTF-8"],
)
def test_a_hostile_frame_is_refused_like_any_that_cannot_be_read(body: bytes) -> None:
    for decode in (decode_messages, decode_requests):
        with pytest.raises(ProtocolError, match="cannot be read"):
            decode(body)


@pytest.mark.parametrize("number", [(1 << 64) - 1, MAX_MEASURE + 1, -MAX_MEASURE - 1])
def test_health_that_no_interval_can_have_is_refused(number: int) -> None:
    for field in set(Health.__struct_fields__) - {"block_cause"}:
        health = msgspec.structs.replace(Health(), **{field: number})
        with pytest.raises(ProtocolError, match="cannot be read"):
            decode_messages(encode_messages([samples(0, [5], health=health)])[4:])


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 70_000)
    monkeypatch.setattr(frames, "MAX_MESSAGE_TEXT_CHARS", 1_000)


def read_back(stream: bytes) -> list[Message]:
    return [found for body in FrameReader().feed(stream) for found in decode_messages(body)]


@pytest.mark.usefixtures("small_frames")
def test_a_batch_that_is_too_long_for_a_frame_comes_in_several() -> None:
    batch: list[Message] = [LogLine(n, "stdout", "x" * 10_000) for n in range(30)]
    assert read_back(encode_messages(batch)) == batch


@pytest.mark.usefixtures("small_frames")
def test_values_that_are_too_long_for_a_frame_come_in_several_messages() -> None:
    whole = samples(3, list(range(20_000)), errors={"ValueError": 2}, failures=[5, 6])
    found = read_back(encode_messages([whole]))
    assert len(found) > 2
    parts = [part for part in found if isinstance(part, Samples)]
    assert b"".join(part.service for part in parts) == whole.service
    assert b"".join(part.failures for part in parts) == whole.failures
    assert [part.errors for part in parts] == [{"ValueError": 2}, *[{}] * (len(parts) - 1)]


@pytest.mark.usefixtures("small_frames")
def test_texts_that_are_too_long_for_a_frame_are_cut_and_say_so() -> None:
    odd = "caf\udce9" * 20_000
    batch: list[Message] = [
        samples(3, [1, 2, 3], errors={odd: 2}, tracebacks={odd: odd}),
        LogLine(-1, "stderr", odd),
        planned(profile("long", params={"text": odd}), 0),
        RunFinished(run=0, state="failed", reason=odd, at_ns=1),
    ]
    found = read_back(encode_messages(batch))
    assert [type(message) for message in found] == [type(message) for message in batch]
    line = found[1]
    assert isinstance(line, LogLine)
    assert line.text.endswith("characters more)")


@pytest.mark.usefixtures("small_frames")
def test_a_message_that_cannot_be_shortened_is_replaced_by_a_line_of_the_log() -> None:
    ages = tuple(range(1 << 40, (1 << 40) + 10_000))
    (line,) = read_back(
        encode_messages([RunFinished(run=0, state="stopped", at_ns=1, unfinished_ns=ages)])
    )
    assert isinstance(line, LogLine)
    assert "RunFinished" in line.text
    assert "too long to be sent" in line.text


@pytest.mark.usefixtures("small_frames")
def test_a_plan_that_is_too_long_for_a_frame_is_refused() -> None:
    with pytest.raises(ProtocolError, match="the profiles have"):
        encode_requests([Start(plan(profile("long", params={"text": "x" * 100_000})))])
