import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import cortex_core.sqlite.conversation_search
from cortex_core import (
    Conversation,
    ConversationSearch,
    Cortex,
    LearnPattern,
    PatternSearch,
    PatternType,
    SearchContext,
    SearchHits,
    SearchTimeoutError,
)
from cortex_core.domain.namespace import Namespace
from cortex_core.domain.relevance import relevance
from cortex_core.sqlite.conversation_search import search_conversations
from cortex_core.sqlite.pattern_search import search_patterns

NOW = datetime(2024, 6, 1, tzinfo=UTC)


async def keep(cortex: Cortex, content: str, **fields: object) -> None:
    given_fields: dict[str, object] = {"title": "", "quality": 0.8, "captured_at": NOW}
    conversation = Conversation(content=content, **given_fields | fields)  # type: ignore[arg-type]
    await cortex.conversations.save(conversation)


async def search(cortex: Cortex, text: str, **fields: object) -> SearchHits:
    return (await cortex.send(SearchContext(text, **fields))).unwrap()  # type: ignore[arg-type]


def ids(found: SearchHits) -> list[str]:
    return [hit.conversation_id for hit in found.hits]


async def test_what_holds_every_word_comes_first_whatever_its_case_and_accents(
    cortex: Cortex,
) -> None:
    await keep(cortex, "The slow Query of the café", id="both")
    await keep(cortex, "Another query altogether", id="one", quality=1.0)
    found = await search(cortex, "CAFE query")
    assert ids(found) == ["both", "one"]
    assert found.hits[0].relevance > found.hits[1].relevance
    assert ids(await search(cortex, "CAFE query", max_results=1)) == ["both"]
    assert ids(await search(cortex, "unknown")) == []


async def test_the_title_is_searched_and_weighs_more(cortex: Cortex) -> None:
    await keep(cortex, "about the checkpoint, once", id="content", title="Something else, then")
    await keep(cortex, "about something else, then", id="title", title="the checkpoint, once")
    assert ids(await search(cortex, "checkpoint")) == ["title", "content"]


async def test_newer_better_and_nearer_conversations_come_first(cortex: Cortex) -> None:
    await keep(cortex, "one and the same text", id="old", captured_at=NOW - timedelta(days=900))
    await keep(cortex, "one and the same text", id="good", quality=1.0)
    await keep(cortex, "one and the same text", id="poor", quality=0.2)
    await keep(cortex, "one and the same text", id="ours", quality=0.2, namespace="workspace.a")
    await keep(cortex, "one and the same text", id="away", quality=1.0, namespace="external.a")
    found = await search(cortex, "same text", namespace="workspace*")
    assert ids(found)[0] == "good"
    assert ids(await search(cortex, "same text"))[-1] == "away"


async def test_relevance_in_sql_is_the_documented_formula(path: Path) -> None:
    async with Cortex.open(path, clock=lambda: NOW) as cortex:
        for number, namespace in enumerate(("workspace.a", "cortex.b", "external.c", "other")):
            await keep(
                cortex,
                "alike in every word",
                id=namespace,
                namespace=namespace,
                quality=number / 4,
                captured_at=NOW - timedelta(days=10 * number),
            )
        found = await search(cortex, "alike")
    assert len(found.hits) == 4
    for hit in found.hits:
        expected = relevance(
            text=1.0,
            age_s=(NOW - hit.captured_at).total_seconds(),
            quality=hit.quality,
            weight=Namespace(hit.namespace).weight,
        )
        assert hit.relevance == pytest.approx(expected)
        assert 0.0 <= hit.relevance <= 1.0


async def test_a_minimum_leaves_out_what_is_below_it(path: Path) -> None:
    async with Cortex.open(path, clock=lambda: NOW) as cortex:
        for quality in (0.0, 0.5, 1.0):
            await keep(cortex, "alike in every word", quality=quality, namespace="team")
        every = [hit.relevance for hit in (await search(cortex, "alike")).hits]
        above = await search(cortex, "alike", min_relevance=every[1])
    assert every == sorted(every, reverse=True)
    assert [hit.relevance for hit in above.hits] == every[:2]


async def test_results_are_limited_and_shown_by_their_words(cortex: Cortex) -> None:
    for number in range(5):
        await keep(cortex, f"{'filler ' * 60} the needle number {number} {'filler ' * 60}")
    found = await search(cortex, "needle", max_results=3)
    assert len(found.hits) == 3
    assert found.candidates == 5
    assert found.exact
    assert all("needle" in hit.snippet and len(hit.snippet) < 300 for hit in found.hits)


async def test_what_was_found_is_marked(cortex: Cortex) -> None:
    await keep(cortex, "A caché, a Cache-Control header; the cache again", title="Cached", id="one")
    await keep(cortex, "Nothing but other words is here", title="The cache", id="two")
    found = {h.conversation_id: h.snippet for h in (await search(cortex, "cache")).hits}
    assert found["one"] == "A «caché», a «Cache»-Control header; the «cache» again"
    assert found["two"] == "The «cache»"
    hit = (await search(cortex, "cache-control cache")).hits[0]
    assert "a «Cache-Control» header" in hit.snippet


@pytest.mark.parametrize("at", [0, 3_990, 4_000, 4_010, 50_000, 119_990])
async def test_a_long_text_shows_the_words_around_its_first_hit(cortex: Cortex, at: int) -> None:
    filler = "some words of a long text " * 5_000
    before, after = filler[:at].rpartition(" ")[0], filler[at:120_000]
    await keep(cortex, f"{before} the Kühlung, here {after} and something behind it")
    (hit,) = (await search(cortex, "kuhlung")).hits
    assert "the «Kühlung», here" in hit.snippet
    assert hit.snippet.startswith("…") == (at > 0)
    assert len(hit.snippet.split()) <= 24


async def test_a_word_of_a_long_text_is_not_found_in_a_longer_word(cortex: Cortex) -> None:
    await keep(cortex, "concatenation " * 9_000 + "cat", title="long")
    (hit,) = (await search(cortex, "cat")).hits
    assert hit.snippet.endswith("concatenation «cat»")


async def test_the_title_is_shown_where_only_it_holds_the_words(cortex: Cortex) -> None:
    await keep(cortex, "nothing of the kind " * 9_000, title="About the cache")
    (hit,) = (await search(cortex, "cache")).hits
    assert hit.snippet == "About the «cache»"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("team.a", {"team.a"}),
        ("team.*", {"team.a", "team.b.c"}),
        ("*.b.?", {"team.b.c"}),
        ("team.[ab]", set()),
        ("*", {"team.a", "team.b.c", "other"}),
    ],
)
async def test_a_namespace_pattern_selects(
    cortex: Cortex, pattern: str, expected: set[str]
) -> None:
    for namespace in ("team.a", "team.b.c", "other"):
        await keep(cortex, "alike in every word", namespace=namespace)
    found = await search(cortex, "alike", namespace=pattern)
    assert {hit.namespace for hit in found.hits} == expected


async def test_the_newest_matches_compete_and_exact_says_whether_all_did(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cortex_core.sqlite.conversation_search, "CANDIDATES_MOST", 3)
    async with Cortex.open(path) as cortex:
        for number in range(3):
            await keep(cortex, "alike in every word", id=str(number))
        assert (await search(cortex, "alike")).exact
        await keep(cortex, "alike in every word", id="3")
        found = await search(cortex, "alike")
    assert set(ids(found)) == {"1", "2", "3"}
    assert found.candidates == 3
    assert not found.exact


async def test_the_newest_by_their_capture_compete_also_after_an_upsert(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cortex_core.sqlite.conversation_search, "CANDIDATES_MOST", 3)
    async with Cortex.open(path, clock=lambda: NOW) as cortex:
        for age in (0, 9, 1, 8, 2, 7, 3, 6, 4, 5):
            at = NOW - timedelta(days=age)
            await keep(cortex, "alike in every word", id=str(age), captured_at=at)
        assert ids(await search(cortex, "alike")) == ["0", "1", "2"]
        await keep(cortex, "alike in every word", id="9", captured_at=NOW - timedelta(hours=1))
        assert ids(await search(cortex, "alike")) == ["0", "9", "1"]
        await keep(cortex, "alike in every word", id="0", captured_at=NOW - timedelta(days=99))
        assert ids(await search(cortex, "alike")) == ["9", "1", "2"]
        # All at one moment: the last stored are the newest.
        for number in range(20):
            await keep(cortex, "of one moment", id=f"at-{number}")
        assert ids(await search(cortex, '"one moment"')) == ["at-19", "at-18", "at-17"]
        for conversation_id in ("at-17", "at-19"):
            await cortex.conversations.delete(conversation_id)
            await keep(cortex, "of one moment", id=conversation_id)
        assert ids(await search(cortex, '"one moment"')) == ["at-19", "at-17", "at-18"]


async def test_words_of_any_age_are_found_among_common_ones(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cortex_core.sqlite.conversation_search, "CANDIDATES_MOST", 5)
    async with Cortex.open(path) as cortex:
        old = NOW - timedelta(days=9)
        await keep(cortex, "the needle in a haystack", id="needle", captured_at=old)
        await keep(cortex, "needle and common words", id="both", captured_at=old)
        await keep(cortex, "what is called needle_common", id="joined", captured_at=old)
        for number in range(20):
            await keep(cortex, f"common words, also common text {number}")
        found = await search(cortex, "needle common unheard ")
    assert ids(found) == ["joined", "both", "needle"]
    assert not found.exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("perf", "performance"),
        ("user name", "getUserName"),
        ("get_user_name", "getUserName"),
        ("C++", "in C++ alone"),
        ("C#", "in C# alone"),
        ("天気", "東京都の天気は良い"),
        ("京 ", "東京都の天気は良い"),
        ("ＣＡＦＥ", "a café"),
        ('"slow query"', "a slow query"),
        ("connecting", "the connections"),
    ],
)
async def test_what_a_person_types_is_found(cortex: Cortex, text: str, expected: str) -> None:
    for content in (
        "about performance alone",
        "calls getUserName alone",
        "written in C++ alone",
        "written in C# alone",
        "今日の東京都の天気は良いです。",
        "this is a café alone",
        "this is a slow query alone",
        "query this slow one alone",
        "of the connections alone",
    ):
        await keep(cortex, content)
    (hit,) = (await search(cortex, text)).hits
    assert expected in hit.snippet.replace("«", "").replace("»", "")
    assert "«" in hit.snippet


async def test_a_mistyped_word_gets_the_nearest_that_is_stored(cortex: Cortex) -> None:
    for content in ("the performance of a database", "another database, in Ελλάδα"):
        await keep(cortex, content)
    for text, suggested in (
        ("databse", "database"),
        ("preformance", "performance"),
        ("databaze preformance!", "database performance!"),
        ("ελλαδδα", "ελλαδα"),
        ("zebra", None),
        ("abc", None),
    ):
        assert (await search(cortex, text)).suggestion == suggested
        if suggested is not None:
            again = await search(cortex, suggested)
            assert again.hits
            assert again.suggestion is None
    assert (await search(cortex, "database")).suggestion is None
    assert (await search(cortex, "zebra")).suggestion is None


async def test_a_page_of_hits_is_filled_with_those_that_hold_some_words(cortex: Cortex) -> None:
    await keep(cortex, "reading a slow file on another disk", id="three")
    await keep(cortex, "reading a file", id="two")
    await keep(cortex, "reading other things, one after another", id="one")
    await keep(cortex, "nothing of the kind", id="none")
    found = await search(cortex, "How do I read a slow file?")
    assert ids(found) == ["three", "two", "one"]
    relevances = [hit.relevance for hit in found.hits]
    assert relevances == sorted(relevances, reverse=True)
    quoted = await search(cortex, '"slow file" reading things')
    assert ids(quoted) == ["three"]


async def test_search_follows_changes_and_deletions(cortex: Cortex) -> None:
    await keep(cortex, "before the change", id="one")
    await keep(cortex, "after it was changed", id="one")
    assert ids(await search(cortex, "before")) == []
    assert ids(await search(cortex, "changed")) == ["one"]
    await cortex.conversations.delete("one")
    assert ids(await search(cortex, "changed")) == []


@pytest.mark.parametrize(
    "text",
    [
        "cache OR zebra",
        "NOT zebra cache",
        "cache NOT zebra",
        "title:cache zebra",
        "cache* zebra",
        'cache AND "zebra',
        "NEAR(cache zebra)",
        "-zebra ^cache",
        "{title} : cache zebra",
    ],
)
async def test_the_query_language_cannot_be_reached(cortex: Cortex, text: str) -> None:
    await keep(cortex, "the cache alone, one word of many", id="cache")
    await keep(cortex, "a zebra alone, with other words", id="zebra")
    assert sorted(ids(await search(cortex, text))) == ["cache", "zebra"]


async def test_punctuation_around_words_does_not_hide_them(cortex: Cortex) -> None:
    await keep(cortex, "the cache-control header of it", id="one")
    for text in ("'cache-control'", "(header)", "cache, header?", "header \0", '"cache"'):
        assert ids(await search(cortex, text)) == ["one"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(min_size=2, max_size=500), min_size=1, max_size=5))
@example(["?" * 500, '"' * 500, "\0\0", '" "', "a b " * 125])
@example([" ".join(chr(0x4E00 + n) for n in range(250))])
def test_no_text_breaks_a_search(texts: list[str]) -> None:
    async def search_all() -> None:
        async with Cortex.open(":memory:") as cortex:
            await keep(cortex, "something to find here")
            for text in texts:
                result = await cortex.send(SearchContext(text))
                assert result.ok

    asyncio.run(search_all())


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=10, max_size=60))
def test_any_text_that_can_be_stored_comes_back(content: str) -> None:
    async def there_and_back() -> None:
        async with Cortex.open(":memory:") as cortex:
            await keep(cortex, content, id="one")
            stored = await cortex.conversations.get("one")
            assert stored is not None
            assert stored.content == content

    asyncio.run(there_and_back())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "x"}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "words", "max_results": 0}, "max_results"),
        ({"text": "words", "max_results": 101}, "max_results"),
        ({"text": "words", "min_relevance": 1.5}, "min_relevance"),
        ({"text": "words", "namespace": ""}, "namespace"),
    ],
)
async def test_impossible_searches_are_refused(
    cortex: Cortex, fields: dict[str, object], field: str
) -> None:
    result = await cortex.send(SearchContext(**fields))  # type: ignore[arg-type]
    assert [e.field for e in result.errors] == [field]


async def test_the_deadline_is_looked_at_in_every_step_of_a_search(path: Path) -> None:
    async with Cortex.open(path) as cortex:
        for _ in range(3):
            await keep(cortex, "something to find here")
            learnt = LearnPattern(
                name="n", type=PatternType.BUG_FIX, content="something to find", confidence=0.9
            )
            assert (await cortex.send(learnt)).ok
    for search_one in (
        partial(search_conversations, ConversationSearch("something unknown", NOW)),
        partial(search_patterns, PatternSearch("something", "*")),
    ):
        with closing(sqlite3.connect(path)) as connection:
            checks: list[None] = []
            assert search_one(connection, lambda: checks.append(None))  # noqa: B023
            assert len(checks) > 3
            for stopped_at in range(len(checks)):
                left = iter(range(stopped_at))

                def check() -> None:
                    if next(left, None) is None:  # noqa: B023
                        raise SearchTimeoutError

                with pytest.raises(SearchTimeoutError):
                    search_one(connection, check)


async def test_a_search_past_its_deadline_fails_and_getting_by_id_does_not(path: Path) -> None:
    async with Cortex.open(path, search_timeout_s=0.0) as cortex:
        await keep(cortex, "something to find here", id="one")
        with pytest.raises(SearchTimeoutError, match="took longer than 0 s"):
            await search(cortex, "something")
        assert await cortex.conversations.get("one") is not None
