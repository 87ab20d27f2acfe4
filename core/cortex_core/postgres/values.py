"""Python's values as PostgreSQL's binary format has them, and back.

The formats are those of the server's `send` and `recv` functions (src/backend/utils/adt).
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cortex_core.domain.entity import ID_MOST
from cortex_core.domain.namespace import NAMESPACE_MOST

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TEXT_OID = 25
_ONE_DIMENSION = 1
_FIRST_INDEX = 1
_NOWHERE = "\1" * (max(ID_MOST, NAMESPACE_MOST) + 1)

_whole = struct.Struct(">q")
_real = struct.Struct(">d")
_length = struct.Struct(">i")
_array = struct.Struct(">iiiii")


class Kind(NamedTuple):
    """A type of column: its name, and the way there and back."""

    sql: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def whole(value: int) -> bytes:
    """As bigint."""
    return _whole.pack(value)


def real(value: float) -> bytes:
    """As double precision: the same 64 bits."""
    return _real.pack(value)


def moment(value: datetime) -> bytes:
    """As timestamptz: whole microseconds since 2000, UTC."""
    return _whole.pack((value - _EPOCH) // _MICROSECOND)


def wanted(value: str) -> bytes:
    """A text to look for. The server refuses NUL, and no text that is stored has one: an id or
    namespace that does is looked for as one that is too long to be stored."""
    return value.replace("\0", _NOWHERE).encode()


def to_whole(data: bytes) -> int:
    value: int = _whole.unpack(data)[0]
    return value


def to_real(data: bytes) -> float:
    value: float = _real.unpack(data)[0]
    return value


def to_moment(data: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=_whole.unpack(data)[0])


def texts(values: Sequence[str]) -> bytes:
    """As text[]."""
    if not values:
        return struct.pack(">iii", 0, 0, _TEXT_OID)
    parts = [_array.pack(_ONE_DIMENSION, 0, _TEXT_OID, len(values), _FIRST_INDEX)]
    for value in values:
        encoded = value.encode()
        parts += (_length.pack(len(encoded)), encoded)
    return b"".join(parts)


def to_texts(data: bytes) -> tuple[str, ...]:
    if len(data) < _array.size:
        return ()
    count = _array.unpack_from(data)[3]
    found: list[str] = []
    at = _array.size
    for _ in range(count):
        (size,) = _length.unpack_from(data, at)
        at += _length.size
        found.append(data[at : at + size].decode())
        at += size
    return tuple(found)


TEXT = Kind('text COLLATE "C"', str.encode, bytes.decode)
WHOLE = Kind("bigint", whole, to_whole)
REAL = Kind("double precision", real, to_real)
MOMENT = Kind("timestamptz", moment, to_moment)
TEXTS = Kind("text[]", texts, to_texts)
