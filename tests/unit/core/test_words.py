import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_core.stems import stem
from cortex_core.text_query import PHRASES_MOST, Phrase, parse
from cortex_core.words import REPEATS_MOST, TERM_MOST, index_text, terms

MEGABYTE = 1_000_000


def indexed(text: str) -> set[str]:
    return set(index_text(text).split())


def every(text: str) -> list[tuple[str, ...]]:
    return [phrase.words for phrase in parse(text).every]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "café"),
        ("ＰＹＴＨＯＮ３", "python3"),
        ("straße", "STRASSE"),
        ("ﬁle", "file"),
        ("ЁЛКА", "елка"),
        ("ｶﾞｷﾞ", "ガギ"),
        (unicodedata.normalize("NFD", "데이터"), "데이터"),
        ("queries", "query"),
        ("caching", "Caches"),
        ("running", "run"),
        ("installed", "install"),
        ("uses", "using"),
        ("connection", "connected"),
        ("parser's", "parsers"),
        ("don’t", "don't"),
        ("getUserName", "get_user_name"),
    ],
)
def test_what_is_one_word_to_a_reader_is_one_term(one: str, other: str) -> None:
    assert index_text(one) == index_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++", "C"),
        ("C#", "C"),
        ("C#", "F#"),
        (".NET", "net"),
        ("string", "str"),
        ("class", "clas"),
        ("status", "statu"),
        ("か", "が"),
        ("add", "ad"),
    ],
)
def test_what_are_two_words_to_a_reader_are_two_terms(one: str, other: str) -> None:
    assert index_text(one) != index_text(other)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("größeMax", {"grossemax", "gross", "max"}),
        ("getUserName", {"getusernam", "get", "user", "nam"}),
        ("__init__", {"init"}),
        ("MAX_RETRY_COUNT", {"maxretrycount", "max", "retri", "count"}),
        ("HTTPServer", {"httpserv", "http", "serv"}),
        ("URLs", {"url"}),
        ("utf8", {"utf8", "utf", "8"}),
        ("a1b2c3d4e5f6", {"a1b2c3d4e5f6"}),
        ("C++17", {"cplusplus", "17"}),
        ("ASP.NET", {"asp", "dotnet"}),
        ("os.path.join", {"os", "path", "join"}),
        ("größe_max", {"grossemax", "gross", "max"}),
    ],
)
def test_a_name_is_indexed_as_a_whole_and_by_its_parts(name: str, parts: set[str]) -> None:
    assert indexed(name) == parts


def test_scripts_without_spaces_are_indexed_by_pairs() -> None:
    assert index_text("Python入門 東京都") == "python 入門 門 東京 京都 都"
    assert "데이" in index_text("데이터베이스를")
    assert parse("東京都").every == (Phrase(("東京", "京都")),)
    assert parse("猫").every == (Phrase(("猫",), open=True),)


def test_phrases_follow_each_other_in_the_index() -> None:
    text = index_text("it is the slow query of getUserName, not a fast one")
    for words in (*every('"slow query of"'), *every("getUserName"), *every('"user name"')):
        assert " ".join(words) in text


def test_terms_name_the_characters_that_they_are_from() -> None:
    text = "Der Käse: getUserName für 東京都!"
    found = [(text[t.start : t.end], t.word) for t in terms(text)]
    assert found[:3] == [("Der", "der"), ("Käse", "kas"), ("getUserName", "getusernam")]
    assert ("東京", "東京") in found
    assert {p for t in terms(text) for p in t.parts} == {"get", "user", "nam"}


@pytest.mark.parametrize(
    "text", ["_'T'T's", "__init__'s", "_ _'s x", "_c++ __net", "a_ _b", "_x'll"]
)
def test_words_are_the_same_whatever_else_a_text_has(text: str) -> None:
    assert indexed(f"{text} é") == indexed(text) | {"e"}


@pytest.mark.parametrize("length", [2, 63, 64, 65, 200])
def test_quoted_runs_of_any_length_are_found_with_what_follows(length: int) -> None:
    quoted = f"見出し {'漢' * length} ends here"
    (phrase,) = parse(f'"{quoted}"').every
    assert f" {' '.join(phrase.words)} " in f" {index_text(f'before {quoted} behind')} "


def test_common_words_are_searched_for_only_where_nothing_else_is() -> None:
    assert every("How do I read a file?") == [("read",), ("fil",)]
    assert every("to be") == [("to",), ("be",)]
    assert every('"to be" read') == [("to", "be"), ("read",)]


def test_a_word_that_is_being_typed_may_continue() -> None:
    assert parse("slow perf").typed == (Phrase(("perf",), open=True),)
    assert Phrase(("cach",)) in parse("cachin").typed
    for finished in ("perf ", '"perf"', "perf the", "", "?"):
        assert parse(finished).typed == ()


def test_a_search_asks_for_all_words_then_for_any() -> None:
    steps = list(parse("slow parser cachin").steps())
    assert [(len(step.groups), step.least) for step in steps] == [(3, 3), (3, 3), (3, 1)]
    assert [phrase.open for phrase in steps[1].groups[-1]] == [True, False]
    assert steps[2].unfinished == steps[1].groups[-1]
    assert steps[2].finished().groups == steps[1].groups
    assert [step.least for step in parse("cache ").steps()] == [1]
    assert [step.least for step in parse("slow cache ").steps()] == [2, 1]
    assert [len(step.groups) for step in parse("cache-control ").steps()] == [1, 2]
    assert [len(step.groups) for step in parse("getUserName ").steps()] == [1, 4]
    only_quoted, *others = parse('"slow query"').steps()
    assert (only_quoted.groups, others) == (((Phrase(("slow", "queri")),),), [])
    *_, last = parse('"slow query" cache ').steps()
    assert (last.groups, last.required) == (((Phrase(("cach",)),),), (Phrase(("slow", "queri")),))
    assert list(parse("?!").steps()) == []


def test_neighbours_in_a_search_may_be_one_word_in_a_text() -> None:
    def joined(text: str) -> list[str]:
        *_, last = parse(text).steps()
        return [phrase.words[0] for phrase in last.joined]

    assert joined("a context manager of caching files") == [
        "contextmanag",
        "managercach",
        "cachingfil",
    ]
    assert joined("cache-control") == ["cachecontrol"]
    assert joined("東京都 天気 user name") == ["usernam"]
    assert joined('user name "file name"') == ["usernam"]
    assert joined("user name username") == ["nameusernam"]  # the other is searched for
    assert joined("user") == joined("user user") == []
    assert len(joined(" ".join(f"word{n}" for n in range(100)))) == 32


def test_quoted_words_must_follow_each_other_in_every_hit() -> None:
    query = parse('"slow query" cache-control')
    assert query.quoted == (Phrase(("slow", "queri")),)
    assert query.every == (Phrase(("slow", "queri")), Phrase(("cach", "control")))
    assert query.any == (Phrase(("cach",)), Phrase(("control",)))
    assert parse('"slow query').quoted == ()
    (phrase,) = every('"Python入門 book"')
    assert index_text("a Python入門 book").startswith(f"a {' '.join(phrase)}")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_plain_words_that_a_query_for_it_finds(text: str) -> None:
    words = index_text(text).split(" ")
    if words != [""]:
        assert all(words)
    for word in words:
        assert all(c >= "\x80" or c in "abcdefghijklmnopqrstuvwxyz0123456789" for c in word)
        assert len(word) <= TERM_MOST
    found = list(terms(text))
    assert all(0 <= t.start < t.end <= len(text) for t in found)
    assert {w for t in found for w in (t.word, *t.parts)} == set(words) - {""}
    query = parse(text)
    assert len(query.every) <= PHRASES_MOST
    stream = f" {' '.join(words)} "
    for phrase in query.every:
        assert f" {' '.join(phrase.words)}{'' if phrase.open else ' '}" in stream


@pytest.mark.parametrize(
    "piece",
    [
        "word ",
        "x",
        "aB",
        "_",
        "'",
        "c+",
        ".n",
        "東",
        "é東",
        "e\u0301",
        "a\u200d",
        "ภาษา",
        "'s",
        "1a",
    ],
)
def test_the_time_for_a_text_grows_with_its_length(piece: str) -> None:
    def taken_s(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        index_text(text)
        for _ in terms(text):
            pass
        return time.process_time() - start

    short = min(taken_s(MEGABYTE // 50) for _ in range(3))
    # Ten times the text; what takes time with the square of it would take a hundred times.
    assert taken_s(MEGABYTE // 5) < 40 * short + 0.2


def test_a_word_is_indexed_a_limited_number_of_times() -> None:
    text = "needle " + "the same " * 100_000 + "the last"
    words = index_text(text).split()
    assert words.count("sam") == words.count("the") == REPEATS_MOST
    assert words[0] == "needl"
    assert words[-1] == "last"


@settings(max_examples=200)
@given(st.text("abcdefgilnoprsty", min_size=1, max_size=12))
def test_a_stem_is_not_empty_and_no_longer_than_its_word(word: str) -> None:
    assert 0 < len(stem(word)) <= len(word)
