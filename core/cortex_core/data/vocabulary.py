"""Sentences such as conversations about code consist of, made from a seed."""

import random

_ACTIONS = (
    "We measured", "I profiled", "The review questioned", "They rewrote", "You suggested",
    "Someone simplified", "The team discussed", "A test covers", "The log shows", "We reverted",
)  # fmt: skip
_QUALITIES = (
    "slow", "cached", "nested", "shared", "stale", "parallel", "lazy", "blocking", "typed",
    "legacy", "temporary", "streaming", "recursive", "optional", "batched", "frozen",
)  # fmt: skip
_THINGS = (
    "query", "index", "parser", "handler", "socket", "template", "migration", "cursor", "queue",
    "worker", "schema", "closure", "iterator", "decorator", "endpoint", "widget", "fixture",
    "lock", "buffer", "transaction", "checkpoint", "coroutine", "registry", "serializer",
)  # fmt: skip
_REASONS = (
    "because the profiler pointed there", "after the last release", "while the disk was busy",
    "before anything was merged", "so that a retry is harmless", "in spite of the warning",
    "as the trace explained", "until the budget was met", "since nobody depended on it",
    "and the tests stayed green",
)  # fmt: skip
_SUBJECTS = (
    "Improving", "Debugging", "Designing", "Replacing", "Testing", "Explaining", "Removing",
)  # fmt: skip
TAGS = (
    "async", "cache", "database", "error-handling", "performance", "security", "testing", "ui",
)  # fmt: skip
"""What generated patterns are tagged with."""

SENTENCES = 4096
COMMON_WORD = "performance"
"""The word that every generated conversation contains."""


def sentences(rng: random.Random) -> list[str]:
    """A bank of sentences, each of 50 to 110 characters, some about performance."""
    choice = rng.choice
    return [
        f"{choice(_ACTIONS)} the {choice(_QUALITIES)} {choice(_THINGS)} in the "
        f"{choice(_QUALITIES)} {choice(_THINGS)} {choice(_REASONS)}."
        for _ in range(SENTENCES)
    ]


def openings(rng: random.Random) -> list[str]:
    """Sentences that contain the common word, one to three times."""
    choice = rng.choice
    forms = (
        "The performance of the {} {} was the question.",
        "Here performance meant the {} {}, and performance was poor.",
        "Performance first: performance of the {} {}, then performance of the rest.",
    )
    return [choice(forms).format(choice(_QUALITIES), choice(_THINGS)) for _ in range(SENTENCES)]


def titles(rng: random.Random) -> list[str]:
    choice = rng.choice
    return [
        f"{choice(_SUBJECTS)} the {choice(_QUALITIES)} {choice(_THINGS)}" for _ in range(SENTENCES)
    ]
