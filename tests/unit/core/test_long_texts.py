"""Texts of a megabyte: no step of a search takes time with the square of one, and each can be
stopped."""

import time
from datetime import UTC, datetime
from functools import partial

import pytest

from cortex_core import Conversation, Cortex, SearchContext, SearchTimeoutError
from cortex_core.snippet import PART, Snippets
from cortex_core.text_query import parse

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MEGABYTE = 1_000_000

TEXTS = {
    "one word": "word ",
    "one word a thousand times": f"{'other text ' * 90} word ",
    "one long word": "word",
    "a script without spaces": "東京都の天気",
    "accents": "naïve wörd ",
    "names": "getWord_of ",
}


def long_text(piece: str, size: int = MEGABYTE) -> str:
    return piece * (size // len(piece))


def snippets(query: str) -> Snippets:
    return Snippets(phrase for step in parse(query).steps() for phrase in step.phrases)


@pytest.mark.parametrize("piece", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("query", ["word ", "wor", "天気", "unheard"])
def test_the_time_for_a_snippet_grows_with_the_length_of_the_text(piece: str, query: str) -> None:
    def taken_s(size: int) -> float:
        text = long_text(piece, size)
        start = time.process_time()
        shown = snippets(query).of("", text)
        assert len(shown) < 1_000
        return time.process_time() - start

    short = min(taken_s(MEGABYTE // 50) for _ in range(3))
    # Fifty times the text; what takes time with the square of it would take 2,500 times.
    assert taken_s(MEGABYTE) < 300 * short + 0.3


@pytest.mark.parametrize("piece", TEXTS.values(), ids=TEXTS)
def test_a_snippet_is_stopped_between_parts_of_a_text(piece: str) -> None:
    text = long_text(piece)
    checks: list[None] = []
    snippets("unheard").of("", text, lambda: checks.append(None))
    assert len(checks) >= MEGABYTE // PART


@pytest.mark.parametrize("piece", TEXTS.values(), ids=TEXTS)
async def test_a_long_text_is_stored_found_and_shown(cortex: Cortex, piece: str) -> None:
    # Far more words than PostgreSQL keeps the places of, and many parts; a store's limits are near
    # a megabyte, which tests/unit/core/contract/test_texts.py is about.
    content = f"{long_text(piece, MEGABYTE // 4)} the needle behind it"
    for number in range(2):
        await cortex.conversations.save(
            Conversation(id=str(number), title="", content=content, quality=0.8, captured_at=NOW)
        )
    found = (await cortex.send(SearchContext("needle "))).unwrap()
    assert [hit.conversation_id for hit in found.hits] == ["1", "0"]
    assert all("the «needle» behind it" in hit.snippet for hit in found.hits)
    assert await cortex.conversations.delete("0")
    found = (await cortex.send(SearchContext("needle "))).unwrap()
    assert [hit.conversation_id for hit in found.hits] == ["1"]


@pytest.mark.parametrize("where", ["file", "memory:"])
async def test_a_search_of_long_texts_is_stopped_by_its_deadline(
    where: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = str(tmp_path_factory.mktemp("long") / "long.db") if where == "file" else where
    async with Cortex.open(place, search_timeout_s=0.001) as cortex:
        save = partial(Conversation, title="", quality=0.8, captured_at=NOW)
        for number, piece in enumerate(TEXTS.values()):
            await cortex.conversations.save(save(id=str(number), content=long_text(piece)))
        with pytest.raises(SearchTimeoutError):
            await cortex.send(SearchContext("unheard words, some text, naive wor"))
        assert await cortex.conversations.get("0") is not None
