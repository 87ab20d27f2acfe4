"""Every store ranks alike."""

import random
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from cortex_core import (
    Conversation,
    ConversationSearch,
    PatternSearch,
    PatternType,
    SearchHit,
)
from cortex_core.data import conversations
from cortex_core.ports import Store
from cortex_core.words import TERM_MOST
from tests.unit.core.contract.entities import (
    NOW,
    conversation,
    pattern,
    save,
)


async def test_stores_agree_on_a_search_to_the_last_digit_shown(store: Store) -> None:
    texts = [
        "the cache of the parser is slow",
        "a slow parser, a slow cache and a slow disk",
        "nothing of the kind is said here",
        "Cache-Control headers are slow too, as every cache is",
    ]
    await save(
        store,
        *(
            conversation(
                str(n),
                title="Slow" if n == 1 else "Other",
                content=text,
                quality=0.7 + n / 10,
                namespace=("workspace", "cortex", "external", "team")[n],
                captured_at=NOW - timedelta(days=20 * n),
            )
            for n, text in enumerate(texts)
        ),
    )
    found = await store.search_conversations(ConversationSearch("SLOW caché", NOW))
    assert found.exact
    assert found.candidates == 3
    assert [(h.conversation_id, round(h.relevance, 3)) for h in found.hits] == [
        ("1", 0.917),
        ("0", 0.901),
        ("3", 0.773),
    ]
    assert [h.snippet for h in found.hits] == [
        "a «slow» parser, a «slow» «cache» and a «slow» disk",
        "the «cache» of the parser is «slow»",
        "«Cache»-Control headers are «slow» too, as every «cache» is",
    ]
    phrase = await store.search_conversations(ConversationSearch("cache-control", NOW))
    assert [h.conversation_id for h in phrase.hits] == ["3", "0", "1"]
    elsewhere = ConversationSearch("slow", NOW, namespace="?ork*", max_results=1)
    assert [h.conversation_id for h in (await store.search_conversations(elsewhere)).hits] == ["0"]
    nothing = await store.search_conversations(ConversationSearch("?!", NOW))
    assert (nothing.hits, nothing.candidates, nothing.exact) == ((), 0, True)


async def test_neighbours_of_a_search_are_found_as_one_word_behind_both_of_them(
    store: Store,
) -> None:
    texts = {
        "both": "a manager of this context",
        "one": "a decorator named contextmanager",
        "some": "a manager of all and everything",
        "parts": "the contexts of managers, and contextmanager besides",
        "none": "nothing of the kind",
    }
    for name, text in texts.items():
        await save(store, conversation(name, content=text, captured_at=NOW))
    found = await store.search_conversations(ConversationSearch("context manager ", NOW))
    assert [(h.conversation_id, round(h.relevance, 3)) for h in found.hits] == [
        ("both", 0.98),
        ("parts", 0.946),
        ("one", 0.658),
        ("some", 0.529),
    ]
    snippets = {h.conversation_id: h.snippet for h in found.hits}
    assert snippets["one"] == "a decorator named «contextmanager»"
    quoted = ConversationSearch('"named" context manager', NOW)
    assert [h.conversation_id for h in (await store.search_conversations(quoted)).hits] == ["one"]


async def test_all_stores_rank_generated_conversations_alike(store: Store) -> None:
    await save(store, *conversations(120))
    for text, best in (
        ("performance", "conversation-00000031"),
        ("stale socket", "conversation-00000046"),
        ("improving the lazy cursor", "conversation-00000096"),
    ):
        found = await store.search_conversations(ConversationSearch(text, NOW))
        assert (text, found.hits[0].conversation_id) == (text, best)


async def test_few_results_are_the_first_of_many(store: Store) -> None:
    """A store may leave out what cannot be among so few: whatever speaks for a conversation, its
    words, quality, age or namespace, must still be able to bring it there."""
    draw = random.Random(4)
    words = [f"word{number}" for number in range(6)]

    def drawn(number: int) -> Conversation:
        text = draw.choices(words, [40, 20, 9, 5, 3, 1], k=draw.choice((2, 5, 9, 30)))
        return conversation(
            str(number),
            content=f"{' '.join(text)} and what belongs to it",
            quality=draw.choice((0.0, 0.5, draw.random(), 1.0)),
            namespace=draw.choice(("workspace.a", "cortex.a", "external.a", "team", "workspaces")),
            captured_at=NOW - timedelta(days=draw.choice((-1, 0, 1, 30, 3_000))),
        )

    await save(store, *map(drawn, range(200)))
    for text in (*words, "word0 word1", "word1 word4", '"word0 word0" word5', "wor"):
        for namespace in (None, "*.a", "team", "external*"):
            search = ConversationSearch(text, NOW, namespace, max_results=100)
            all_found = await store.search_conversations(search)
            many = all_found.hits
            assert len(many) >= min(100, all_found.candidates)
            for number in (1, 2, 5, 20):
                few = msgspec.structs.replace(search, max_results=number)
                found = (await store.search_conversations(few)).hits
                assert _places(found) == _places(many[:number]), (text, namespace, number)


def _places(hits: Sequence[SearchHit]) -> list[tuple[str, float]]:
    return [(hit.conversation_id, hit.relevance) for hit in hits]


async def test_patterns_like_a_text_come_most_similar_first(store: Store) -> None:
    await save(
        store,
        pattern("batch", content="batch the database writes into one commit"),
        pattern("queue", content="queue the database reads"),
        pattern("colour", content="choose another colour"),
        pattern("doubtful", content="batch the database writes", confidence=0.5),
        pattern("away", content="batch the database writes", namespace="external.x"),
        pattern("design", content="batch the writes", type=PatternType.DESIGN_PATTERN),
    )
    search = PatternSearch("how to batch many database writes", "workspace*")
    found = await store.search_patterns(search)
    assert [f.pattern.id for f in found] == ["batch", "design", "queue"]
    assert all(0 < f.similarity <= 1 for f in found)
    assert found[0].similarity > found[1].similarity > found[2].similarity
    of_type = replace_search(search, type=PatternType.DESIGN_PATTERN)
    assert [f.pattern.id for f in await store.search_patterns(of_type)] == ["design"]
    one = replace_search(search, max_results=1, min_confidence=0.0, namespace="*")
    assert len(await store.search_patterns(one)) == 1
    assert await store.search_patterns(PatternSearch("?????????????", "*")) == ()


def replace_search(search: PatternSearch, **fields: Any) -> PatternSearch:
    return PatternSearch(**{f: getattr(search, f) for f in search.__struct_fields__} | fields)


async def test_every_store_suggests_words_that_are_written_so(store: Store) -> None:
    await save(
        store,
        conversation("one", content="the last database was a slow one"),
        conversation("two", content="another database"),
    )
    for text, suggestion in (
        ("databse", "database"),
        ("the databaze is sloww", "the database is slow"),
        ("faster", None),  # one slip from "laster", which has the stem of "last"
        ("unheard", None),
    ):
        found = await store.search_conversations(ConversationSearch(text, NOW))
        assert (text, found.suggestion) == (text, suggestion)


async def test_no_store_needs_much_memory_to_suggest_nothing(store: Store) -> None:
    blocks = (map(chr, range(first, first + 64)) for first in range(0x80, 0x1_F000, 64))
    small = (next((each for each in block if each.islower()), "") for block in blocks)
    word = "".join(small)
    tracemalloc.start()
    try:
        for length in (TERM_MOST, 500):
            text = (word * 10)[:length]
            assert (await store.search_conversations(ConversationSearch(text, NOW))).hits == ()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000
