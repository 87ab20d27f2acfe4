import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cortex_core import Conversation, InvalidValueError

CONTENT = "Long enough to be kept."


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", "t" * 501, "at most 500 characters, got 501"),
        ("title", None, "expected text, got NoneType"),
        ("content", "too short", "at least 10 characters, got 9"),
        ("content", "half a pair \ud800", "UTF-8"),
        ("quality", 1.01, "from 0 to 1, got 1.01"),
        ("quality", -0.01, "from 0 to 1"),
        ("quality", float("nan"), "from 0 to 1, got nan"),
        ("quality", True, "got bool"),
        ("turn_count", 0, "of at least 1, got 0"),
        ("entity_count", -1, "of at least 0, got -1"),
        ("entity_count", 2**63, "whole number"),
        ("entity_count", 1.5, "whole number, got float"),
        ("file_path", "", "at least 1"),
        ("namespace", "", "dotted segments"),
        ("namespace", "a..b", "dotted segments"),
        ("namespace", "a.b*", "dotted segments"),
        ("id", "", "at least 1"),
        ("captured_at", datetime(2024, 1, 1), "in UTC, got one without a time zone"),
        (
            "captured_at",
            datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            "in UTC, got one at +0200",
        ),
        ("captured_at", "2024-01-01", "expected a time, got str"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named_with_what_was_expected(
    field: str, value: Any, expected: str
) -> None:
    fields: dict[str, Any] = {"title": "t", "content": CONTENT, "quality": 0.8, field: value}
    with pytest.raises(InvalidValueError, match="conversation") as raised:
        Conversation(**fields)
    (violation,) = raised.value.violations
    assert violation.field == field
    assert expected in violation.message


@pytest.mark.parametrize("field", ["captured_at", "created_at", "updated_at"])
def test_a_time_in_the_future_is_refused(field: str) -> None:
    times: dict[str, Any] = {field: datetime.now(UTC) + timedelta(minutes=1)}
    with pytest.raises(InvalidValueError, match="a time that has passed"):
        Conversation(title="t", content=CONTENT, quality=0.8, **times)


def test_every_fault_is_reported_at_once() -> None:
    with pytest.raises(InvalidValueError) as raised:
        Conversation(title="t" * 501, content="short", quality=2)
    assert [v.field for v in raised.value.violations] == ["title", "content", "quality"]


def test_the_limits_themselves_are_allowed() -> None:
    for quality in (0, 1):
        Conversation(title="t" * 500, content="c" * 10, quality=quality)


def test_a_conversation_cannot_be_changed() -> None:
    conversation = Conversation(title="t", content=CONTENT, quality=0.8)
    with pytest.raises(AttributeError):
        conversation.title = "other"  # type: ignore[misc]


def test_fresh_ids_are_distinct_and_ordered_by_time() -> None:
    ids = [Conversation(title="t", content=CONTENT, quality=0.8).id for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:12] for i in ids] == sorted(i[:12] for i in ids)


DRAWS_AFTER_A_FORK = """
import os
from cortex_core.domain.entity import new_id

new_id()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, new_id().encode())
    os._exit(0)
os.wait()
print(os.read(reader, 32).decode()[13:] != new_id()[13:])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_draws_ids_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRAWS_AFTER_A_FORK], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
