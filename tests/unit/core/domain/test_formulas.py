"""Relevance and similarity, against values that were computed another way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.domain.relevance import HALF_LIFE_S, relevance
from cortex_core.domain.similarity import similarities, words

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("text", "days", "quality", "weight", "expected"),
    [
        # blend = 0.6 text + 0.2 * 30 / (30 + days) + 0.2 quality, then its odds times the weight.
        (1.0, 0, 1.0, 1.0, 1.0),
        (0.0, math.inf, 0.0, 2.0, 0.0),
        (0.5, 30, 0.5, 1.0, 0.5),
        (0.5, 30, 0.5, 2.0, 2 / 3),
        (0.5, 30, 0.5, 0.5, 1 / 3),
        (0.0, 0, 0.0, 1.0, 0.2),
        (0.0, 90, 0.0, 1.0, 0.05),
        (0.0, math.inf, 1.0, 1.0, 0.2),
        (1.0, math.inf, 0.0, 1.0, 0.6),
        (1.0, 30, 0.5, 1.5, 1.5 * 0.8 / (0.2 + 1.2)),
    ],
)
def test_relevance_has_the_values_of_its_formula(
    text: float, days: float, quality: float, weight: float, expected: float
) -> None:
    found = relevance(text=text, age_s=days * 86_400, quality=quality, weight=weight)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_result_from_the_future_is_as_recent_as_can_be() -> None:
    def of_age(age_s: float) -> float:
        return relevance(text=0.5, age_s=age_s, quality=0.5, weight=1.0)

    assert of_age(-HALF_LIFE_S) == of_age(0) > of_age(1)


@given(SHARES, st.floats(0, 1e12), SHARES, st.floats(0.1, 10))
def test_a_weight_multiplies_the_odds(
    text: float, age_s: float, quality: float, weight: float
) -> None:
    plain = relevance(text=text, age_s=age_s, quality=quality, weight=1.0)
    weighted = relevance(text=text, age_s=age_s, quality=quality, weight=weight)
    assert 0.0 <= weighted <= 1.0 + 1e-12
    assert weighted * (1 - plain) == pytest.approx(weight * plain * (1 - weighted), abs=1e-9)


def by_numpy(one: str, other: str) -> float:
    """The cosine of the angle between two texts, from their word counts as dense vectors."""
    first, second = words(one), words(other)
    known = sorted({*first, *second})
    vectors = [
        np.array([(1 + np.log(n)) * len(w) if (n := text.count(w)) else 0.0 for w in known])
        for text in (first, second)
    ]
    return float(vectors[0] @ vectors[1] / np.prod([np.linalg.norm(v) for v in vectors]))


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("batch writes", "batch reads"),
        ("batch batch batch writes", "batch writes writes"),
        ("commit", "commit commit commit rollback"),
        ("index the columns that filters compare", "filters compare columns without index"),
    ],
)
def test_similarity_is_the_cosine_of_weighted_words(context: str, text: str) -> None:
    (found,) = similarities(context, [text])
    assert found == pytest.approx(by_numpy(context, text), rel=1e-12)


def test_similarity_by_hand() -> None:
    # "batch" has a length of 5, and "writ" and "read", as they are indexed, of 4.
    (found,) = similarities("batch writes", ["batch reads"])
    assert found == pytest.approx(5 * 5 / (5 * 5 + 4 * 4))
    # A word that comes three times counts 1 + ln 3 times.
    (repeated,) = similarities("batch batch batch reads", ["batch"])
    assert repeated == pytest.approx((1 + math.log(3)) / math.hypot(1 + math.log(3), 4 / 5))


def test_words_that_every_text_has_do_not_count() -> None:
    assert words("The batch, and the Writes") == ["batch", "writ"]
