from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_core import (
    ContextItem,
    InvalidValueError,
    Pattern,
    PatternConfidence,
    PatternType,
    RelevanceScore,
    Tier,
)
from cortex_core.domain.rules import COUNT_MOST
from cortex_core.domain.similarity import similarities

LEARNED = datetime(2024, 1, 1, tzinfo=UTC)


def pattern(**fields: Any) -> Pattern:
    given: dict[str, Any] = {
        "name": "Batch the writes",
        "type": PatternType.OPTIMIZATION,
        "content": "Many writes share one commit.",
        "confidence": 0.8,
    }
    return Pattern(**given | fields)


@pytest.mark.parametrize(
    ("score", "observations", "level"),
    [
        (0.90, 20, "proven"),
        (0.90, 19, "reliable"),
        (0.89, 20, "reliable"),
        (0.75, 10, "reliable"),
        (0.75, 9, "emerging"),
        (0.60, 5, "emerging"),
        (0.60, 4, "experimental"),
        (0.59, 99, "experimental"),
        (1.0, 0, "experimental"),
    ],
)
def test_a_level_needs_its_score_and_its_observations(
    score: float, observations: int, level: str
) -> None:
    assert PatternConfidence(score, observations, 1.0).level == level


def test_observations_move_the_score_by_their_steps_and_no_further_than_the_ends() -> None:
    assert PatternConfidence(0.5, 0, 0.0).observed(success=True).score == 0.52
    assert PatternConfidence(0.5, 0, 0.0).observed(success=False).score == 0.47
    assert PatternConfidence(0.99, 0, 0.0).observed(success=True).score == 1.0
    assert PatternConfidence(0.01, 0, 0.0).observed(success=False).score == 0.0


def test_ten_successes_from_seventy_reach_ninety_exactly() -> None:
    confidence = PatternConfidence(0.70, 10, 1.0)
    for _ in range(10):
        confidence = confidence.observed(success=True)
    assert confidence == PatternConfidence(0.90, 20, 1.0)
    assert confidence.level == "proven"


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_the_success_rate_is_exact_however_many_observations(outcomes: list[bool]) -> None:
    confidence = PatternConfidence(0.5, 0, 0.0)
    for success in outcomes:
        confidence = confidence.observed(success=success)
    assert confidence.observations == len(outcomes)
    assert confidence.success_rate == sum(outcomes) / len(outcomes)


@given(st.floats(0, 1), st.integers(0, COUNT_MOST), st.floats(0, 1), st.booleans())
@example(0.5, COUNT_MOST - 1, 1.0, True)
@example(0.5, COUNT_MOST, 1.0, True)
@example(0.5, COUNT_MOST, 1.0, False)
def test_an_observation_of_any_confidence_is_a_confidence(
    score: float, observations: int, rate: float, success: bool
) -> None:
    after = PatternConfidence(score, observations, rate).observed(success=success)
    assert after.observations == min(observations + 1, COUNT_MOST)


@pytest.mark.parametrize(
    ("value", "level"),
    [(1.0, "high"), (0.80, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low")],
)
def test_relevance_has_a_level(value: float, level: str) -> None:
    assert RelevanceScore(value).level == level


def test_impossible_values_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="relevance"):
        RelevanceScore(1.1)
    with pytest.raises(InvalidValueError, match="observations"):
        PatternConfidence(0.5, -1, 0.5)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "", "name"),
        ("name", "n" * 201, "name"),
        ("type", "optimization?", "type"),
        ("content", "", "content"),
        ("confidence", 1.5, "confidence"),
        ("observation_count", -1, "observation_count"),
        ("success_rate", -0.1, "success_rate"),
        ("tags", ["a list"], "tags"),
        ("tags", ("fine", ""), "tags[1]"),
        ("examples", (1,), "examples[0]"),
        ("namespace", "no spaces", "namespace"),
        ("source_conversation_id", "", "source_conversation_id"),
        ("learned_at", datetime.now(UTC) + timedelta(days=1), "learned_at"),
    ],
)
def test_a_pattern_field_that_breaks_a_rule_is_named(field: str, value: Any, named: str) -> None:
    with pytest.raises(InvalidValueError) as raised:
        pattern(**{field: value})
    assert [v.field for v in raised.value.violations] == [named]


def test_observing_a_pattern_changes_its_trust_and_its_time_only() -> None:
    before = pattern(observation_count=9, success_rate=1.0, tags=("a",), updated_at=LEARNED)
    now = datetime(2024, 2, 1, tzinfo=UTC)
    after = before.observed(success=False, at=now)
    assert (after.confidence, after.observation_count, after.success_rate) == (0.77, 10, 0.9)
    assert after.updated_at == now
    assert (after.id, after.tags, after.created_at) == (before.id, before.tags, before.created_at)


@pytest.mark.parametrize(
    ("field", "value"),
    [("content", ""), ("relevance", 2), ("tier", 4), ("namespace", ""), ("source_id", "")],
)
def test_a_context_item_that_breaks_a_rule_is_refused(field: str, value: Any) -> None:
    fields: dict[str, Any] = {"content": "text", "relevance": 0.5, field: value}
    with pytest.raises(InvalidValueError, match=field):
        ContextItem(**fields)


def test_a_context_item_gets_a_new_relevance_with_its_reason() -> None:
    item = ContextItem(content="text", relevance=0.2, tier=Tier.ARCHIVE)
    assert item.rated.level == "low"
    raised = item.with_relevance(RelevanceScore(0.9), "asked for twice")
    assert (raised.relevance, raised.relevance_reason) == (0.9, "asked for twice")
    assert raised.tier is Tier.ARCHIVE
    with pytest.raises(InvalidValueError, match="reason"):
        item.with_relevance(RelevanceScore(0.9), "")


def test_similarity_is_one_for_the_same_words_and_nothing_for_none_in_common() -> None:
    same, none, some = similarities(
        "batch the writes", ["Writes: BATCH the!", "entirely different", "batch the reads"]
    )
    assert same == pytest.approx(1.0)
    # Rounded, the squares of this vector's parts have a sum of 1.0000000000000002.
    assert similarities("batch rollback", ["batch rollback"]) == [1.0]
    assert none == 0.0
    assert 0.0 < some < 1.0
    assert similarities("words", []) == []
    assert similarities("...", ["words", ""]) == [0.0, 0.0]


@given(st.text(max_size=50), st.lists(st.text(max_size=50), max_size=5))
def test_similarity_is_a_share(context: str, texts: list[str]) -> None:
    assert all(0.0 <= s <= 1.0 for s in similarities(context, texts))
