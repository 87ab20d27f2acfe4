"""How alike texts are, from 0 to 1: the cosine of their word vectors.

A word counts (1 + ln tf) ln((1 + N) / df) in a text, with tf its occurrences there and df the
number of the N compared texts that hold it: often here and seldom elsewhere weighs most. This
is the vector space model of Salton, Wong and Yang, "A Vector Space Model for Automatic
Indexing" (1975), with the usual damping of repetition.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

_words = re.compile(r"\w+").findall


def words(text: str) -> list[str]:
    """The words of `text`, case folded."""
    return _words(text.casefold())


def similarities(context: str, texts: Sequence[str]) -> list[float]:
    """How alike `context` and each of `texts` are; all of them are compared as one body."""
    counts = [Counter(words(text)) for text in (context, *texts)]
    holders = Counter(word for count in counts for word in count)
    total = len(counts)
    vectors = [
        {
            word: (1 + math.log(times)) * math.log((1 + total) / holders[word])
            for word, times in count.items()
        }
        for count in counts
    ]
    lengths = [math.sqrt(sum(weight * weight for weight in v.values())) for v in vectors]
    return [
        _cosine(vectors[0], vector, lengths[0] * length)
        for vector, length in zip(vectors[1:], lengths[1:], strict=True)
    ]


def _cosine(one: dict[str, float], other: dict[str, float], lengths: float) -> float:
    if not lengths:
        return 0.0
    shared = one.keys() & other.keys()
    return min(1.0, sum(one[word] * other[word] for word in shared) / lengths)
