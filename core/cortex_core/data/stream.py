"""A stream of conversations that a seed determines."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cortex_core.data.vocabulary import openings, sentences, titles
from cortex_core.domain.conversation import Conversation

DEFAULT_COUNT = 100
DEFAULT_SEED = 2024

NAMESPACES = (
    "workspace.app",
    "workspace.api",
    "cortex.memory",
    "external.docs",
    "team.platform",
)
"""The generated memories go round these, so each holds a fifth of them."""

START = datetime(2022, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=1)

_SENTENCES_EACH = 7


def conversation_id(index: int) -> str:
    """The id of the generated conversation with this index, counted from 0."""
    return f"conversation-{index:08d}"


def conversations(
    count: int = DEFAULT_COUNT, *, seed: int = DEFAULT_SEED, start: int = 0
) -> Iterator[Conversation]:
    """The conversations `start` to `start + count`, one at a time, whatever their number.

    About 650 characters each, all with the word "performance"; quality 0.75 to 0.99, 2 to 20
    turns, 5 to 14 entities; a minute apart from 2022 on, the last being the newest. What
    an index holds depends on the seed and on that index only, so a part of the stream equals
    the same part of the whole.
    """
    bank = random.Random(seed)
    bodies, firsts, heads = sentences(bank), openings(bank), titles(bank)
    rng = random.Random()
    for index in range(start, start + count):
        rng.seed(seed * 1_000_003 + index)
        captured_at = START + index * STEP
        yield Conversation(
            id=conversation_id(index),
            title=rng.choice(heads),
            content=" ".join((rng.choice(firsts), *rng.choices(bodies, k=_SENTENCES_EACH))),
            quality=(75 + int(rng.random() * 25)) / 100,
            turn_count=2 + int(rng.random() * 19),
            entity_count=5 + int(rng.random() * 10),
            file_path=f"src/module_{index % 97}.py",
            namespace=NAMESPACES[index % len(NAMESPACES)],
            captured_at=captured_at,
            created_at=captured_at,
            updated_at=captured_at,
        )
