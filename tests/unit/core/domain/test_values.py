import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core import ConversationQuality, InvalidValueError, Namespace
from cortex_core.domain.quality import estimated_score


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        (1.0, "excellent"),
        (0.85, "excellent"),
        (0.849, "good"),
        (0.70, "good"),
        (0.699, "fair"),
        (0.50, "fair"),
        (0.499, "poor"),
        (0.0, "poor"),
    ],
)
def test_quality_is_rated_by_its_score(score: float, rating: str) -> None:
    assert ConversationQuality(score, 1, 0).rating == rating


@pytest.mark.parametrize(
    ("score", "turns", "entities", "worth"),
    [
        (0.70, 1, 0, True),
        (0.69, 1, 0, False),
        (0.0, 10, 15, True),
        (0.69, 9, 15, False),
        (0.69, 10, 14, False),
    ],
)
def test_worth_capturing(score: float, turns: int, entities: int, worth: bool) -> None:
    assert ConversationQuality(score, turns, entities).worth_capturing is worth


def test_richness_is_entities_a_turn() -> None:
    assert ConversationQuality(0.8, 4, 6).richness == 1.5


@pytest.mark.parametrize(("score", "turns", "entities"), [(1.1, 1, 0), (0.5, 0, 0), (0.5, 1, -1)])
def test_impossible_quality_is_refused(score: float, turns: int, entities: int) -> None:
    with pytest.raises(InvalidValueError):
        ConversationQuality(score, turns, entities)


@pytest.mark.parametrize(
    ("length", "score"), [(99, 0.3), (100, 0.5), (499, 0.5), (500, 0.7), (999, 0.7), (1000, 0.85)]
)
def test_a_missing_score_is_estimated_from_the_length(length: int, score: float) -> None:
    assert estimated_score("x" * length) == score


def test_namespaces_know_their_relatives() -> None:
    app = Namespace("workspace.app")
    root = Namespace("workspace")
    below = Namespace("workspace.app.search")
    assert app.parent == root
    assert root.parent is None
    assert root.is_parent_of(app)
    assert app.is_child_of(root)
    assert not root.is_parent_of(below)
    assert root.contains(below)
    assert root.contains(root)
    assert not root.contains(Namespace("workspaces"))
    assert below.segments == ("workspace", "app", "search")


@pytest.mark.parametrize(
    ("path", "weight"),
    [("workspace", 2.0), ("cortex.memory", 1.5), ("external.docs", 0.5), ("team", 1.0)],
)
def test_roots_weigh_a_result(path: str, weight: float) -> None:
    assert Namespace(path).weight == weight


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("workspace.*", True),
        ("*", True),
        ("*.app", True),
        ("workspace.a?p", True),
        ("workspace", False),
        ("workspace.a?", False),
        ("WORKSPACE.*", False),
        ("workspace.[a]pp", False),
    ],
)
def test_only_star_and_question_mark_are_special_in_a_pattern(pattern: str, fits: bool) -> None:
    assert Namespace("workspace.app").matches(pattern) is fits


@given(st.text("ab.", min_size=1, max_size=8), st.text("ab*?.", min_size=1, max_size=8))
def test_a_pattern_fits_what_it_fits_in_any_way(path: str, pattern: str) -> None:
    def fits(text: str, wanted: str) -> bool:
        if wanted.startswith("*"):
            return any(fits(text[skipped:], wanted[1:]) for skipped in range(len(text) + 1))
        if not wanted or not text:
            return text == wanted
        return wanted[0] in ("?", text[0]) and fits(text[1:], wanted[1:])

    namespace = object.__new__(Namespace)
    object.__setattr__(namespace, "path", path)
    assert namespace.matches(pattern) is fits(path, pattern)


@given(st.text(max_size=30))
def test_a_namespace_is_dotted_segments_or_refused(text: str) -> None:
    try:
        segments = Namespace(text).segments
    except InvalidValueError:
        return
    assert all(s and s.replace("-", "_").isascii() and " " not in s for s in segments)
