"""The history of a profile as text."""

from __future__ import annotations

from cortex_tui.analysis.series import History, Point
from cortex_tui.report.history import history_lines

POINTS = tuple(
    Point(session=f"s{at}", started_at=f"2026-01-0{at}T10:00:00Z", value=5e6, rounds=1)
    for at in (1, 2, 3)
)


def test_why_sessions_are_left_out_is_written_whole_however_narrow_the_terminal() -> None:
    reason = "no value, or none of the canary"
    history = History(
        profile="shop.order",
        statistic="p95",
        points=POINTS,
        levels=(5e6,),
        left_out={reason: 1_200, "another machine": 1},
    )
    lines = history_lines(history, 30, colour=False)
    assert all(len(line) <= 30 for line in lines[1:])
    text = " ".join(" ".join(lines).split())
    assert text.endswith(
        f"left out: 1,200 sessions with {reason} left out: 1 session with another machine"
    )
