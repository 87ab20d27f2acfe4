"""How relevant a search result is, from 0 to 1.

    text      = bm25 of this result / bm25 of the best candidate
    recency   = half-life / (half-life + age)
    blend     = 0.60 text + 0.20 recency + 0.20 quality
    relevance = w blend / (1 - blend + w blend)

bm25 is SQLite's (FTS5, k1 = 1.2, b = 0.75), after Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond" (2009). It has no upper bound and depends on the
collection, so it is taken relative to the best match of the same search. Recency is the
hyperbolic discount: one half at the half-life, with a long tail. The namespace's weight w
multiplies the odds blend / (1 - blend), as a likelihood ratio does in Bayes' rule: 0 and 1
stay where they are, and no weight leaves the range. The three shares and the half-life are
this library's own choice. Only sums, products and a quotient occur, so any SQLite can
evaluate it without its optional mathematical functions.
"""

TEXT_SHARE = 0.60
RECENCY_SHARE = 0.20
QUALITY_SHARE = 0.20

HALF_LIFE_S = 30 * 86_400
"""The age at which recency has fallen to one half."""

TITLE_BOOST = 2.0
"""A word in the title counts as this many in the content."""


def relevance(*, text: float, age_s: float, quality: float, weight: float) -> float:
    """The relevance of one result; `text` is already relative to the best candidate."""
    recency = HALF_LIFE_S / (HALF_LIFE_S + max(age_s, 0.0))
    blend = TEXT_SHARE * text + RECENCY_SHARE * recency + QUALITY_SHARE * quality
    return weight * blend / (1.0 - blend + weight * blend)
