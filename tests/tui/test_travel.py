"""Looking back: the window that keys move, what it shows, and a screen that stands still."""

from __future__ import annotations

from concurrent.futures import Future

import msgspec
import pytest

from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.tui.state.sorting import Sort
from cortex_tui.tui.state.travel import LENGTHS_S, first_window, moved, resized, window_text
from tests.tui.samples import finished, running, session_view
from tests.tui.series_samples import measured, with_intervals
from tests.tui.stand_in import SIZES, Bench, StandIn, bench, check_golden

S = 1_000_000_000


@pytest.mark.parametrize("end_ns", [1, S // 10, S, 30 * S, 3_600 * S])
def test_a_window_never_leaves_the_run(end_ns: int) -> None:
    window = first_window(end_ns)
    for key in "[[[[[[[]]]]]]]]]]]}}}}}}}}}}}}}}}{{{{{{{{{{{{{{{[[[":
        if key in "[]":
            window = moved(window, end_ns, back=key == "[")
        else:
            window = resized(window, end_ns, longer=key == "}")
        assert window.from_ns >= 0
        assert window.until_ns <= max(end_ns, LENGTHS_S[0] * S)
        assert window.length_ns > 0


def test_a_window_moves_by_half_its_length_and_keeps_its_middle_when_it_grows() -> None:
    window = TimeWindow(10 * S, 12 * S)
    assert moved(window, 60 * S, back=True) == TimeWindow(9 * S, 11 * S)
    assert moved(window, 60 * S, back=False) == TimeWindow(11 * S, 13 * S)
    assert resized(window, 60 * S, longer=True) == TimeWindow(int(8.5 * S), int(13.5 * S))
    assert resized(window, 60 * S, longer=False) == TimeWindow(int(10.5 * S), int(11.5 * S))
    assert window_text(TimeWindow(int(8.5 * S), 13 * S)) == "8.5–13 s"


@pytest.mark.parametrize("size", SIZES)
async def test_table_and_pane_show_the_window_that_the_keys_choose(size: tuple[int, int]) -> None:
    view = measured(finished())
    async with bench(with_intervals(view), size=size) as b:
        await b.show(view)
        before = b.lines[1:]
        await b.press("left_square_bracket")
        await settled(b)
        assert "only 28–30 s: esc returns to now" in b.lines[0] or size[0] == 80
        check_golden("window", size, b.text)
        await b.press("escape")
        assert b.lines[1:] == before


async def test_a_window_holds_the_values_of_its_intervals() -> None:
    view = measured(finished())
    async with bench(with_intervals(view), size=(120, 40)) as b:
        await b.show(view)
        # Of the sample, the interval in the n-th tenth of a second takes n ms.
        await b.press("left_square_bracket")
        await settled(b)
        known = b.main.seen.seen(b.main.listing.entries[1].key)
        assert known is not None
        assert known.run.max_ns == 300_000_000
        await b.press("left_square_bracket")
        await settled(b)
        known = b.main.seen.seen(b.main.listing.entries[1].key)
        assert known is not None
        assert known.run.max_ns == 290_000_000


async def settled(b: Bench) -> None:
    """Until the intervals that were asked for are drawn."""
    await b.pilot.pause()
    await b.pilot.pause()


async def test_nothing_is_looked_back_at_before_anything_was_measured() -> None:
    async with bench() as b:
        await b.press("left_square_bracket")
        assert "nothing was measured here yet" in b.text
        assert b.main.window is None


async def test_the_space_bar_freezes_a_running_session_and_nothing_else() -> None:
    view = running()
    async with bench(size=(120, 40)) as b:
        await b.show(view)
        await b.press("space")
        frozen = b.text
        assert "frozen: esc returns to now" in b.lines[0]
        assert not b.main.listing.checked
        runs = (msgspec.structs.replace(run, operations=999_999) for run in view.runs)
        await b.show(session_view(*runs))
        assert "999k" not in b.text
        assert b.lines[1:] == frozen.splitlines()[1:]
        await b.press("space")
        assert "999,999 operations" in b.text
        assert b.control.asked == []


async def test_a_session_that_ends_while_the_screen_is_frozen_can_be_followed_by_another() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("space")
        await b.show(finished())
        await b.press("escape", "r")
        assert b.control.started


async def test_numbers_and_tab_open_the_tabs_and_escape_the_first_again() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("6")
        assert "log of the session" in b.text
        assert "[6 log]" in b.text
        await b.press("tab")
        assert "[7 " in b.text
        await b.press("tab")
        assert "[1 percentiles]" in b.text
        await b.press("shift+tab", "escape")
        assert "[1 percentiles]" in b.text


async def test_a_click_opens_a_tab() -> None:
    async with bench(size=(80, 24)) as b:
        await b.show(running())
        row = next(at for at, line in enumerate(b.lines) if "[1 percentiles]" in line)
        await b.pilot.click(offset=(b.lines[row].index("6 log") + 2, row))
        await b.pilot.pause()
        assert "[6 log]" in b.text


async def test_a_note_is_kept_at_the_middle_of_the_window() -> None:
    view = measured(finished())
    async with bench(with_intervals(view), size=(120, 40)) as b:
        await b.show(view)
        await b.press("left_square_bracket", "w", *"GC", "enter")
        assert b.control.notes == [(view.runs[0].run, 29 * S, "GC")]
        await b.press("escape", "w", *"end", "enter")
        assert b.control.notes[1] == (view.runs[0].run, 30 * S, "end")


async def test_a_window_between_intervals_is_shown_from_interval_to_interval() -> None:
    view = measured(finished())
    async with bench(with_intervals(view), size=(120, 40)) as b:
        await b.show(view)
        b.main.window = TimeWindow(int(10.04 * S), int(10.26 * S))
        await settled(b)
        assert "only 10–10.3 s" in b.lines[0]
        known = b.main.seen.seen(b.main.listing.entries[1].key)
        assert known is not None
        assert (known.run.operations, known.run.throughput_per_s) == (9, 30.0)


def late(control: StandIn, run: int) -> Future[RunSeries]:
    """Has the intervals of a run come only when the future is done."""
    coming: Future[RunSeries] = Future()
    known = control.series

    def series(session: str, number: int) -> Future[RunSeries]:
        return coming if number == run else known(session, number)

    control.series = series  # type: ignore[assignment, method-assign]
    return coming


@pytest.mark.parametrize("tab", ["1", "4", "5"])
async def test_no_number_is_of_the_whole_run_before_those_of_the_window_have_come(tab: str) -> None:
    view = measured(finished())
    control = with_intervals(view)
    coming = late(control, 0)
    async with bench(control, (120, 40)) as b:
        await b.show(view)
        await b.press(tab)
        whole = b.line_with("]!command-dispatch")
        await b.press("left_square_bracket")
        await settled(b)
        row = b.line_with("]!command-dispatch").split("command-dispatch")[1].split()
        assert row == ["done", *["…"] * 8]
        assert "30  285ms" in b.line_with("query-dispatch")
        pane = b.text[b.text.index("[" + tab + " ") :]
        assert "No numbers of this part of the run have come." in pane
        assert "missed" not in pane
        coming.set_result(control.intervals[0])
        await b.until(lambda: "30  285ms" in b.line_with("]!command-dispatch"))
        assert "have come" not in b.text
        await b.press("escape", "escape")
        assert b.line_with("]!command-dispatch") == whole


@pytest.mark.parametrize("size", SIZES)
async def test_a_row_whose_numbers_are_to_come_is_as_wide_as_others(size: tuple[int, int]) -> None:
    view = measured(finished())
    async with bench(StandIn(view), size) as b:
        await b.show(view)
        await b.press("left_square_bracket")
        check_golden("window-coming", size, b.text)


async def test_rows_whose_numbers_are_to_come_are_sorted_last() -> None:
    view = measured(finished())
    control = with_intervals(view)
    late(control, 0)
    async with bench(control, (120, 40)) as b:
        await b.show(view)
        await b.press("left_square_bracket")
        await settled(b)
        b.main.profiles.sort_rows(Sort("operations", descending=True))
        await b.pilot.pause()
        assert b.text.index("query-dispatch") < b.text.index("command-dispatch")
