"""The order of the rows, and which columns there are to sort by."""

from __future__ import annotations

import re

import msgspec
import pytest

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.view import SessionView
from cortex_tui.tui.render.columns import column_at, columns_for
from cortex_tui.tui.render.rows import header_line
from cortex_tui.tui.state.sorting import Sort, next_sort, pressed, sort_by, sorted_names, turned
from tests.tui.samples import CATALOG, finished, run_view, running, session_view
from tests.tui.stand_in import SIZES, Bench, bench, check_golden

NAMES = [profile.full_name for profile in CATALOG.profiles]


def runs(**p99s: int | None) -> dict[str, RunResult]:
    """Runs of the profiles with those names, of which only the p99 counts."""
    found = {}
    for at, profile in enumerate(CATALOG.profiles):
        key = profile.name.replace("-", "_")
        if key in p99s:
            found[profile.full_name] = run_view(at, profile, percentiles_ns={"p99": p99s[key]})
    return found


def test_the_slowest_come_first_and_the_unknown_last_either_way_round() -> None:
    known = runs(query_dispatch=5, steady=9, command_dispatch=None)
    down = sorted_names(sort_by("p99"), NAMES, known, {})
    assert down[:2] == ["search.steady", "mediator.query-dispatch"]
    up = sorted_names(turned(sort_by("p99")), NAMES, known, {})
    assert up[:2] == ["mediator.query-dispatch", "search.steady"]
    assert up[2:] == down[2:] == [name for name in NAMES if name not in up[:2]]


def test_equal_rows_stay_in_the_order_of_the_suites() -> None:
    known = runs(query_dispatch=5, steady=5, command_dispatch=5)
    for sort in (sort_by("p99"), turned(sort_by("p99"))):
        assert sorted_names(sort, NAMES, known, {})[:3] == [n for n in NAMES if n in known]


@pytest.mark.parametrize("key", [column.key for column in columns_for(250, 19, versus="main")])
def test_every_column_but_the_trend_can_be_sorted_by(key: str) -> None:
    known = {name: run_view(at, CATALOG.profiles[at]) for at, name in enumerate(NAMES)}
    assert sorted(sorted_names(sort_by(key), NAMES, known, {})) == sorted(NAMES)


def test_columns_follow_one_another_around_the_order_of_the_suites() -> None:
    columns = ["name", "p99"]
    name = next_sort(Sort(), columns)
    assert name == Sort("name", descending=False)
    sort = next_sort(name, columns)
    assert sort == Sort("p99", descending=True)
    assert next_sort(sort, columns) == Sort()
    assert next_sort(Sort(), columns, back=True) == sort
    assert turned(Sort()) == Sort()
    assert pressed(sort, "p99") == turned(sort)
    assert pressed(sort, "name") == sort_by("name")


@pytest.mark.parametrize("width", [59, 79, 119, 160, 199])
@pytest.mark.parametrize("descending", [True, False])
def test_an_arrow_moves_no_title(width: int, descending: bool) -> None:
    def text(columns_sort: Sort) -> str:
        return "".join(span.text for span in header_line(columns, columns_sort))

    for column in columns_for(width, 19, versus="main"):
        columns = columns_for(width, 19, versus="main", keep=column.key)
        plain, marked = text(Sort()), text(Sort(column.key, descending))
        assert len(plain) == len(marked) == width
        different = [at for at, (a, b) in enumerate(zip(plain, marked, strict=True)) if a != b]
        assert [marked[at] for at in different] == ["▾" if descending else "▴"]


def test_the_column_that_rows_are_sorted_by_does_not_give_way() -> None:
    for key in ("p95", "max", "trend", "p90"):
        assert key in {column.key for column in columns_for(59, 19, keep=key)}


def test_a_wide_table_has_more_percentiles() -> None:
    keys = {column.key for column in columns_for(199, 30)}
    assert {"p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"} <= keys


def test_each_cell_of_a_title_is_of_its_column() -> None:
    columns = columns_for(79, 19)
    line = "".join(span.text for span in header_line(columns))
    for column in columns:
        at = line.index(f" {column.title}") + 1
        assert column_at(columns, at) == column
    assert column_at(columns, 2) is None


# --- on the screen ------------------------------------------------------------------------------


def rows(b: Bench) -> list[str]:
    """The names that the table lists, heads of suites in brackets."""
    found = (re.match(r"[▸ ]\[.\](.)(\S+)(  +\d+ profiles?)?", line) for line in b.lines)
    return [f"({m[2]})" if m[3] else m[2] for m in found if m]


def slow(names: dict[str, int]) -> SessionView:
    """A session that is running, in which these profiles have that p99."""
    picked = [profile for profile in CATALOG.profiles if profile.name in names]
    return session_view(
        *(
            run_view(at, profile, state="running", percentiles_ns={"p99": names[profile.name]})
            for at, profile in enumerate(picked)
        )
    )


async def sort_by_p99(b: Bench) -> None:
    while not re.search(r"[▾▴]p99\b(?!\.)", b.text):
        await b.press("comma")


async def test_rows_sorted_by_a_number_are_one_list_with_full_names() -> None:
    async with bench(size=(120, 40)) as b:
        before = rows(b)
        await b.show(slow({"query-dispatch": 1_000_000, "steady": 9_000_000}))
        await sort_by_p99(b)
        assert rows(b)[:2] == ["search.steady", "mediator.query-dispatch"]
        assert not any(row.startswith("(") for row in rows(b))
        await b.press("full_stop")
        assert rows(b)[:2] == ["mediator.query-dispatch", "search.steady"]
        while rows(b) != before:
            await b.press("less_than_sign")


async def test_by_name_profiles_are_sorted_within_their_suites() -> None:
    async with bench(size=(120, 40)) as b:
        await b.press("comma", "full_stop")
        names = rows(b)
        assert names[0] == "(mediator)"
        assert names[1:4] == ["query-dispatch", "concurrent-commands", "command-dispatch"]


async def test_rows_keep_their_places_while_numbers_change_until_the_session_ends() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(slow({"query-dispatch": 1_000_000, "steady": 9_000_000}))
        await sort_by_p99(b)
        await b.press("home")
        assert "▸" in b.line_with("search.steady")
        later = slow({"query-dispatch": 20_000_000, "steady": 9_000_000})
        await b.show(later)
        assert rows(b)[:2] == ["search.steady", "mediator.query-dispatch"]
        await b.show(msgspec.structs.replace(later, state="finished"))
        assert rows(b)[:2] == ["mediator.query-dispatch", "search.steady"]
        assert "▸" in b.line_with("search.steady")


async def test_a_click_on_a_title_sorts_and_another_turns_the_order() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(slow({"query-dispatch": 1_000_000, "steady": 9_000_000}))
        await b.pilot.click(offset=(b.lines[1].index("p99 "), 1))
        assert rows(b)[:2] == ["search.steady", "mediator.query-dispatch"]
        await b.pilot.click(offset=(b.lines[1].index("p99 "), 1))
        assert rows(b)[:2] == ["mediator.query-dispatch", "search.steady"]
        trend = b.lines[1].index("trend")
        await b.pilot.click(offset=(trend, 1))
        assert rows(b)[:2] == ["mediator.query-dispatch", "search.steady"]


async def test_a_filter_keeps_the_order_and_a_suite_can_still_be_checked() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await sort_by_p99(b)
        sorted_rows = rows(b)
        await b.press("slash", *"dispatch", "enter")
        assert rows(b) == [row for row in sorted_rows if "dispatch" in row]
        await b.press("a")
        assert "2 checked" in b.lines[0]


@pytest.mark.parametrize("size", SIZES)
async def test_a_sorted_table_looks_right(size: tuple[int, int]) -> None:
    async with bench(size=size) as b:
        await b.show(finished())
        await sort_by_p99(b)
        check_golden("sorted", size, b.text)
