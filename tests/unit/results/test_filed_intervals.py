"""The series of a run's intervals whose older ones lie in a file: what is read and written when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cortex_tui.results.interval import Interval, interval_of
from cortex_tui.results.interval_file import IntervalFile, Place
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.slices import FiledSlices
from tests.unit.results.folds import facts
from tests.unit.results.stored import Stored
from tests.unit.session.messages import samples

TENTH_NS = 100_000_000


class Counting(IntervalFile):
    """Counts what is read and written."""

    reads = written = 0
    most_read = 0
    """Before anything was written again."""
    _since = 0

    def read_each(self, parts: Iterable[Interval | Place]) -> Iterator[Interval]:
        for each in super().read_each(parts):
            self.reads += 1
            self._since += 1
            self.most_read = max(self.most_read, self._since)
            yield each

    def write(self, intervals: Iterable[Interval]) -> list[Place]:
        places = super().write(intervals)
        self.written += len(places)
        self._since = 0
        return places


def test_no_message_has_many_slots_merge_and_no_write_stores_many(tmp_path: Path) -> None:
    file = Counting(tmp_path)
    runs = [Stored(IntervalSeries(400, file)) for _ in range(20)]
    most, most_written, rows = 0, 0, 0
    for index in range(1_000):
        before = file.reads
        for stored in runs:
            stored.series.add(index, interval_of(samples(index, [index])))
            most = max(most, file.reads - before)
            before = file.reads
        if index % 10 == 9:
            most_written = max(most_written, *(stored.write() for stored in runs))
            rows = max(rows, *(len(stored.rows) for stored in runs))
    assert runs[0].series.length == 4
    assert most <= 60  # of 400
    assert most_written <= 10 + 12
    assert rows <= 400
    # Nothing of what was merged at 800 is left as it was at 400.
    assert {length for length, _ in runs[0].rows.values()} <= {2, 4}


def test_slices_that_are_in_a_file_are_those_that_would_be_in_memory(tmp_path: Path) -> None:
    filed, plain = IntervalSeries(60, IntervalFile(tmp_path)), IntervalSeries(60)
    assert (len(filed.slices(TENTH_NS)), len(plain.slices(TENTH_NS))) == (0, 0)
    for index in range(7, 100, 3):
        for series in (filed, plain):
            series.add(index, interval_of(samples(index, [index, 10**9], errors={"E": index})))
    found = filed.slices(TENTH_NS)
    assert isinstance(found, FiledSlices)
    assert [(each.from_ns, each.until_ns, *facts(each)) for each in found] == [
        (each.from_ns, each.until_ns, *facts(each)) for each in plain.slices(TENTH_NS)
    ]
    assert found[0].from_ns == found[:1][0].from_ns == 6 * TENTH_NS


def test_slices_in_memory_are_made_anew_where_their_slot_has_changed(tmp_path: Path) -> None:
    file = Counting(tmp_path)
    series = IntervalSeries(400, file)
    for index in range(10):
        series.add(index, interval_of(samples(index, [index])))
    before = list(series.slices(TENTH_NS))
    series.add(9, interval_of(samples(9, [1, 2])))
    after = list(series.slices(TENTH_NS))
    assert [old is new for old, new in zip(before, after, strict=True)] == [True] * 9 + [False]
    assert after[9].service.total == 3
    for index in range(10, 100):
        series.add(index, interval_of(samples(index, [index])))
        series.slices(TENTH_NS)
    reads = file.reads
    assert [each.service.total for each in series.slices(TENTH_NS)] == [1] * 9 + [3] + [1] * 90
    assert file.reads - reads >= 80  # those that were looked at before, too


def test_a_file_that_takes_nothing_is_tried_again_when_there_are_some_slots_more(
    tmp_path: Path,
) -> None:
    class Full(IntervalFile):
        refused = 0

        def write(self, intervals: Iterable[Interval]) -> list[Place]:
            self.refused += 1
            raise OSError

    file = Full(tmp_path)
    series = IntervalSeries(400, file)
    series.grows = False
    for index in range(320):
        series.add(index, interval_of(samples(index, [index])))
    assert [each.service.total for _, each in series] == [1] * 320
    assert 15 <= file.refused <= 20


def test_what_is_late_is_in_pairs_that_were_merged_ahead_of_time(tmp_path: Path) -> None:
    file = Counting(tmp_path)
    filed, plain = IntervalSeries(80, file), IntervalSeries(80)
    for index in [*range(75), 10, 21, 30, 31, *range(75, 81)]:
        for series in (filed, plain):
            series.add(index, interval_of(samples(index, [index])))
    assert file.written > 80  # the pairs before those that are late, too
    assert filed.length == plain.length == 2
    assert {n: facts(each) for n, each in filed} == {n: facts(each) for n, each in plain}


@pytest.mark.parametrize("first", [0, 1])
def test_slots_without_a_neighbour_stay_where_they_lie_when_all_merge(
    tmp_path: Path, first: int
) -> None:
    file = Counting(tmp_path)
    series = IntervalSeries(400, file)
    for index in range(first, 400, 2):
        series.add(index, interval_of(samples(index, [index])))
    series.add(400, interval_of(samples(400, [400])))
    assert (series.length, len(series)) == (2, 201)
    assert file.reads <= 30  # of 200
    assert [each.service.moments.max_ns for _, each in series] == [*range(first, 400, 2), 400]


def test_slots_that_merge_at_one_moment_are_read_and_written_a_few_at_a_time(
    tmp_path: Path,
) -> None:
    file = Counting(tmp_path)
    series = IntervalSeries(400, file)
    series.grows = False
    for index in range(401):
        series.add(index, interval_of(samples(index, [index])))
    assert (series.length, len(series)) == (2, 201)
    assert file.reads >= 380
    assert file.most_read <= 100


def test_runs_with_one_file_merge_their_slots_at_different_times(tmp_path: Path) -> None:
    file = Counting(tmp_path)
    runs = [IntervalSeries(400, file) for _ in range(16)]
    reads = []
    for index in range(360):
        before = file.reads
        for series in runs:
            series.add(index, interval_of(samples(index, [index])))
        reads.append(file.reads - before)
    assert max(reads) <= 64  # those of one of them, or of two
    assert sum(reads) > 16 * 200


def test_slots_that_are_all_there_are_not_merged(tmp_path: Path) -> None:
    file = Counting(tmp_path)
    series = IntervalSeries(400, file)
    series.grows = False
    for index in range(399):
        series.add(index, interval_of(samples(index, [index])))
    assert file.reads == 0
    assert file.written < 399


def test_slots_that_could_not_be_merged_ahead_of_time_are_merged_when_all_are(
    tmp_path: Path,
) -> None:
    class Full(Counting):
        is_full = False

        def write(self, intervals: Iterable[Interval]) -> list[Place]:
            if self.is_full:
                raise OSError
            return super().write(intervals)

    file = Full(tmp_path)
    filed, plain = IntervalSeries(200, file), IntervalSeries(200)
    for index in range(230):
        file.is_full = 100 < index < 150 or index > 190
        for series in (filed, plain):
            series.add(index, interval_of(samples(index, [index, 2 * index])))
    assert {n: facts(each) for n, each in filed} == {n: facts(each) for n, each in plain}
