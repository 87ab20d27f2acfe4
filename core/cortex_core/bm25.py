"""The score of a text in a search, the same in every store: what FTS5's bm25() computes.

FTS5 Extension, section 5.1.1, with its two constants and its least worth of a phrase.
"""

import math
from collections.abc import Sequence

K1 = 1.2
B = 0.75
_IDF_LEAST = 1e-6


def bm25(times: Sequence[float], idfs: Sequence[float], relative_length: float) -> float:
    """The score of a document from how often each phrase occurs in it; its length is relative to
    the mean of all documents.

    FTS5 Extension, section 5.1.1: higher is better here, where SQLite negates it.
    """
    norm = K1 * (1 - B + B * relative_length)
    return sum(
        idf * occurs * (K1 + 1) / (occurs + norm) for occurs, idf in zip(times, idfs, strict=True)
    )


def idf(documents: int, holders: int) -> float:
    """What a phrase is worth, from the number of documents and of those that hold it."""
    return max(math.log((documents - holders + 0.5) / (holders + 0.5)), _IDF_LEAST)
