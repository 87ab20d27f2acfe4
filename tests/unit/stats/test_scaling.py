"""The exponent of growth over the cells of a matrix."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.scaling import Cell, exponent
from cortex_tui.stats.targets import TargetResult, parse_target
from cortex_tui.stats.verdicts import evaluate


def cell(median_ns: float | None, needs: int = 0, *, live: bool = False, **matrix: Any) -> Cell:
    name = ",".join(f"{key}={value}" for key, value in matrix.items())
    return Cell(f"s.p[{name}]", matrix, median_ns, needs, live)


def growing(power: float, **others: Any) -> list[Cell]:
    return [cell(40.0 * rows**power, rows=rows, **others) for rows in (10, 100, 1_000)]


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, -0.5])
def test_it_is_the_power_with_which_the_median_grows(power: float) -> None:
    value, why = exponent(growing(power), "rows")
    assert value == pytest.approx(power, abs=1e-12)
    assert why == ""


def test_a_median_of_nothing_counts_as_half_a_nanosecond() -> None:
    value, _ = exponent([cell(0.0, rows=1), cell(1.0, rows=2)], "rows")
    assert value == pytest.approx(1.0)


def test_it_is_the_least_squares_fit_where_the_medians_lie_on_no_line() -> None:
    cells = [cell(median, rows=rows) for median, rows in ((10, 1), (10, 10), (1_000, 100))]
    value, _ = exponent(cells, "rows")
    assert value == pytest.approx(1.0)


def test_what_another_parameter_adds_is_no_growth() -> None:
    cheap = growing(1.0, limit=1)[:2]
    dear = [each._replace(median_ns=(each.median_ns or 0) * 50) for each in growing(1.0, limit=9)]
    value, _ = exponent([*cheap, *dear[1:]], "rows")
    assert value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([], "needs runs with at least two values of rows"),
        ([cell(9.0, rows=5)], "needs runs with at least two values of rows"),
        ([cell(9.0, rows=5, a=1), cell(9.0, rows=6, a=2)], "at least two values of rows"),
        ([cell(9.0, rows=5), cell(None, 7, rows=6)], r"needs 7 more operations of s.p\[rows=6\]"),
        ([cell(9.0, rows=5), cell(None, 1, rows=6)], "needs 1 more operation of"),
        ([cell(9.0, rows="many"), cell(9.0, rows=6)], "numbers above 0 for rows, got 'many' in"),
        ([cell(9.0, rows=0), cell(9.0, rows=6)], "numbers above 0 for rows, got 0 in"),
        ([cell(9.0, rows=True), cell(9.0, rows=6)], "numbers above 0 for rows, got True in"),
        ([cell(9.0, other=1), cell(9.0, other=2)], "numbers above 0 for rows, got None in"),
    ],
)
def test_without_what_it_needs_it_says_so(cells: list[Cell], note: str) -> None:
    value, why = exponent(cells, "rows")
    assert value is None
    assert re.search(note, why)


def judged(text: str, cells: list[Cell]) -> TargetResult:
    measured = Measured(Histogram(), Histogram(), measured_ns=0)
    return evaluate(parse_target(text), measured, "service", cells=cells)


def test_a_target_is_judged_by_all_cells() -> None:
    met = judged("scaling(rows) <= 1.1", growing(1.0))
    assert met.met
    assert met.value == pytest.approx(1.0)
    assert not judged("scaling(rows) <= 1.1", growing(1.5)).met


def test_a_target_is_pending_while_any_cell_is_live() -> None:
    cells = [*growing(1.0), cell(None, 20, live=True, rows=10_000)]
    note = "needs 20 more operations of s.p[rows=10000]"
    assert judged("scaling(rows) <= 1.1", cells) == TargetResult(
        "scaling(rows) <= 1.1", None, "pending", note
    )
    cells[-1] = cells[-1]._replace(live=False)
    assert judged("scaling(rows) <= 1.1", cells) == TargetResult(
        "scaling(rows) <= 1.1", None, "undecided", note
    )
