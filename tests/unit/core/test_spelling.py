"""Suggestions cost no more than a bounded number of words to look up, whatever was searched for."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from cortex_core import SearchTimeoutError
from cortex_core.spelling import SLIPS_MOST, corrected
from cortex_core.words import TERM_MOST, index_text, plain


def of_many_alphabets(length: int) -> str:
    """A word with a letter of each block of letters that has small ones."""
    blocks = (range(first, first + 64) for first in range(0x80, 0x1_F000, 64))
    letters = [small for block in blocks if (small := "".join(filter(is_small, map(chr, block))))]
    every = "".join(letter[0] for letter in letters)
    assert len(every) > 40
    return (every * (length // len(every) + 1))[:length]


def is_small(letter: str) -> bool:
    return letter.isalpha() and letter.islower() and plain(letter) == letter


class Texts:
    """What a store says about some texts, and how many words it was asked for."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked = 0

    def frequencies(self, words: Sequence[str]) -> list[int]:
        self.asked += len(words)
        return [len(list(self.holding(word))) for word in words]

    def holding(self, word: str) -> Iterable[str]:
        return (text for text in self.texts if word in index_text(text).split())

    def corrected(self, text: str, check: Callable[[], None] = lambda: None) -> str | None:
        return corrected(text, self.frequencies, self.holding, check)


@pytest.mark.parametrize("length", [20, TERM_MOST, TERM_MOST + 1, 100, 500])
@pytest.mark.parametrize("word_of", [of_many_alphabets, "x".__mul__], ids=["alphabets", "x"])
def test_no_word_costs_more_than_a_bounded_number_of_looks(
    word_of: Callable[[int], str], length: int
) -> None:
    nothing = Texts()
    assert nothing.corrected(word_of(length)) is None
    assert nothing.asked <= SLIPS_MOST + 1


def test_no_text_has_more_than_two_words_corrected() -> None:
    nothing = Texts()
    word = of_many_alphabets(TERM_MOST // 2)
    text = " ".join(f"{word[at:]}{word[:at]}" for at in range(15))
    assert len(text) < 500
    assert nothing.corrected(text) is None
    assert SLIPS_MOST < nothing.asked <= 2 * SLIPS_MOST + 15


@pytest.mark.parametrize("word", ["x" * TERM_MOST, of_many_alphabets(TERM_MOST)])
def test_the_words_that_may_have_been_meant_are_made_under_a_deadline(word: str) -> None:
    nothing = Texts()
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 100:
            raise SearchTimeoutError

    with pytest.raises(SearchTimeoutError):
        nothing.corrected(word, check)
    assert nothing.asked == 1  # the word itself


@pytest.mark.parametrize(
    ("written", "mistyped"),
    [
        ("database", "databse"),
        ("abstractsingletonproxyfactorybeanforthelongestnamethatisindexed", None),
        ("электрификация", "электрафикация"),
        ("ηλεκτρισμος", "ηλεκτρυσμος"),
        ("łodz", "lłodz"),
        ("қазақстандық", "қазақстанды"),  # letters of three blocks, one of which is left out
        ("ұйымдастырушылықәөңғ", "ұйымдастырушылықәөңғі"),  # of four
        ("smørrebrød", "smørrebrd"),
    ],
)
def test_words_of_one_language_are_corrected_whatever_its_alphabet(
    written: str, mistyped: str | None
) -> None:
    assert Texts(f"about {written}").corrected(mistyped or f"{written}x") == plain(written)
