"""Every store keeps any text that the domain allows, of any length, and finds it again."""

from __future__ import annotations

import pytest

from cortex_core import ConversationSearch, Events, PatternSearch, ops
from cortex_core.ports import Store
from tests.unit.core.contract.conftest import Open
from tests.unit.core.contract.entities import NOW, conversation, item, pattern, save

TEXTS = {
    "quotes": "it's \"quoted\", `ticked` and \\ escaped \\' -- ; DROP TABLE conversations; /* */",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f",
    "planes": "é ü ß İ ﬁ Å (one sign) A\u030a (two) 漢字 ไทย 한국어 עברית 😀👩‍👩‍👧 \U0010fffd",
    "separators": "one\u2028two\u2029three\ufeff\u200b end",
    "words of SQL": "$1 %s :name ? NULL true {} {{1,2}} E'\\\\x00'",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_a_text_comes_back_as_it_was(store: Store, name: str) -> None:
    text = TEXTS[name]
    saved = conversation("one", title=text[:500], content=text, file_path=text)
    learned = pattern("one", name=text[:200], content=text, tags=(text, "x"), examples=(text,))
    kept = item("one", content=text, relevance_reason=text[:500])
    await save(store, saved, learned, kept)
    assert await store.ask(ops.GetConversation("one")) == saved
    assert await store.ask(ops.GetPattern("one")) == learned
    assert await store.ask(ops.GetContextItem("one")) == kept


async def test_ids_differ_by_every_character(store: Store) -> None:
    ids = ["a", "A", "a ", "á", "a\u0301", "ａ", "'a", "a%", "_", "a\n"]
    await save(store, *(conversation(name) for name in ids))
    for name in ids:
        found = await store.ask(ops.GetConversation(name))
        assert found is not None
        assert found.id == name
    assert await store.ask(ops.CountConversations()) == len(ids)


async def test_what_is_asked_for_with_nul_is_not_there(store: Store) -> None:
    await save(store, conversation("one"), pattern("one", source_conversation_id="one"))
    assert await store.ask(ops.GetConversation("one\0")) is None
    assert await store.ask(ops.GetPattern("\0")) is None
    assert await store.ask(ops.RecentConversations(5, "workspace\0")) == ()
    assert await store.ask(ops.PatternsInNamespace("workspace\0", 0.0, 5)) == ()
    assert await store.read(lambda tx: tx.patterns.learned_from("one\0")) == ()
    assert await store.ask(ops.RemoveConversation("one\0")) is False
    found = await store.search_conversations(ConversationSearch("about\0one", NOW))
    assert [hit.conversation_id for hit in found.hits] == ["one"]
    nowhere = ConversationSearch("about one", NOW, namespace="\0*")
    assert (await store.search_conversations(nowhere)).hits == ()
    assert await store.search_patterns(PatternSearch("what was learned about one", "\0")) == ()


async def test_a_text_of_a_megabyte_is_kept_found_and_replaced(store: Store) -> None:
    prose = " ".join(f"{word} number{n % 997}" for n, word in enumerate(["checkpoint"] * 60_000))
    text = f"{prose} haystackneedle"
    assert len(text) > 1_000_000
    saved = conversation("long", content=text)
    await save(store, saved, conversation("short"), pattern("long", content=text))
    assert await store.ask(ops.GetConversation("long")) == saved
    found = await store.search_conversations(ConversationSearch("haystackneedle", NOW))
    assert [hit.conversation_id for hit in found.hits] == ["long"]
    assert "«haystackneedle»" in found.hits[0].snippet
    assert len(found.hits[0].snippet) < 1_000
    await save(store, conversation("long"))
    found = await store.search_conversations(ConversationSearch("haystackneedle", NOW))
    assert found.hits == ()


async def test_a_megabyte_of_words_that_are_all_different_is_kept(store: Store) -> None:
    text = " ".join(f"w{n:06x}" for n in range(140_000))
    assert len(text) > 1_000_000
    await save(store, conversation("many", content=text))
    kept = await store.ask(ops.GetConversation("many"))
    assert kept is not None
    assert kept.content == text
    found = await store.search_conversations(ConversationSearch("w000003", NOW))
    assert [hit.conversation_id for hit in found.hits] == ["many"]


async def test_a_place_keeps_what_was_stored_if_the_store_says_so(open_store: Open) -> None:
    store = await open_store(Events())
    await save(store, conversation("one"))
    persistent = store.capabilities.persistent
    await store.close()
    again = await open_store(Events())
    assert await again.ask(ops.CountConversations()) == (1 if persistent else 0)
