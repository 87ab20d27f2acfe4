"""Streams of conversations and patterns that a seed determines."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cortex_core.data.vocabulary import TAGS, openings, sentences, titles
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern, PatternType

DEFAULT_COUNT = 100
DEFAULT_SEED = 2024

REVISION = 1
"""Counts the changes to what a seed leads to."""

NAMESPACES = (
    "workspace.app",
    "workspace.api",
    "cortex.memory",
    "external.docs",
    "team.platform",
)
"""The generated memories go round these, so each holds a fifth of them."""

_PATTERN_TYPES = (PatternType.DESIGN_PATTERN, PatternType.BEST_PRACTICE)

START = datetime(2022, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=1)

_SENTENCES_EACH = 7
_PATTERN_SENTENCES = 3


def conversation_id(index: int) -> str:
    """The id of the generated conversation with this index, counted from 0."""
    return f"conversation-{index:08d}"


def pattern_id(index: int) -> str:
    """The id of the generated pattern with this index, counted from 0."""
    return f"pattern-{index:08d}"


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
        rng.seed(_mixed(seed, index))
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


def patterns(
    count: int = DEFAULT_COUNT, *, seed: int = DEFAULT_SEED, start: int = 0
) -> Iterator[Pattern]:
    """The patterns `start` to `start + count`, one at a time, whatever their number.

    Design patterns and best practices by turns, confidence 0.70 to 0.99, two tags each, 5 to
    24 observations, learned from the generated conversation of the same index. What an index
    holds depends on the seed and on that index only.
    """
    bank = random.Random(seed)
    bodies, heads = sentences(bank), titles(bank)
    rng = random.Random()
    for index in range(start, start + count):
        rng.seed(_mixed(seed, index))
        learned_at = START + index * STEP
        observations = 5 + int(rng.random() * 20)
        yield Pattern(
            id=pattern_id(index),
            name=rng.choice(heads),
            type=_PATTERN_TYPES[index % len(_PATTERN_TYPES)],
            content=" ".join(rng.choices(bodies, k=_PATTERN_SENTENCES)),
            confidence=(70 + int(rng.random() * 30)) / 100,
            source_conversation_id=conversation_id(index),
            observation_count=observations,
            success_rate=int(observations * (0.7 + 0.3 * rng.random())) / observations,
            tags=tuple(rng.sample(TAGS, k=2)),
            examples=(rng.choice(bodies),),
            namespace=NAMESPACES[index % len(NAMESPACES)],
            learned_at=learned_at,
            created_at=learned_at,
            updated_at=learned_at,
        )


def _mixed(seed: int, index: int) -> int:
    return seed * 1_000_003 + index
