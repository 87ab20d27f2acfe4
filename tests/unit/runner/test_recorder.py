"""What a recorder makes of times that are given to it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from cortex_tui.runner.recorder import Recorder

MS = 1_000_000
WORKERS = 10


@pytest.mark.parametrize("between_ms", [190, 210, 300, 500, 1_100])
@pytest.mark.parametrize("operation_ms", [200, 2_000])
def test_pauses_change_nothing_about_the_throughput_of_workers(
    between_ms: int, operation_ms: int
) -> None:
    """Whether they are longer or shorter than operations. What a worker does in a pause takes no
    time of the window."""
    recorder, measured_ns = paused_workers(
        between_ms * MS, lambda: operation_ms * MS, pauses=8 * operation_ms // 200
    )
    possible = WORKERS * measured_ns / (operation_ms * MS)
    # At the end of the window some are unfinished.
    assert possible - WORKERS <= in_window(recorder) <= possible + 1


@pytest.mark.parametrize(
    "length_ns",
    [
        lambda draw: lambda: max(1, round(draw.expovariate(1 / (200 * MS)))),
        lambda draw: lambda: draw.choice([20 * MS, 380 * MS]),
        lambda draw: lambda: draw.choice([100 * MS] * 9 + [1_100 * MS]),
    ],
    ids=["exponential", "bimodal", "heavy tail"],
)
def test_pauses_change_little_about_the_throughput_of_operations_of_any_length(
    length_ns: Callable[[random.Random], Callable[[], int]],
) -> None:
    recorder, measured_ns = paused_workers(300 * MS, length_ns(random.Random(1)), pauses=400)
    possible = WORKERS * measured_ns / (200 * MS)
    assert in_window(recorder) == pytest.approx(possible, rel=0.05)


@pytest.mark.parametrize(("worked_ms", "drained"), [(1, 1), (100, 0)])
def test_failures_within_a_batch_are_where_the_batch_is(worked_ms: int, drained: int) -> None:
    recorder = Recorder(0, "measure", 0, 1_000 * MS)
    recorder.batch = 10
    recorder.worker_ns = lambda: worked_ms * MS
    recorder.pause(worked_ms * MS)
    recorder.record_of_worker(0, (worked_ms + 20) * MS, 3)
    assert recorder.ended == 10 - 3
    recorder.seal()
    (samples,) = recorder.take()
    assert (samples.drained, samples.failed_in_batches) == (drained, 3)
    assert len(samples.service) == 8
    assert recorder.ended == 10 - 3


def paused_workers(
    between_ns: int, length_ns: Callable[[], int], pauses: int = 8
) -> tuple[Recorder, int]:
    """Workers whose operations take that long, in pauses of a second, too; and for how long the
    clock ran. They start nothing in a pause."""
    recorder = Recorder(0, "measure", 0, 100 * MS)
    recorder.worker_ns = lambda: WORKERS * measured_ns
    now_ns = measured_ns = 0
    under_way = [(length_ns(), 0) for _ in range(WORKERS)]
    heapq.heapify(under_way)
    for _ in range(pauses):
        paused_ns = now_ns + between_ns
        while under_way[0][0] < paused_ns:
            end_ns, start_ns = under_way[0]
            recorder.record_of_worker(start_ns, end_ns)
            heapq.heapreplace(under_way, (end_ns + length_ns(), end_ns))
        recorder.pause(paused_ns)
        measured_ns += between_ns
        now_ns = paused_ns + 1_000 * MS
        idle = 0
        while under_way and under_way[0][0] < now_ns:
            end_ns, start_ns = heapq.heappop(under_way)
            recorder.record_of_worker(start_ns, end_ns)
            idle += 1
        recorder.resume(now_ns)
        for _ in range(idle):
            heapq.heappush(under_way, (now_ns + length_ns(), now_ns))
    recorder.seal()
    return recorder, measured_ns


def in_window(recorder: Recorder) -> int:
    """How many operations have part in throughput."""
    return sum(len(each.service) // 8 - each.drained for each in recorder.take())
