"""What a program and its agents say to each other: two tagged unions, encoded with msgpack.

Each goes as one body over the link `agent_channel`. What belongs to a runner (its plan, commands,
messages) goes over a link of its own, in the frames that it has on one machine.
"""

from __future__ import annotations

import msgspec

from cortex_tui.protocol.frames import ProtocolError
from cortex_tui.protocol.moments import Moment


def agent_channel(machine: str) -> str:
    """The link of an agent itself; those of its runners have the names that `StartRunner` gives."""
    return f"{machine} agent"


class StartRunner(msgspec.Struct, frozen=True, tag=True):
    """Connect a link of that name. Its first body is the frame with the plan."""

    channel: str


class KillRunner(msgspec.Struct, frozen=True, tag=True):
    """End the runner at once, whatever it does; its stream ends with that reason."""

    channel: str
    reason: str


class EndRunner(msgspec.Struct, frozen=True, tag=True):
    """Leave nothing of the runner behind, and answer with `RunnerEnded`."""

    channel: str


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Start a runner ahead of time; nothing is measured now."""


class Probe(msgspec.Struct, frozen=True, tag=True):
    """A question for the machine's clock, answered at once."""

    id: int


ToAgent = StartRunner | KillRunner | EndRunner | Prepare | Probe


class Ready(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The first message of an agent: who it is."""

    version: str
    """Of this package."""
    python: str
    host: str
    """As the machine calls itself."""
    pid: int
    folder: str
    """Its own, which it deletes when it ends."""


class RunnerEnded(msgspec.Struct, frozen=True, tag=True):
    """Nothing of the runner is left: no process, no folder."""

    channel: str


class ProbeAnswer(msgspec.Struct, frozen=True, tag=True):
    """When the probe of that number came and when this was sent, on the machine's clock."""

    id: int
    received_ns: Moment
    sent_ns: Moment


class Report(msgspec.Struct, frozen=True, tag=True):
    """A line for the log."""

    text: str


FromAgent = Ready | RunnerEnded | ProbeAnswer | Report

_encoder = msgspec.msgpack.Encoder()
_to_agent: msgspec.msgpack.Decoder[ToAgent] = msgspec.msgpack.Decoder(ToAgent)
_from_agent: msgspec.msgpack.Decoder[FromAgent] = msgspec.msgpack.Decoder(FromAgent)
_UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError)


def encode(message: ToAgent | FromAgent) -> bytes:
    """The body of one message."""
    return _encoder.encode(message)


def decode_to_agent(body: bytes) -> ToAgent:
    """Raises ProtocolError for anything else."""
    try:
        return _to_agent.decode(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"a message that cannot be read: {error}") from error


def decode_from_agent(body: bytes) -> FromAgent:
    """Raises ProtocolError for anything else."""
    try:
        return _from_agent.decode(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"a message that cannot be read: {error}") from error
