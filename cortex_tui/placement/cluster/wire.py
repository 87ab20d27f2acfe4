"""The messages of a link, and the proof that both sides know its token.

Whoever accepts a connection sends a Challenge; the other side answers with a Hello, and gets a
Welcome or a Refused. After that, both send Data, Ack and Bye. A frame is four bytes of length,
big-endian, and one message as a msgpack array that begins with its tag.

The token itself is never sent: each side proves that it knows it by an HMAC-SHA256 over fresh
random bytes of both (RFC 2104), so that nothing that was recorded can be sent again.
"""

from __future__ import annotations

import hmac
import secrets
import struct

import msgspec

from cortex_tui.limits import MAX_LINK_PIECE_BYTES
from cortex_tui.protocol.frames import ProtocolError

VERSION = 1
"""Both sides must speak the same one."""
TOKEN_BYTES = 32
_NONCE_BYTES = 16
LONGEST_FRAME = MAX_LINK_PIECE_BYTES + 1_024
_MAX_NAME_CHARS = 200


class Challenge(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first message on a connection, from the side that accepted it."""

    version: int
    nonce: bytes


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Who connects, and what it has of the channel."""

    version: int
    machine: str
    channel: str
    life: bytes
    """Random bytes of this link: who has others is another link, not this one again."""
    received: int
    """The number of the last piece that it has received, 0 before the first."""
    nonce: bytes
    proof: bytes = b""


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The connection is taken; both sides send what the other one has not received."""

    received: int
    proof: bytes = b""


class Refused(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The connection is not taken, and closed."""

    reason: str


class Data(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A piece of what is sent. Numbers start at 1 and have no gaps, over all connections."""

    number: int
    more: bool
    """Whether the next piece belongs to the same body."""
    body: bytes


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Everything up to this number was received; sent in time also where that is old news, so that
    the other side sees a living connection."""

    received: int


class Bye(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """The link has ended for its sender."""

    reason: str


WireMessage = Challenge | Hello | Welcome | Refused | Data | Ack | Bye

_HEADER = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[WireMessage] = msgspec.msgpack.Decoder(WireMessage)


def encode(message: WireMessage) -> bytes:
    """The message as one frame."""
    body = _encoder.encode(message)
    return _HEADER.pack(len(body)) + body


def decode(body: bytes) -> WireMessage:
    """The message of one frame; raises ProtocolError if it holds anything else."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ProtocolError(f"a frame that cannot be read: {error}") from error


def new_nonce() -> bytes:
    return secrets.token_bytes(_NONCE_BYTES)


def new_token() -> bytes:
    return secrets.token_bytes(TOKEN_BYTES)


def proved(hello: Hello, challenge: Challenge, token: bytes) -> Hello:
    """The Hello with its proof: an answer to that challenge, from one that knows the token."""
    return msgspec.structs.replace(hello, proof=_proof(hello, hello, challenge, token))


def is_proved(hello: Hello, challenge: Challenge, token: bytes) -> bool:
    """Whether its sender knows the token; compared in a time that does not depend on the bytes."""
    return len(hello.nonce) == _NONCE_BYTES and hmac.compare_digest(
        hello.proof, _proof(hello, hello, challenge, token)
    )


def answered(welcome: Welcome, hello: Hello, challenge: Challenge, token: bytes) -> Welcome:
    """The Welcome with its proof: an answer to that Hello, from one that knows the token."""
    return msgspec.structs.replace(welcome, proof=_proof(welcome, hello, challenge, token))


def is_answered(welcome: Welcome, hello: Hello, challenge: Challenge, token: bytes) -> bool:
    """Whether its sender knows the token; compared in a time that does not depend on the bytes."""
    return hmac.compare_digest(welcome.proof, _proof(welcome, hello, challenge, token))


def fault_of(hello: Hello) -> str:
    """What is wrong with a Hello, whoever sent it; "" for nothing."""
    if hello.version != VERSION:
        return (
            f"it speaks version {hello.version} of the link, and this program version {VERSION}: "
            "install the same version of cortex-tui on both"
        )
    if max(len(hello.machine), len(hello.channel)) > _MAX_NAME_CHARS:
        return f"its names are too long (expected at most {_MAX_NAME_CHARS} characters)"
    return ""


def _proof(message: Hello | Welcome, hello: Hello, challenge: Challenge, token: bytes) -> bytes:
    """Over the message itself and the random bytes of both sides. The tags keep the two directions
    apart: what one side proved is no proof of the other."""
    plain = msgspec.structs.replace(message, proof=b"")
    covered = _encoder.encode((challenge.nonce, hello.nonce, hello.life, plain))
    return hmac.digest(token, covered, "sha256")
