"""The books of a soak: they must notice what a store has lost, or has made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.soak.books import Booked, Ending, problems_of
from tests.soak.subject import Count

ONE = Count("rated", pid=7, started=101, succeeded=90, failed=10)
OTHER = Count("rated", pid=8, started=50, succeeded=50, failed=0)


def booked(ending: Ending, *counts: Count, killed: int = 0, shown: float = 0.0) -> Booked:
    return Booked("s-1", "quick", ending, counts, {"rated": shown}, killed)


def document(session: str, /, **run: Any) -> Mapping[str, Any]:
    fields = {
        "profile": "quick.rated", "state": "finished", "partial": "", "reason": "", "shards": [],
        "operations": 90, "errors": {"ValueError": 10}, "unfinished": 0,
    }  # fmt: skip
    return {"state": session, "runs": [fields | run]}


LOST = {"state": "failed", "reason": "the runner was killed by SIGKILL"}
SHARDS = [{"state": "finished", "operations": 50}, {"state": "lost", "operations": 80}]


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (booked("whole", ONE), document("finished")),
        (booked("stopped", ONE), document("stopped", state="stopped")),
        (booked("runner lost", ONE, shown=80), document("died", **LOST, operations=85)),
        (booked("killed", ONE), document("interrupted", state="interrupted", operations=60)),
        (
            booked("shard lost", ONE, OTHER, killed=7),
            document("finished", operations=130, partial="process 1 of 2 was lost", shards=SHARDS),
        ),
    ],
)
def test_what_is_true_is_no_problem(of: Booked, found: Mapping[str, Any]) -> None:
    assert problems_of(of, found) == []


@pytest.mark.parametrize(
    ("of", "found", "problem"),
    [
        (
            booked("whole", ONE),
            document("finished", operations=89),
            "its workload counted (90, 10)",
        ),
        (booked("whole", ONE), document("finished", errors={}), "its workload counted (90, 10)"),
        (booked("whole", ONE), document("stopped"), "its state is stopped after it was whole"),
        (booked("whole", ONE), document("finished", partial="one lost"), "expected finished"),
        (booked("whole", ONE), document("finished", unfinished=1), "1 unfinished"),
        (booked("whole"), document("finished"), "its workload counted (0, 0)"),
        (booked("killed", ONE), document("interrupted", **LOST, operations=91), "more than the"),
        (booked("killed", ONE), document("interrupted"), "although it was killed"),
        (
            booked("killed", ONE, shown=70),
            document("interrupted", **LOST, operations=69),
            "69 operations, 70 were shown before",
        ),
        (booked("runner lost", ONE), document("interrupted", **LOST), "its state is interrupted"),
        (
            booked("shard lost", ONE, OTHER, killed=8),
            document("finished", partial="lost", shards=SHARDS),
            "shards that are whole have [50], their workloads counted [90]",
        ),
    ],
)
def test_what_is_lost_or_made_up_is_a_problem(
    of: Booked, found: Mapping[str, Any], problem: str
) -> None:
    (text,) = problems_of(of, found)
    assert problem in text
