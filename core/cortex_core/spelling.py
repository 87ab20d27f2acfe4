"""Words that a person may have meant who mistyped one."""

from collections.abc import Callable, Iterable, Iterator

from cortex_core.stems import stem
from cortex_core.text_query import COMMON
from cortex_core.words import plain, terms

_LEAST = 4
"""Characters that a word needs: nearly every shorter one is near another."""

_CORRECTED_MOST = 2
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BLOCK = 64
"""Letters of an alphabet lie near each other: blocks of this size that a word has letters of."""

EXAMPLES_MOST = 5
"""How many texts with a word need to be looked at for how it is written."""

_EXAMPLES_OF = 3
_EXAMPLE_MOST = 20_000
"""How many of the most frequent words are looked for in texts, and how far into a text."""

Frequency = Callable[[str], int]
"""How many texts hold a word, as it is indexed; it need not count above a few dozen."""

Examples = Callable[[str], Iterable[str]]
"""A few texts that hold a word, as it is indexed."""


def corrected(text: str, frequency: Frequency, examples: Examples) -> str | None:
    """A text with each word that no text holds replaced by the nearest that one does; None where
    there is none to replace, or none near. At most two words are."""
    changed, done, unknown = "", 0, 0
    for term in terms(text):
        written = plain(text[term.start : term.end])
        if not _may_be_mistyped(written) or frequency(term.word):
            continue
        nearest = _nearest(written, frequency, examples)
        if nearest is not None:
            changed += text[done : term.start] + nearest
            done = term.end
        unknown += 1
        if unknown == _CORRECTED_MOST:
            break
    return changed + text[done:] if done else None


def _may_be_mistyped(word: str) -> bool:
    return len(word) >= _LEAST and word.isalpha() and word not in COMMON


def _nearest(word: str, frequency: Frequency, examples: Examples) -> str | None:
    """The most frequent of the words one slip away that are written so in a text: an index tells
    "laster" from "faster", and not from "last"."""
    by_stem: dict[str, set[str]] = {}
    for other in _slips(word):
        by_stem.setdefault(stem(other), set()).add(other)
    times = {stemmed: frequency(stemmed) for stemmed in by_stem}
    known = sorted((s for s in by_stem if times[s]), key=lambda s: times[s], reverse=True)
    for stemmed in known[:_EXAMPLES_OF]:
        for text in examples(stemmed):
            for term in terms(text[:_EXAMPLE_MOST]):
                if term.word == stemmed:
                    written = plain(text[term.start : term.end])
                    if written in by_stem[stemmed]:
                        return written
    return None


def _slips(word: str) -> Iterator[str]:
    """What becomes of a word when two letters change places, one is left out, added, or another
    (Damerau, "A technique for computer detection and correction of spelling errors", 1964)."""
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    letters = _alphabet(word)
    for before, after in halves:
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
    for before, after in halves:
        for letter in letters:
            yield before + letter + after
    for before, after in halves:
        if after:
            yield before + after[1:]
    for before, after in halves:
        if after:
            for letter in letters:
                yield before + letter + after[1:]


def _alphabet(word: str) -> str:
    blocks = {ord(letter) // _BLOCK for letter in word if not letter.isascii()}
    others = (chr(code) for block in blocks for code in range(block * _BLOCK, (block + 1) * _BLOCK))
    latin = _LETTERS if not blocks or any(letter.isascii() for letter in word) else ""
    return latin + "".join(letter for letter in others if letter.isalpha() and letter.islower())
