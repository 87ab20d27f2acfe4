"""Words that a person may have meant who mistyped one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from cortex_core.search import Check
from cortex_core.stems import stem
from cortex_core.text_query import COMMON
from cortex_core.words import TERM_MOST, plain, terms

_LEAST = 4
"""Characters that a word needs: nearly every shorter one is near another."""

_CORRECTED_MOST = 2
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BLOCK = 64
"""Letters of an alphabet lie near each other: blocks of this size that a word has letters of."""

SLIPS_MOST = 8_000
"""How many slips of a word are looked up: all of one with 26 letters to choose from, up to the
longest that is indexed, and of one with the 125 of Kazakh up to 31 characters."""

_ASKED_MOST = 1_000
"""How many are made before they are asked for: on a server, the event loop has its turn then."""

EXAMPLES_MOST = 5
"""How many texts with a word need to be looked at for how it is written."""

_EXAMPLES_OF = 3
_EXAMPLE_MOST = 20_000
"""How many of the most frequent words are looked for in texts, and how far into a text."""

Frequencies = Callable[[Sequence[str]], Sequence[int]]
"""How many texts hold each of some words, as they are indexed; it need not count above a few dozen.
It is asked for up to a thousand at once."""

Examples = Callable[[str], Iterable[str]]
"""A few texts that hold a word, as it is indexed."""


def corrected(text: str, frequencies: Frequencies, examples: Examples, check: Check) -> str | None:
    """A text with each word that no text holds replaced by the nearest that one does; None where
    there is none to replace, or none near. At most two words are, and none that is longer than what
    is indexed of a word. `check` is called for each word that may have been meant."""
    found = ((term, plain(text[term.start : term.end])) for term in terms(text))
    asked = [(term, written) for term, written in found if _may_be_mistyped(written)]
    if not asked:
        return None
    numbers = frequencies([term.word for term, _ in asked])
    unknown = [each for each, number in zip(asked, numbers, strict=True) if not number]
    changed, done = "", 0
    for term, written in unknown[:_CORRECTED_MOST]:
        nearest = _nearest(written, frequencies, examples, check)
        if nearest is not None:
            changed += text[done : term.start] + nearest
            done = term.end
    return changed + text[done:] if done else None


def _may_be_mistyped(word: str) -> bool:
    return _LEAST <= len(word) <= TERM_MOST and word.isalpha() and word not in COMMON


def _nearest(word: str, frequencies: Frequencies, examples: Examples, check: Check) -> str | None:
    """The most frequent of the words one slip away that are written so in a text: an index tells
    "laster" from "faster", and not from "last"."""
    by_stem: dict[str, set[str]] = {}
    times: dict[str, int] = {}
    slips = _slips(word)
    while some := tuple(islice(slips, _ASKED_MOST)):
        for other in some:
            check()
            by_stem.setdefault(stem(other), set()).add(other)
        asked = [stemmed for stemmed in by_stem if stemmed not in times]
        times |= zip(asked, frequencies(asked), strict=True)
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


def _alphabet(word: str) -> list[str]:
    """The letters that may stand in a word: those of its blocks, but for blocks that it has fewest
    letters of where there would be more slips than `SLIPS_MOST`."""
    blocks = Counter(ord(letter) // _BLOCK for letter in word if not letter.isascii())
    # Each letter may be added in one place more than there are; two slips a place have none.
    most = (SLIPS_MOST - 2 * len(word)) // (2 * len(word) + 1)
    has_latin = not blocks or any(letter.isascii() for letter in word)
    alphabet = list(_LETTERS) if has_latin else []
    for block, _ in blocks.most_common():
        others = map(chr, range(block * _BLOCK, (block + 1) * _BLOCK))
        letters = [letter for letter in others if letter.isalpha() and letter.islower()]
        if len(alphabet) + len(letters) <= most:
            alphabet += letters
    return sorted(alphabet)
