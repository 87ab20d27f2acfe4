"""A profile and its run as cells, without a screen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortex_tui.profiles.matrix import value_text
from cortex_tui.profiles.model import Catalog, Suite
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shared import shared_warnings
from cortex_tui.tui.render.columns import MARK_WIDTH, Column, columns_for
from cortex_tui.tui.render.rows import (
    header_line,
    is_bare,
    phase_text,
    profile_row,
    stalled_ns,
    suite_row,
)
from cortex_tui.tui.render.short import short_count, short_duration
from cortex_tui.tui.render.text import width_of
from cortex_tui.tui.state.listing import Entry, Listing
from tests.tui.samples import CATALOG, MEDIATOR, SEARCH, SECOND_NS, profile, run_view

COMMAND = MEDIATOR.profiles[0]
ENTRY = Entry(MEDIATOR, COMMAND)
ALL = [
    "name",
    "phase",
    "operations",
    "throughput",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "errors",
    "verdict",
    "trend",
]


def row_text(run: RunResult | None, width: int, *, current: bool = True) -> str:
    line = profile_row(ENTRY, run, columns_for(width, 19), box="none", current=current)
    return "".join(span.text for span in line)


@pytest.mark.parametrize("width", [59, 70, 79, 88, 99, 119, 139, 250])
def test_every_row_is_as_wide_as_the_table(width: int) -> None:
    columns = columns_for(width, 19)
    assert sum(width_of(span.text) for span in header_line(columns)) == width
    for run in (None, run_view(0, COMMAND), run_view(0, COMMAND, state="failed", curve=())):
        assert width_of(row_text(run, width)) == width - 1
    suite = suite_row(Entry(MEDIATOR, None), columns, box="some")
    assert sum(width_of(span.text) for span in suite) == width - 1


@pytest.mark.parametrize("width", [79, 119])
def test_from_eighty_columns_on_nothing_is_left_out(width: int) -> None:
    assert [column.key for column in columns_for(width, 19)] == ALL


def test_below_eighty_columns_the_least_needed_go() -> None:
    keys = {column.key for column in columns_for(59, 19)}
    assert {"name", "phase", "throughput", "p50", "p99", "errors", "verdict"} <= keys


def test_names_keep_both_their_ends() -> None:
    one = row_text(run_view(0, COMMAND), 79)
    assert one[4 : MARK_WIDTH + 11] == "comman…patch"


@pytest.mark.parametrize(
    ("base", "cell", "shown"),
    [
        ("read", {"n": 100}, "read[n=100]"),
        ("pooled-things", {"n": 100}, "pool…[n=100]"),
        ("pooled-things", {"text": "a", "ext": "x"}, "pooled…[a,x]"),
        ("pooled-things", {"text": "b c", "ext": "x"}, 'po…["b c",x]'),
        ("read", {"conversations": 1_000}, "read[1000]"),
        ("read", {"text": "benchmark", "ext": "markdown"}, "read[t…down]"),
    ],
)
def test_cells_of_a_matrix_differ_by_their_coordinates(
    base: str, cell: dict[str, str | int], shown: str
) -> None:
    cell_name = ",".join(f"{key}={value_text(value)}" for key, value in cell.items())
    of = profile("search", f"{base}[{cell_name}]", base=base, matrix=cell)
    line = profile_row(Entry(SEARCH, of), None, columns_for(79, 40), box="none")
    text = "".join(span.text for span in line)
    assert text[4 : MARK_WIDTH + 11].rstrip() == shown


@pytest.mark.parametrize("width", range(6, 40))
def test_the_cells_of_a_suite_have_names_of_one_form(width: int) -> None:
    sizes = (10, 1_000, 100_000)
    cells = [
        profile("search", f"{base}[size={size}]", base=base, matrix={"size": size})
        for base in ("read", "read-everything")
        for size in sizes
    ]
    suite = msgspec.structs.replace(SEARCH, profiles=tuple(cells))
    bare = is_bare(suite, width)
    columns = (Column("name", "profile", width),)
    for each, size in zip(cells, sizes * 2, strict=True):
        line = profile_row(Entry(suite, each), None, columns, box="none", bare=bare)
        text = "".join(span.text for span in line)[4 : 4 + width]
        assert ("size=" in text) is (not bare), text
        assert f"{size}]" in text or width < 11, text


@pytest.mark.parametrize(
    ("neighbours", "verdict", "narrow", "wide"),
    [
        (0, "met", "✓  ", "✓ met"),
        (1, "met", "✓+1", "✓ met +1"),
        (4, "missed", "✗+4", "✗ missed +4"),
        (12, "pending", "…9+", "… pending +12"),
        (4, "none", " +4", "+4"),
        (199, "undecided", "?9+", "? undec. +199"),
    ],
)
def test_the_verdict_says_how_many_neighbours_there_were(
    neighbours: int, verdict: str, narrow: str, wide: str
) -> None:
    run = run_view(0, COMMAND, verdict=verdict, neighbours=("a.b",) * neighbours)
    for width, text in ((79, narrow), (119, wide)):
        at, last = 0, columns_for(width, 19)
        for column in last:
            if column.key == "verdict":
                break
            at += column.width + 1
        cell = row_text(run, width)[MARK_WIDTH - 1 + at :][: column.width]
        assert cell == text.ljust(column.width)


def test_what_all_runs_on_a_loop_have_in_common_marks_none_of_their_rows() -> None:
    shared = "neighbours changed"
    runs = [
        run_view(n, COMMAND, neighbours=("a.b",), warnings=(shared, *own))
        for n, own in enumerate(((), ("it could not keep up",)))
    ]
    columns = columns_for(79, 19)
    rows = [
        profile_row(ENTRY, run, columns, box="none", shared=shared_warnings(runs)) for run in runs
    ]
    assert [row[1].text for row in rows] == [" ", "!"]


def test_many_errors_fit_their_column() -> None:
    assert " 999 " in row_text(run_view(0, COMMAND, errors={"E": 999}), 79)
    assert " 1k+ " in row_text(run_view(0, COMMAND, errors={"E": 1_000}), 79)
    assert " 1.2k " in row_text(run_view(0, COMMAND, errors={"E": 1_234}), 119)


@pytest.mark.parametrize(
    ("fields", "short", "long"),
    [
        ({"phase": "warmup", "progress": 0.99, "waiting": True}, "wait", "waiting"),
        ({"phase": "warmup", "waiting": True, "paused": True}, "pause", "paused"),
        ({"phase": "warmup", "waiting": True, "outcome": "stopped"}, "stop", "stopped"),
        ({"phase": "teardown", "outcome": "finished"}, "done", "done"),
        ({"phase": "teardown", "outcome": "failed"}, "FAIL", "FAILED"),
    ],
)
def test_a_run_that_has_nothing_to_do_says_why(
    fields: dict[str, Any], short: str, long: str
) -> None:
    run = run_view(0, COMMAND, **fields)
    assert phase_text(run, wide=False).text == short
    assert phase_text(run, wide=True).text == long


@pytest.mark.parametrize(
    ("fields", "short", "wide"),
    [
        ({"state": "planned", "in_flight": 0}, "wait", "waiting"),
        ({"phase": None}, "setup", "setup"),
        ({"phase": "setup"}, "setup", "setup"),
        ({"phase": "warmup", "progress": 0.4}, "w 40%", "warmup 40%"),
        ({"phase": "warmup", "progress": None}, "warm", "warmup"),
        ({"phase": "measure", "progress": 0.625}, "m 62%", "measure 62%"),
        ({"phase": "measure", "progress": 1.0}, "m 99%", "measure 99%"),
        ({"phase": "teardown"}, "end", "teardown"),
        ({"state": "finished"}, "done", "done"),
        ({"state": "stopped"}, "stop", "stopped"),
        ({"state": "failed"}, "FAIL", "FAILED"),
        ({"paused": True, "oldest_ns": 3 * SECOND_NS}, "pause", "paused"),
        ({"oldest_ns": 3_200_000_000}, "!3.2s", "stall 3.2s"),
        ({"oldest_ns": 125 * SECOND_NS}, "!125s", "stall 125s"),
    ],
)
def test_phase_and_progress_fit_their_columns(
    fields: dict[str, object], short: str, wide: str
) -> None:
    run = run_view(0, COMMAND, **fields)
    assert phase_text(run, wide=False).text == short
    assert phase_text(run, wide=True).text == wide
    assert len(short) <= 5
    assert len(wide) <= 11


def test_runs_of_an_earlier_session_are_marked_as_such() -> None:
    text = row_text(run_view(0, COMMAND, state="finished"), 119, current=False)
    assert "last done" in text
    assert "62.1µs" in text
    line = profile_row(ENTRY, run_view(0, COMMAND), columns_for(79, 19), box="none", current=False)
    assert {span.tone for span in line[3:]} == {"dim"}


def test_an_operation_stalls_only_far_beyond_what_is_usual() -> None:
    slow = {"p99": 2 * SECOND_NS}
    assert stalled_ns(run_view(0, COMMAND, oldest_ns=SECOND_NS)) is None
    assert stalled_ns(run_view(0, COMMAND, oldest_ns=SECOND_NS + 1)) == SECOND_NS + 1
    assert stalled_ns(run_view(0, COMMAND, oldest_ns=20 * SECOND_NS, percentiles_ns=slow)) is None
    assert stalled_ns(run_view(0, COMMAND, oldest_ns=21 * SECOND_NS, percentiles_ns=slow))
    assert stalled_ns(run_view(0, COMMAND, oldest_ns=9 * SECOND_NS, in_flight=0)) is None


def test_an_operation_ages_while_the_runner_is_silent() -> None:
    run = run_view(0, COMMAND, oldest_ns=500_000_000)
    assert stalled_ns(run) is None
    assert stalled_ns(run, silent_ns=2 * SECOND_NS) == 2_500_000_000


def test_what_has_not_run_shows_its_definition_in_the_row() -> None:
    assert "1 worker · 5.00s · p95 < 50ms · errors == 0" in row_text(None, 119)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "–"),
        (0, "0ns"),
        (812, "812ns"),
        (1_234, "1.2µs"),
        (9_960, "10µs"),
        (812_400, "812µs"),
        (999_600, "1.0ms"),
        (45_600_000, "46ms"),
        (2_000_000_000, "2.0s"),
        (999_400_000_000, "999s"),
        (1_200_000_000_000, "20m"),
        (3_600_000_000_000 * 100, "100h"),
    ],
)
def test_short_durations_take_five_cells(ns: int | None, text: str) -> None:
    assert short_duration(ns) == text
    assert len(text) <= 5


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_234, "1.2k"),
        (12_345, "12k"),
        (999_499, "999k"),
        (3_400_000, "3.4M"),
    ],
)
def test_short_counts_take_four_cells(count: int, text: str) -> None:
    assert short_count(count) == text
    assert len(text) <= 4


def test_names_are_shown_literally_whatever_is_in_them() -> None:
    wild = profile("wild", "[red]x\x1b[31m", targets=("p95 < 1s",))
    suite = Suite(name="[b]wild\x07", source="wild.toml", profiles=(wild,))
    columns = columns_for(119, 30)
    row = profile_row(Entry(suite, wild), None, columns, box="all")
    head = suite_row(Entry(suite, None), columns, box="all")
    assert "[red]x␛[31m" in "".join(span.text for span in row)
    assert "[b]wild␇" in "".join(span.text for span in head)


def test_the_filter_matches_all_words_in_any_order_and_case() -> None:
    listing = Listing(CATALOG)
    listing.set_filter("DISP medi")
    assert [p.name for p in listing.shown] == ["command-dispatch", "query-dispatch"]
    listing.set_filter("nothing like it")
    assert listing.entries == ()
    assert listing.current is None
    assert listing.chosen() == []


def test_the_filter_matches_workloads_and_the_beginnings_of_tags() -> None:
    tagged = msgspec.structs.replace(SEARCH.profiles[0], tags=("Scaling", "nightly"))
    search = msgspec.structs.replace(SEARCH, profiles=(tagged, *SEARCH.profiles[1:]))
    listing = Listing(Catalog((MEDIATOR, search)))
    for text in ("@", "@sca", "@scaling", "@night @scaling", "steady @scaling", "cortex.sea @n"):
        listing.set_filter(text)
        assert [p.full_name for p in listing.shown] == ["search.steady"], text
    for text in ("@caling", "@steady", "@nightly results"):
        listing.set_filter(text)
        assert listing.shown == [], text


def test_checks_survive_the_filter_and_suites_toggle_what_is_shown() -> None:
    listing = Listing(CATALOG, ["search.steady", "no.such"])
    assert listing.checked == {"search.steady"}
    listing.set_filter("query")
    listing.toggle_suite(MEDIATOR)
    assert listing.checked == {"search.steady", "mediator.query-dispatch"}
    assert listing.check_state(Entry(MEDIATOR, None)) == "some"
    listing.toggle_suite(MEDIATOR)
    assert listing.checked == {"search.steady"}
    assert [p.full_name for p in listing.chosen()] == ["search.steady"]


def test_the_cursor_starts_on_the_first_checked_profile_and_stays_inside() -> None:
    listing = Listing(CATALOG, ["search.no-results"])
    assert listing.current == Entry(SEARCH, SEARCH.profiles[1])
    listing.move_to(99)
    assert listing.cursor == len(listing.entries) - 1
    listing.move_to(-1)
    assert listing.cursor == 0
    assert Listing(Catalog()).current is None
