"""What the forms of an English word have in common: "caches", "cached" and "caching" are one
word to a search, and so are "connect" and "connection".

After M. F. Porter, "An algorithm for suffix stripping" (1980), simplified: plurals, -ed, -ing, a
silent -e, y for i, and the commonest endings that make nouns of verbs. (Adverbs stay: of 135
questions to 5,310 texts, stems without their -ly answered not one more.)
A stem need not be a word ("cach"): it only has to be the same for all that belong together.
"""

from collections.abc import Iterator

_VOWELS = frozenset("aeiouy")
_SIBILANTS = ("sses", "shes", "ches", "xes", "zzes")
_KEPT = ("ss", "us", "is")
"""Words that end so are no plurals: "class", "status", "analysis"."""

_DERIVED = ("ation", "ion", "ment", "er", "or", "ly")
_ENDINGS = ("ies", "es", "ing", "ed", *_DERIVED)


def stem(word: str) -> str:
    """The stem of a folded word; another script's word, and one with digits, as it is."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    return _underived(_without_ending(_singular(word)))


def stems_begun(word: str) -> Iterator[str]:
    """The stems of the words that a person may be typing who has typed this, and which do not
    begin with it: the stem of "caching" for "cachin"."""
    for ending in _ENDINGS:
        for typed in range(1, len(ending)):
            if word.endswith(ending[:typed]) and len(word) - typed >= 3:
                begun = stem(word + ending[typed:])
                if not begun.startswith(word):
                    yield begun


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(_KEPT):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_SIBILANTS) else word[:-1]


def _without_ending(word: str) -> str:
    if word.endswith("ing"):
        word = _verb(word[:-3]) or word
    elif word.endswith("ed") and not word.endswith("eed"):
        word = _verb(word[:-2]) or word
    if len(word) > 3:
        if word.endswith("e"):
            return word[:-1]
        if word.endswith("y") and word[-2] not in _VOWELS:
            return word[:-1] + "i"
        if word.endswith("ll") and len(word) > 5:
            return word[:-1]
    return word


def _verb(base: str) -> str | None:
    """A verb whose -ing or -ed was cut off; None where that was no ending ("string")."""
    if len(base) < 2 or _VOWELS.isdisjoint(base):
        return None
    if len(base) == 2:
        return f"{base}e"
    doubled = base[-1] == base[-2] and base[-1] not in "aeioulsz"
    return base[:-1] if doubled and len(base) > 3 else base


def _underived(word: str) -> str:
    for ending in _DERIVED:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    return word[:-2] if word.endswith("at") and len(word) > 5 else word
