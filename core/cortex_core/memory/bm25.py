"""The score that FTS5 gives, for texts in memory."""

import math
from collections.abc import Sequence

from cortex_core.domain.relevance import TITLE_BOOST

_K1 = 1.2
_B = 0.75
_IDF_LEAST = 1e-6

Document = tuple[list[str], list[str]]
"""The words of a title and of a content."""


def occurrences(document: Document, phrase: Sequence[str]) -> float:
    """How often the phrase occurs; in the title it counts more."""
    title, content = document
    return TITLE_BOOST * _times(title, phrase) + _times(content, phrase)


def bm25(
    document: Document, wanted: Sequence[Sequence[str]], holders: Sequence[int], body: Sequence[int]
) -> float:
    """The score of a document; `holders` counts the documents that hold each phrase, and
    `body` is the number of documents and of the words in all of them.

    FTS5 Extension, section 5.1.1: higher is better here, where SQLite negates it.
    """
    documents, total_words = body
    length = len(document[0]) + len(document[1])
    norm = _K1 * (1 - _B + _B * length * documents / total_words)
    score = 0.0
    for phrase, held_by in zip(wanted, holders, strict=True):
        idf = max(math.log((documents - held_by + 0.5) / (held_by + 0.5)), _IDF_LEAST)
        times = occurrences(document, phrase)
        score += idf * times * (_K1 + 1) / (times + norm)
    return score


def _times(words: Sequence[str], phrase: Sequence[str]) -> int:
    size = len(phrase)
    return sum(list(words[i : i + size]) == list(phrase) for i in range(len(words) - size + 1))
