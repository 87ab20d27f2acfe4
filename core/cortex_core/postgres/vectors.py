"""The words of an entity as a tsvector, in PostgreSQL's binary format.

The words come from `cortex_core.words`, so the server never takes a text apart. It numbers no more
than 16,383 places in a text, so a phrase is found in the first 16,383 words only, and keeps no more
than a megabyte of words of one text: what comes behind them is not found. (PostgreSQL's manual,
12.11; tsvectorrecv in src/backend/utils/adt/tsvector.c.)
"""

import struct
from typing import NamedTuple

from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.words import index_text

_POSITION_MOST = 16_383
_POSITIONS_MOST = 255
_BYTES_MOST = 1_000_000

_HEADING = 3 << 14
"""The weight A, of words in a title or a name, in the two upper bits of a position."""

_count = struct.Struct(">i")
_ENTRIES = [struct.Struct(f">xH{number}H").pack for number in range(_POSITIONS_MOST + 1)]
"""The end of a word, the number of its places, and these."""


class Words(NamedTuple):
    """What is indexed of an entity: a tsvector, and how many words it has been made from."""

    vector: bytes
    number: int


def conversation_words(conversation: Conversation) -> Words:
    return _words(conversation.title, conversation.content)


def pattern_words(pattern: Pattern) -> Words:
    return _words(pattern.name, "\n".join((pattern.content, *pattern.tags, *pattern.examples)))


def _words(heading: str, content: str) -> Words:
    headed, rest = index_text(heading).split(), index_text(content).split()
    places: dict[str, list[int]] = {}
    for number, word in enumerate(headed, _HEADING + 1):
        places.setdefault(word, []).append(number)
    # A number is left out between them, as no phrase goes from one into the other.
    first = len(headed) + 2
    for number, word in enumerate(rest[: _POSITION_MOST - first + 1], first):
        places.setdefault(word, []).append(number)
    for word in rest[_POSITION_MOST - first + 1 :]:
        places.setdefault(word, [_POSITION_MOST])
    return Words(_vector(places), len(headed) + len(rest))


def _vector(places: dict[str, list[int]]) -> bytes:
    parts: list[bytes] = []
    size = 0
    for word, positions in places.items():
        encoded, number = word.encode(), len(positions)
        if number > _POSITIONS_MOST:
            number = _POSITIONS_MOST
            del positions[number:]
        # As the server stores it: the word, aligned to two bytes, a count and the positions.
        size += len(encoded) + 4 + 2 * number
        if size > _BYTES_MOST:
            break
        parts += (encoded, _ENTRIES[number](number, *positions))
    return _count.pack(len(parts) // 2) + b"".join(parts)
