"""A snippet marks whatever a search finds, however the word is written."""

import pytest

from cortex_core.snippet import Snippets
from cortex_core.text_query import parse

WRITTEN = """
tries families queries using happy happily ties flies caches concatenation creates creating
I'm don't they'll she'll we've parser's user’s it’s
a_b x_y_z a_bcdef get_user_name getUserName HTTPServers utf_8 utf8 ｇｅｔ＿ｕｓｅｒ
C++ c# .NET ＣＡＦＥ café naïve İstanbul ﬁles 東京都 パフォーマンス
"""


def snippet(query: str, text: str) -> str:
    phrases = (phrase for step in parse(query).steps() for phrase in step.phrases)
    return Snippets(phrases).of("", text)


@pytest.mark.parametrize("word", WRITTEN.split())
@pytest.mark.parametrize("text", ["before {} behind", "({}), sign's_of naïve"])
def test_a_word_is_marked_in_the_text_that_it_is_from(word: str, text: str) -> None:
    assert f"«{word}»" in snippet(f"{word} ", text.format(word))


@pytest.mark.parametrize(
    ("words_before", "words_behind"), [(0, 0), (0, 60), (3, 5), (60, 0), (60, 4), (60, 60)]
)
def test_a_snippet_has_as_many_words_as_there_are_up_to_two_dozen(
    words_before: int, words_behind: int
) -> None:
    text = f"{'before ' * words_before}needle{' behind' * words_behind}"
    shown = snippet("needle ", text)
    assert len(shown.split()) == min(words_before + 1 + words_behind, 24)
    assert shown.strip("…").replace("«", "").replace("»", "") in text
    assert shown.startswith("…") == (shown.count("before") < words_before)
    assert shown.endswith("…") == (shown.count("behind") < words_behind)
