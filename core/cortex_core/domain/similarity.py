"""How alike two texts are, from 0 to 1: the cosine of their word vectors.

A word counts (1 + ln times) x length in a text. This is the vector space model of Salton, Wong
and Yang, "A Vector Space Model for Automatic Indexing" (1975), with the usual damping of
repetition. Where that model takes a word's rarity among all documents, its length stands in
here (long words are seldom common ones: Zipf's law of abbreviation), so that the similarity
of two texts depends on these two and not on what else is stored.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from cortex_core.text_query import COMMON
from cortex_core.words import index_text


def words(text: str) -> list[str]:
    """The words of `text` as they are indexed, without those that every text has."""
    return [word for word in index_text(text).split() if word not in COMMON]


def similarities(context: str, texts: Iterable[str]) -> list[float]:
    """How alike `context` and each of `texts` are."""
    wanted = _vector(context)
    return [_cosine(wanted, _vector(text)) for text in texts]


def _vector(text: str) -> Mapping[str, float]:
    """Weights by word, as a vector of length 1; empty for a text without words."""
    counts = Counter(words(text))
    weights = {word: (1 + math.log(times)) * len(word) for word, times in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return min(1.0, sum(one[word] * other[word] for word in one.keys() & other.keys()))
