"""Operations that fail within batches, and operations that end after the window: in every part of a
run they are counted as they are over the whole of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.formats.port import Origin, Recording
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.joining import joined
from cortex_tui.protocol.messages import RunFinished, RunPlanned, Samples
from cortex_tui.protocol.pieces import pieces
from cortex_tui.report.notes import run_notes
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_records import RunInterval, interval_records, record_of
from cortex_tui.results.series import TimeWindow
from cortex_tui.results.stored import folds_of, from_stored
from cortex_tui.results.time_columns import TimeColumns
from cortex_tui.results.window import windowed
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.rows import interval_of, interval_row
from tests.session_documents import session_document
from tests.unit.results.folds import TENTH_NS, measuring
from tests.unit.results.test_matrix import finish, fold_in
from tests.unit.results.test_matrix import session as rounds_of
from tests.unit.session.messages import SECOND_NS, at_stage, profile, raw, samples
from tests.unit.store import samples as stored_samples

MS = 1_000_000
STAGES = StagedLoad("workers", (Stage(1.0, SECOND_NS), Stage(2.0, SECOND_NS // 20)))
END_NS = 1_050 * MS


def batch_of(interval: int, values: int, failed: int, **fields: Any) -> Samples:
    """Batches of ten, of which that many operations failed."""
    return samples(
        interval,
        [500_000] * values,
        failures=[9] * failed,
        errors={"OSError": failed},
        failed_in_batches=failed,
        **fields,
    )


def messages(runner: int = 0) -> list[Samples]:
    """Half of the operations fail: 100 a tenth of a second succeed, and 50 in the last 50 ms. In
    the drain 30 succeed, and 10 fail."""
    return [
        *(batch_of(at, 20, 100, at_ns=(at + 1) * TENTH_NS, runner=runner) for at in range(10)),
        batch_of(10, 10, 50, runner=runner, at_ns=END_NS),
        batch_of(10, 4, 10, drained=4, runner=runner, at_ns=END_NS + MS),
    ]


def fold(given: list[Samples], runners: tuple[int, ...] = (), length: int = 1) -> RunFold:
    made = profile(load=STAGES, batch=10, stop=Length(END_NS))
    run = RunFold(RunPlanned(0, made, (), 1, "", runners))
    run.change(at_stage(0, "measure", 0))
    run.intervals.length = length
    for message in given:
        run.add(message)
    run.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=END_NS, drain_ns=20 * MS))
    return run


def counts_of(run: RunFold) -> list[object]:
    """Of the run, of all of it as a window, of its stages and of its columns: operations and
    throughput."""
    result, series = result_of(run, {}), run.series()
    whole = windowed(result, series, TimeWindow(0, series.last_ns))
    columns = TimeColumns().of(series, TENTH_NS)
    found = (result, whole, *result.stages, columns[0], columns[-1])
    return [(each.operations, round(each.throughput_per_s or 0)) for each in found if each]


RIGHT = [(1_080, 1_000), (1_080, 1_000), (1_000, 1_000), (50, 1_000), (100, 1_000), (80, 1_000)]
"""1,050 operations succeeded within 1.05 s, and 30 after them."""


def test_parts_of_a_run_are_counted_like_the_whole() -> None:
    run = fold(messages())
    assert counts_of(run) == RIGHT
    assert result_of(run, {}).drained == 30
    window = windowed(result_of(run, {}), run.series(), TimeWindow(0, SECOND_NS))
    assert (window.operations, window.throughput_per_s) == (1_000, 1_000.0)


def test_merged_intervals_are_counted_the_same() -> None:
    run = fold(messages(), length=2)
    assert counts_of(run)[:4] == RIGHT[:4]


def test_messages_in_pieces_and_messages_of_several_runners_are_counted_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cortex_tui.protocol.pieces.MAX_PIECE_BYTES", 128)
    in_pieces = [piece for each in messages() for piece in pieces(each)]
    assert len(in_pieces) > len(messages())
    assert counts_of(fold(in_pieces)) == RIGHT
    together = [each for pair in zip(messages(4), messages(5), strict=True) for each in pair]
    run = fold([each for each in joined(together) if isinstance(each, Samples)], (4, 5))
    assert counts_of(run) == [(2 * operations, 2 * rate) for operations, rate in RIGHT]
    assert result_of(run, {}).drained == 60
    assert [round(each.throughput_per_s or 0) for each in run.shard_results] == [1_000, 1_000]


def stored(run: RunFold) -> StoredSession:
    """As a store has it."""
    changes = [RunInterval(0, slot, 1, interval) for slot, interval in run.intervals]
    rows = [interval_row("s", each) for each in interval_records(changes)]
    return StoredSession(
        session=stored_samples.session(),
        state="finished",
        runs=(record_of(run, {}),),
        intervals=tuple(interval_of(row[1:], Path(), "s") for row in rows),
    )


def test_a_stored_run_is_counted_like_the_live_one() -> None:
    (back,) = folds_of(stored(fold(messages())))
    assert counts_of(back) == RIGHT


@pytest.mark.parametrize("name", ["csv", "jsonl", "pytest-benchmark", "session-json"])
def test_a_run_that_is_written_and_read_again_has_as_many_operations(name: str) -> None:
    session = stored(fold(messages()))
    write = FORMATS[name].write
    assert write is not None
    data = write(Recording(from_stored(session), session.intervals))
    back = read_file(data, Origin(f"x{FORMATS[name].suffix}"), name)
    (run,) = folds_of(back)
    assert counts_of(run)[0] == RIGHT[0]
    (document,) = session_document(from_stored(back))["runs"]
    assert (document["operations"], document["drained"]) == (1_080, 30)
    assert document["mean_ns"] == pytest.approx(50_000, rel=1e-3)


THROUGHPUT, ERROR_RATE = "throughput > 1000/s", "error_rate < 50%"


@pytest.mark.parametrize("fast", [20, 140])
def test_how_sure_a_verdict_is_follows_from_what_succeeded_in_each_interval(fast: int) -> None:
    made: dict[str, Any] = {"targets": (THROUGHPUT, ERROR_RATE), "stop": Length(6 * SECOND_NS)}
    single, batched = measuring(**made), measuring(**made, batch=10)
    for at in range(60):
        failed = fast if at // 10 % 2 else 100
        moment: dict[str, Any] = {"at_ns": (at + 1) * TENTH_NS}
        batched.add(batch_of(at, 20, failed, **moment))
        counts: dict[str, Any] = {"failures": [9] * failed, "errors": {"OSError": failed}}
        single.add(samples(at, [50_000] * (200 - failed), **counts, **moment))
    assert batched.measured.throughput_per_s == single.measured.throughput_per_s
    assert batched.spreads() == single.spreads()
    assert set(single.spreads()) == {THROUGHPUT, ERROR_RATE}
    assert [each.verdict for each in result_of(batched, {}).targets] == [
        each.verdict for each in result_of(single, {}).targets
    ]


def test_the_mean_over_rounds_lies_between_those_of_the_rounds() -> None:
    session = rounds_of(profile("p", batch=10), rounds=2)
    for run, time_ns in ((0, 500_000), (1, 1_000_000)):
        message = batch_of(0, 20, 100, run=run, at_ns=SECOND_NS)
        message = msgspec.structs.replace(message, service=raw([time_ns] * 20))
        fold_in(session, at_stage(run, "measure", 0), message)
        finish(session, run)
    document = session_document(SessionWriter(Path("unused")).result(session))
    assert [run["mean_ns"] for run in document["runs"]] == [50_000, 100_000]
    assert [run["failed_in_batches"] for run in document["runs"]] == [100, 100]
    (together,) = document["profiles"]
    assert (together["operations"], together["mean_ns"]) == (200, 75_000)


def test_a_mean_with_operations_that_failed_in_it_is_reported_and_stored() -> None:
    targets = ("mean < 60us", "throughput > 1/s")
    run = measuring(batch=10, targets=targets, stop=Length(SECOND_NS))
    for at in range(10):
        run.add(batch_of(at, 20, 100, at_ns=(at + 1) * TENTH_NS))
    run.finish(RunFinished(run=0, state="finished", at_ns=0, measured_ns=SECOND_NS))
    lowered = (
        "may be too low: 1,000 of 2,000 operations failed within batches, and may have taken no "
        "time"
    )
    for result in (result_of(run, {}), from_stored(stored(run)).runs[0]):
        mean, throughput = result.targets
        assert (mean.value, mean.verdict, mean.note) == (50_000, "undecided", lowered)
        assert (throughput.verdict, result.verdict) == ("met", "undecided")
        assert result.warnings == (f"mean and percentiles {lowered}",)
        found = list(run_notes(result, 1, colour=False))
        assert (
            "bench.steady: batches: 50.0µs an operation on average, those that failed among them; "
            "percentiles and max are of batches of 10, timed as one"
        ) in found
