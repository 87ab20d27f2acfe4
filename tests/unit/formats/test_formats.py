"""Formats: one more from outside, and the session document read back."""

from __future__ import annotations

import json

import pytest

from cortex_tui.formats.session_json import session_document, write_session
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import RunFinished
from cortex_tui.results.document import DocumentError, read_document
from cortex_tui.results.run_document import TimesDocument
from cortex_tui.results.session_result import SessionResult
from cortex_tui.session.writer import live_result
from cortex_tui.stats.percentiles import SHOWN
from tests.unit.results.test_matrix import fold_in, measure, session
from tests.unit.session.messages import SECOND_NS, profile


def result(*profiles: Profile, rounds: int = 1) -> SessionResult:
    fold = session(*(profiles or (profile("p"),)), rounds=rounds)
    for run in fold.runs:
        measure(fold, run, 1_000 * (run + 1), count=100)
        fold_in(fold, RunFinished(run=run, state="finished", at_ns=0, measured_ns=SECOND_NS))
    fold.environment = {"python": "3.11"}
    return live_result(fold, None)


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_document_reads_back_as_it_was_written(rounds: int) -> None:
    written = result(rounds=rounds)
    assert read_document(write_session(written)) == session_document(written)


def test_every_percentile_has_a_field() -> None:
    assert set(SHOWN) <= set(TimesDocument.__struct_encode_fields__)


def test_an_older_document_without_the_later_fields_can_be_read() -> None:
    document = json.loads(write_session(result()))
    for later in ("marks", "drained", "drain_ns", "messages", "tracebacks", "batch"):
        del document["runs"][0][later]
    document["of a later version"] = 1
    (run,) = read_document(json.dumps(document).encode()).runs
    assert (run.drained, run.batch, run.marks) == (0, 1, [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b'{"schema": "cortex-tui/session@1"}',
        b'{"schema": "\xff"}',
    ],
)
def test_anything_else_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"no document of the schema cortex-tui/session@1"):
        read_document(data)


def test_a_document_of_another_schema_is_refused() -> None:
    data = write_session(result()).replace(b"session@1", b"session@9", 1)
    with pytest.raises(DocumentError, match="expected the schema"):
        read_document(data)
