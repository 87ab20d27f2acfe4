"""When errors of each type were seen."""

from __future__ import annotations

import msgspec

from cortex_tui.results.error_times import Seen, error_times
from cortex_tui.results.slices import IntervalSlice
from tests.tui.samples import MEDIATOR, run_view
from tests.tui.series_samples import series_of

TENTH_NS = 100_000_000


def slices(errors: dict[int, dict[str, int]]) -> tuple[IntervalSlice, ...]:
    series = series_of(run_view(0, MEDIATOR.profiles[0]), seconds=1)
    return tuple(
        msgspec.structs.replace(each, errors=errors.get(number, {}))
        for number, each in enumerate(series.slices)
    )


def test_each_type_has_the_intervals_with_its_first_and_its_last_error() -> None:
    found = error_times(
        slices({2: {"A": 1, "B": 3}, 5: {"A": 2}, 8: {"B": 1}}), ["A", "B", "never"]
    )
    assert found == {
        "A": Seen(2 * TENTH_NS, 5 * TENTH_NS),
        "B": Seen(2 * TENTH_NS, 8 * TENTH_NS),
    }


def test_one_error_is_first_and_last_and_no_intervals_have_none() -> None:
    assert error_times(slices({4: {"A": 1}}), ["A"]) == {"A": Seen(4 * TENTH_NS, 4 * TENTH_NS)}
    assert error_times((), ["A"]) == {}
