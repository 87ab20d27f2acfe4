"""What is refused at the doors of the domain, field by field, in the words that a caller reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cortex_core import (
    ContextItem,
    Conversation,
    ConversationQuality,
    InvalidValueError,
    Namespace,
    Pattern,
    PatternConfidence,
    PatternType,
    RelevanceScore,
)
from cortex_core.domain import rules
from cortex_core.domain import specification as spec
from cortex_core.domain.specification import Compares
from cortex_core.domain.violations import Violation

LATER = datetime.now(UTC) + timedelta(days=1)
EAST = timezone(timedelta(hours=5, minutes=30))
IDS = (
    ("", "expected at least 1 characters, got 0"),
    (
        "i" * 201,
        "expected at most 200 characters, got 201",
    ),
)
TIMES = (
    (5, "expected a time, got int"),
    (datetime(2024, 1, 1), "expected a time in UTC, got one without a time zone"),
    (datetime(2024, 1, 1, tzinfo=EAST), "expected a time in UTC, got one at +0530"),
    (LATER, f"expected a time that has passed, got {LATER.isoformat()}"),
)
SHARES = (
    ("0.5", "expected a number from 0 to 1, got str"),
    (True, "expected a number from 0 to 1, got bool"),
    (1.5, "expected a number from 0 to 1, got 1.5"),
    (-1, "expected a number from 0 to 1, got -1"),
    (2**64, "expected a number from 0 to 1, got one of more than 64 bits"),
    (2**64 - 1, "expected a number from 0 to 1, got 18446744073709551615"),
)
COUNTS = (
    ("5", "expected a whole number, got str"),
    (False, "expected a whole number, got bool"),
    (-1, "expected a whole number of at least 0, got -1"),
    (
        2**63,
        "expected a whole number from 0 to 9223372036854775807, got 9223372036854775808",
    ),
)
DOTTED = "expected dotted segments of letters, digits, _ and -, such as workspace.app"
NAMESPACES = (
    (5, f"{DOTTED}, got int"),
    ("a b", f"{DOTTED}, got 'a b'"),
    ("n" * 201, "expected at most 200 characters, got 201"),
)
TYPES = (
    "CODE_STRUCTURE, ARCHITECTURE, BEST_PRACTICE, ANTI_PATTERN, OPTIMIZATION, BUG_FIX, "
    "DESIGN_PATTERN, DECISION_PATTERN"
)
TUPLES = (["t"], "expected a tuple of texts, got list")

REFUSED: dict[type, tuple[str, dict[str, Any], dict[str, tuple[tuple[Any, str], ...]]]] = {
    Conversation: (
        "conversation",
        {"title": "t", "content": "c" * 10, "quality": 0.5},
        {
            "id": IDS,
            "title": ((b"t", "expected text, got bytes"),),
            "content": (
                ("c" * 9, "expected at least 10 characters, got 9"),
                ("c" * 10 + "\ud800", "expected text that UTF-8 can hold, got half a pair"),
                ("c" * 10 + "\0", "expected text without NUL characters (U+0000)"),
            ),
            "quality": SHARES,
            "turn_count": ((0, "expected a whole number of at least 1, got 0"),),
            "entity_count": COUNTS,
            "file_path": (
                ("", "expected at least 1 characters, got 0"),
                ("f" * 4097, "expected at most 4096 characters, got 4097"),
            ),
            "namespace": NAMESPACES,
            "captured_at": TIMES,
            "created_at": TIMES,
            "updated_at": TIMES,
        },
    ),
    Pattern: (
        "pattern",
        {"name": "n", "type": PatternType.BUG_FIX, "content": "c", "confidence": 0.5},
        {
            "id": IDS,
            "name": IDS,
            "type": (
                ("bug_fix", "expected PatternType.BUG_FIX, got the text 'bug_fix'"),
                ("x" * 81, f"expected a PatternType ({TYPES}), got the text {'x' * 80!r}"),
                (5, f"expected a PatternType ({TYPES}), got int"),
            ),
            "content": (("", "expected at least 1 characters, got 0"),),
            "confidence": SHARES,
            "source_conversation_id": IDS,
            "observation_count": COUNTS,
            "success_rate": SHARES,
            "tags": (TUPLES,),
            "examples": (TUPLES,),
            "related_ids": (TUPLES,),
            "namespace": NAMESPACES,
            "learned_at": TIMES,
            "created_at": TIMES,
            "updated_at": TIMES,
        },
    ),
    ContextItem: (
        "context item",
        {"content": "c", "relevance": 0.5},
        {
            "id": IDS,
            "content": (("", "expected at least 1 characters, got 0"),),
            "relevance": SHARES,
            "namespace": NAMESPACES,
            "tier": ((1, "expected a Tier (WORKING, RECENT, ARCHIVE), got int"),),
            "source_id": IDS,
            "relevance_reason": (
                ("", "expected at least 1 characters, got 0"),
                ("r" * 501, "expected at most 500 characters, got 501"),
            ),
            "created_at": TIMES,
        },
    ),
    ConversationQuality: (
        "conversation quality",
        {"score": 0.5, "turns": 1, "entities": 0},
        {
            "score": SHARES,
            "turns": ((0, "expected a whole number of at least 1, got 0"),),
            "entities": COUNTS,
        },
    ),
    PatternConfidence: (
        "pattern confidence",
        {"score": 0.5, "observations": 0, "success_rate": 0.5},
        {"score": SHARES, "observations": COUNTS, "success_rate": SHARES},
    ),
    Compares: (
        "condition",
        {"field": "tier", "operator": "<", "value": 0.5},
        {
            "operator": (
                ("!=", "expected one of <, <=, =, >=, >, got '!='"),
                ("x" * 81, f"expected one of <, <=, =, >=, >, got {'x' * 80!r}"),
                (None, "expected one of <, <=, =, >=, >, got NoneType"),
                (["<"], "expected one of <, <=, =, >=, >, got list"),
            ),
            "value": (
                ("high", "expected a number, got str"),
                (True, "expected a number, got bool"),
                (float("nan"), "expected a number, got NaN"),
                (2**63, "expected a number of at most 64 bits"),
                (-(2**63) - 1, "expected a number of at most 64 bits"),
            ),
        },
    ),
}
CASES = [
    pytest.param(kind, field, number, id=f"{kind.__name__}.{field}-{number}")
    for kind, (_, _, fields) in REFUSED.items()
    for field, cases in fields.items()
    for number in range(len(cases))
]


@pytest.mark.parametrize(("kind", "field", "number"), CASES)
def test_a_field_is_refused_alone_with_what_was_expected_and_what_was_there(
    kind: Callable[..., object], field: str, number: int
) -> None:
    subject, given, fields = REFUSED[kind]  # type: ignore[index]
    value, message = fields[field][number]
    with pytest.raises(InvalidValueError) as raised:
        kind(**given | {field: value})
    assert raised.value.violations == (Violation(field, message),)
    assert str(raised.value) == f"{subject}: {field}: {message}"


def test_each_part_of_a_tuple_of_texts_is_named_by_its_place() -> None:
    with pytest.raises(InvalidValueError) as raised:
        Pattern(
            name="n",
            type=PatternType.BUG_FIX,
            content="c",
            confidence=0.5,
            tags=("", "fine", 5),  # type: ignore[arg-type]
        )
    assert raised.value.violations == (
        Violation("tags[0]", "expected at least 1 characters, got 0"),
        Violation("tags[2]", "expected text, got int"),
    )
    assert str(raised.value) == (
        "pattern: tags[0]: expected at least 1 characters, got 0; tags[2]: expected text, got int"
    )


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (lambda: Namespace(".a"), f"namespace: namespace: {DOTTED}, got '.a'"),
        (
            lambda: RelevanceScore(2),
            "relevance: relevance: expected a number from 0 to 1, got 2",
        ),
        (
            lambda: ContextItem(content="c", relevance=0).with_relevance(RelevanceScore(1), ""),
            "context item: reason: expected at least 1 characters, got 0",
        ),
        (
            lambda: ContextItem(content="c", relevance=0).with_relevance(
                RelevanceScore(1), "r" * 501
            ),
            "context item: reason: expected at most 500 characters, got 501",
        ),
        (
            lambda: spec.in_namespace(""),
            "condition: pattern: expected at least 1 characters, got 0",
        ),
        (
            lambda: spec.in_namespace("x" * 201),
            "condition: pattern: expected at most 200 characters, got 201",
        ),
        (
            lambda: Compares("captured_at", "<", 5),
            "condition: value: expected a time, got int",
        ),
        (
            lambda: Compares("captured_at", "<", datetime(2024, 1, 1)),
            "condition: value: expected a time with a time zone, got one without",
        ),
        (lambda: Compares("title", "<", 5), "condition: value: expected text, got int"),
        (lambda: spec.any_of(()), "condition: parts: expected at least one condition"),
        (
            lambda: spec.And([spec.turns(1)]),  # type: ignore[arg-type]
            "condition: parts: expected a tuple of conditions",
        ),
        (
            lambda: spec.Not("x"),  # type: ignore[arg-type]
            "condition: parts: expected a tuple of conditions",
        ),
        (
            lambda: spec.check_fields(spec.turns(1) & ~spec.confident(), ContextItem),
            # The last condition that was given is looked at first.
            "condition: confidence: expected one of {known} of a ContextItem; "
            "turn_count: expected one of {known} of a ContextItem",
        ),
    ],
)
def test_what_else_is_refused_says_why(make: Callable[[], object], refused: str) -> None:
    known = "id, content, relevance, namespace, tier, source_id, relevance_reason, created_at"
    with pytest.raises(InvalidValueError) as raised:
        make()
    assert str(raised.value) == refused.replace("{known}", known)


@pytest.mark.parametrize(("name", "shown"), [("speed", "'speed'"), (["id"], "list")])
def test_a_field_that_no_entity_has_is_refused_with_those_that_there_are(
    name: Any, shown: str
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        Compares(name, "!", None)  # type: ignore[arg-type]
    field, operator = raised.value.violations
    assert operator.field == "operator"
    assert field.field == "field"
    assert field.message.startswith("expected one of id, title, content, quality, turn_count, ")
    assert field.message.endswith(f", got {shown}")


@pytest.mark.parametrize("value", [0, 0.0, 1, 1.0])
def test_the_ends_of_a_share_belong_to_it(value: float) -> None:
    assert RelevanceScore(value).value == value


@pytest.mark.parametrize("value", [-(2**63), 2**63 - 1, float("inf"), -0.5])
def test_any_number_that_a_store_can_compare_with_is_one(value: float) -> None:
    assert Compares("quality", ">", value).value == value


def test_the_limits_of_lengths_and_counts_are_allowed() -> None:
    Conversation(
        id="i" * 200,
        title="",
        content="c" * 10,
        quality=1,
        turn_count=2**63 - 1,
        entity_count=2**63 - 1,
        file_path="f" * 4096,
        namespace="n" * 200,
    )
    Pattern(
        id="i",
        name="n" * 200,
        type=PatternType.BUG_FIX,
        content="c",
        confidence=0,
        source_conversation_id="s" * 200,
        observation_count=0,
        tags=("t",),
    )
    ContextItem(content="c", relevance=1, source_id="s", relevance_reason="r" * 500)
    assert spec.InNamespace("*" * 200)


def test_a_number_has_a_range_where_one_is_given() -> None:
    found: list[Violation] = []
    rules.whole(found, "limit", 1, least=1, most=5)
    rules.whole(found, "limit", 5, least=1, most=5)
    assert found == []
    rules.whole(found, "limit", 6, least=1, most=5)
    rules.whole(found, "limit", 0, least=1, most=5)
    assert found == [
        Violation("limit", "expected a whole number from 1 to 5, got 6"),
        Violation("limit", "expected a whole number from 1 to 5, got 0"),
    ]


def test_a_flag_is_true_or_false_and_a_text_to_look_for_may_have_a_nul() -> None:
    found: list[Violation] = []
    rules.flag(found, "success", True)
    rules.flag(found, "success", False)
    rules.text(found, "text", "a\0b", stored=False)
    assert found == []
    rules.flag(found, "success", 1)
    assert found == [Violation("success", "expected True or False, got int")]


def test_a_moment_may_be_the_present_one() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    found: list[Violation] = []
    rules.moment(found, "created_at", now, now)
    assert found == []
    rules.moment(found, "created_at", now + timedelta(microseconds=1), now)
    assert [each.field for each in found] == ["created_at"]
