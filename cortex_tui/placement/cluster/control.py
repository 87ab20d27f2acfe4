"""What a program and its agents say to each other: two tagged unions, encoded with msgpack.

Each goes as one body over the link `agent_channel`. What belongs to a runner (its plan, commands,
messages) goes over a link of its own, in the frames that it has on one machine.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.placement.cluster.versions import Installed
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


class Probe(msgspec.Struct, frozen=True, tag=True):
    """A question for the machine's clock, answered at once."""

    id: int


class OfferCode(msgspec.Struct, frozen=True, tag=True):
    """Is this bundle there? Answered with `CodeState`."""

    digest: str


class CodePiece(msgspec.Struct, frozen=True, tag=True):
    """A part of the bundle that was offered, in order. The last is answered with `CodeState`."""

    digest: str
    data: bytes
    last: bool


class Describe(msgspec.Struct, frozen=True, tag=True):
    """What kind of machine is it? Answered with `Described`; takes some 0.1 s, and is not asked
    while anything is measured."""


ToAgent = StartRunner | KillRunner | EndRunner | Probe | OfferCode | CodePiece | Describe


class Ready(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The first message of an agent: who it is."""

    installed: Installed
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


class CodeState(msgspec.Struct, frozen=True, tag=True):
    """Where a bundle is unpacked; "" where it is not there, with an `error` where it cannot be."""

    digest: str
    folder: str = ""
    error: str = ""


class Described(msgspec.Struct, frozen=True, tag=True):
    """The facts that `environment.describe_environment` finds."""

    facts: dict[str, Any]


FromAgent = Ready | RunnerEnded | ProbeAnswer | Report | CodeState | Described

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
