"""How often the screen is drawn, and what decides it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, repeat

import pytest

from cortex_tui.results.view import SessionView
from cortex_tui.tui.render.status import cost_text
from cortex_tui.tui.state.cost import CostMeter, ScreenCost
from cortex_tui.tui.state.pace import (
    FASTER_AFTER,
    SLOWER_AFTER,
    Pace,
    Usage,
    pace_after,
    pace_text,
)
from cortex_tui.tui.state.view_poller import ViewPoller
from tests.tui.samples import session_view

CALM = Usage(busy_share=0.5, frame_ns=4e6)
FULL = Usage(busy_share=0.95, frame_ns=4e6)
SLOW = Usage(busy_share=0.5, frame_ns=25e6)
BETWEEN = Usage(busy_share=0.8, frame_ns=4e6)


def after(usages: Iterable[Usage], pace: Pace = Pace()) -> Pace:  # noqa: B008
    for usage in usages:
        pace = pace_after(pace, usage)
    return pace


def test_a_free_machine_is_drawn_at_every_look() -> None:
    pace = after(repeat(CALM, 100))
    assert pace.every == 1
    assert pace_text(pace) == ""


@pytest.mark.parametrize(
    ("usage", "why"), [(FULL, "the machine is full"), (SLOW, "frames take long")]
)
def test_usage_that_lasts_makes_it_twice_then_once_a_second(usage: Usage, why: str) -> None:
    twice = after(repeat(usage, SLOWER_AFTER))
    assert twice.every == 2
    assert pace_text(twice) == f"drawing twice a second: {why}"
    once = after(repeat(usage, 10 * SLOWER_AFTER))
    assert once.every == 4
    assert pace_text(once) == f"drawing once a second: {why}"


def test_a_moment_of_usage_changes_nothing() -> None:
    usages = [*repeat(FULL, SLOWER_AFTER - 1), CALM] * 5
    assert after(usages).every == 1


def test_it_gets_faster_step_by_step_when_the_machine_is_free_again() -> None:
    slow = after(repeat(FULL, 10 * SLOWER_AFTER))
    assert after(repeat(CALM, FASTER_AFTER - 1), slow).every == 4
    assert after(repeat(CALM, FASTER_AFTER), slow).every == 2
    assert after(repeat(CALM, 2 * FASTER_AFTER), slow) == Pace()


def test_it_does_not_swing_where_drawing_less_is_what_made_room() -> None:
    slow = after(repeat(FULL, SLOWER_AFTER))
    assert after(repeat(BETWEEN, 100), slow).every == 2
    assert after(repeat(BETWEEN, 100)).every == 1


def meter(*, cpu_ns: int = 0, frame_ns: int = 0) -> CostMeter:
    """Of a screen that uses `cpu_ns` in each quarter of a second, and `frame_ns` a frame."""
    return CostMeter(
        wall=count(step=250_000_000).__next__,
        process=count(step=cpu_ns).__next__,
        thread=count(step=frame_ns).__next__,
    )


def test_the_screen_knows_what_it_costs() -> None:
    measured = meter(cpu_ns=10_000_000, frame_ns=2_100_000)
    assert measured.cost == ScreenCost()
    for _ in range(40):
        measured.look()
        measured.begin_frame()
        measured.end_frame()
        measured.end_frame()  # one that never began is none
    assert measured.cost == ScreenCost(frame_ns=2_100_000, cpu_share=0.04)
    assert cost_text(measured.cost) == "screen 2.1 ms/frame, 4 % CPU"
    assert cost_text(ScreenCost(cpu_share=0.04)) == "screen 4 % CPU"
    assert cost_text(ScreenCost()) == ""


class Publisher:
    """Has something new to say at every look."""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        self.elapsed_ns = 0

    def view(self) -> SessionView:
        self.elapsed_ns += 250_000_000
        return session_view(elapsed_ns=self.elapsed_ns, **self.fields)


def drawn(poller: ViewPoller, publisher: Publisher, looks: int, *, covered: bool = False) -> int:
    return sum(poller.look(publisher.view(), covered=covered) for _ in range(looks))


@pytest.mark.parametrize(
    ("runner_share", "cores", "cpu_ns", "placement", "every"),
    [
        (1.0, 2, 10_000_000, "process", 1),
        (1.9, 2, 10_000_000, "process", 4),
        (1.7, 2, 50_000_000, "process", 4),
        (0.9, 1, 10_000_000, "process", 4),
        # In process, the runner's share is the screen's own.
        (0.9, 2, 225_000_000, "in-process", 1),
        (None, 2, 10_000_000, "process", 1),
    ],
)
def test_runner_and_screen_together_fill_a_machine(
    runner_share: float | None, cores: int, cpu_ns: int, placement: str, every: int
) -> None:
    publisher = Publisher(runner_cpu_share=runner_share, placement=placement)
    poller = ViewPoller(meter(cpu_ns=cpu_ns), cores)
    drawn(poller, publisher, 40)
    assert poller.pace.every == every
    assert drawn(poller, publisher, 20) == 20 // every


def test_slow_frames_are_drawn_less_often() -> None:
    publisher = Publisher()
    poller = ViewPoller(slow := meter(frame_ns=30_000_000), 2)
    for _ in range(20):
        if poller.look(publisher.view(), covered=False):
            slow.begin_frame()
            slow.end_frame()
    assert poller.pace.every == 4


def test_the_end_of_a_session_is_drawn_at_once_whatever_the_pace() -> None:
    publisher = Publisher(runner_cpu_share=2.0)
    poller = ViewPoller(meter(), 2)
    drawn(poller, publisher, 41)
    publisher.fields["state"] = "finished"
    view = publisher.view()
    assert poller.look(view, covered=False)
    assert poller.details_due(view)
    assert poller.pace == Pace()


@pytest.mark.parametrize(("runner_share", "every"), [(1.0, 1), (1.9, 4)])
def test_details_of_a_live_session_are_drawn_at_every_fourth_look(
    runner_share: float, every: int
) -> None:
    publisher = Publisher(runner_cpu_share=runner_share)
    poller = ViewPoller(meter(), 2)
    drawn(poller, publisher, 40)
    assert poller.pace.every == every
    due = []
    for _ in range(12):
        view = publisher.view()
        due.append(poller.look(view, covered=False) and poller.details_due(view))
    assert due.count(True) == 3
    first = due.index(True)
    assert due[first::4] == [True] * 3


def test_under_a_dialog_one_look_in_four_is_drawn() -> None:
    assert drawn(ViewPoller(meter(), 2), Publisher(), 20, covered=True) == 5
