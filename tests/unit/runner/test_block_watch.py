"""What blocked the event loop is named where it was seen, and nothing else is."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import Health, Samples
from cortex_tui.runner.block_watch import (
    COLLECTION,
    LOCKED,
    NO_PROCESSOR,
    NOT_MEASURED,
    BlockWatch,
    Look,
    ThreadTime,
    cause_of,
    last_seen,
    thread_time,
)
from cortex_tui.runner.session import Session
from cortex_tui.runner.stack import Sighting, sighting_of
from cortex_tui.runner.timer import Timerfd
from tests.unit.runner.bench import Bench, Event

MS = 1_000_000
BUSY = ThreadTime(computed_ns=60 * MS)
ASLEEP = ThreadTime(computed_ns=1 * MS)

try:
    Timerfd().close()
except OSError:
    pytestmark = pytest.mark.skip("it needs timerfd, which is Linux's")


def look(
    place: str = "a.py:1 in f",
    *,
    ms: int = 20,
    late_ms: int = 0,
    unready_ms: int | None = 0,
    call: bool = True,
) -> Look:
    unready_ns = None if unready_ms is None else unready_ms * MS
    return Look(ms * MS, late_ms * MS, unready_ns, place, call)


@pytest.mark.parametrize(
    ("cause", "thread", "looks"),
    [
        ("at a.py:1 in f", BUSY, [look()]),
        ("at a.py:1 in f", ASLEEP, [look()]),
        ("at a.py:1 in f", None, [look()]),
        ("at a.py:1 in f", BUSY, [look(call=False, late_ms=5)]),
        ("", BUSY, []),
        # The lock was not given up: what is seen is what came next.
        ("near a.py:1 in f", BUSY, [look(late_ms=30)]),
        ("near a.py:1 in f", None, [look(late_ms=30)]),
        ("", BUSY, [look(late_ms=30, call=False)]),
        ("", BUSY, [look("", late_ms=30)]),
        # The lock was given up at once, and the watch itself had no processor.
        ("at a.py:1 in f", BUSY, [look(late_ms=30, unready_ms=25, call=False)]),
        ("", BUSY, [look(late_ms=30, unready_ms=20, call=False)]),
        ("", BUSY, [look(late_ms=30, unready_ms=None, call=False)]),
        # Another thread had it, unless the watch itself had no processor.
        (LOCKED, ASLEEP, [look(late_ms=30)]),
        ("", ASLEEP, [look(late_ms=30, unready_ms=25)]),
        ("", ASLEEP, [look(late_ms=30, unready_ms=None)]),
        ("", ASLEEP, [look(late_ms=5)]),
        (NOT_MEASURED, BUSY, [look("")]),
        (NOT_MEASURED, ASLEEP, [look("")]),
        # What it was at took not long by itself.
        (NO_PROCESSOR, ThreadTime(5 * MS, 45 * MS), [look()]),
        (NO_PROCESSOR, ThreadTime(5 * MS, 45 * MS), []),
        ("at a.py:1 in f", ThreadTime(50 * MS, 45 * MS), [look()]),
        ("", ThreadTime(50 * MS, 45 * MS), [look(late_ms=30, call=False)]),
        # Each look stands for the time since the one before.
        ("at b.py:2 in g", BUSY, [look(), look("b.py:2 in g", ms=30)]),
        ("at a.py:1 in f", BUSY, [look(), look("b.py:2 in g", ms=30), look(ms=15)]),
        ("", BUSY, [look(), look(ms=30, late_ms=30, call=False)]),
    ],
)
def test_the_cause_is_what_was_seen_for_most_of_the_time(
    cause: str, thread: ThreadTime | None, looks: list[Look]
) -> None:
    assert cause_of(60 * MS, 0, thread, looks) == cause
    assert cause_of(60 * MS, 29 * MS, thread, looks) == cause
    assert cause_of(60 * MS, 30 * MS, thread, looks) == COLLECTION


def test_what_still_blocks_the_loop_is_the_last_that_was_seen() -> None:
    unknown = look("c.py:3 in h", late_ms=30, call=False)
    assert last_seen([look(), look("b.py:2 in g"), unknown, unknown]) == "at b.py:2 in g"
    assert last_seen([unknown]) == last_seen([]) == ""


def test_times_of_a_thread_that_cannot_be_read_are_not_known() -> None:
    assert thread_time(b"1000 20 3\n", b"5000 70 9\n") == ThreadTime(4000, 50)
    assert thread_time(b"", b"5000 70 9\n") is None
    assert thread_time(b"0 0\n", b"1 1\n") is None


# --- which line ------------------------------------------------------------------------------


def seen_from(call: Callable[[], object]) -> Sighting:
    """Of this thread, at the innermost line that runs Python within the call."""
    found: list[Sighting] = []

    def trace(frame: FrameType, event: str, argument: object) -> None:
        sys.setprofile(None)
        found.append(sighting_of(frame, os.path.dirname(__file__)))

    sys.setprofile(trace)
    try:
        call()
    finally:
        sys.setprofile(None)
    return found[0]


def line_of(function: Callable[..., object], plus: int = 1) -> int:
    return function.__code__.co_firstlineno + plus


def own_call() -> object:
    return json.loads("[1]")


def test_a_line_of_the_measured_code_is_named_with_its_file_and_function() -> None:
    found = seen_from(own_call)
    assert found.place == f"test_block_watch.py:{line_of(own_call, 0)} in own_call"


def in_a_library(frames: list[FrameType]) -> object:

    return json.JSONDecoder(object_pairs_hook=lambda pairs: frames.append(sys._getframe())).decode(
        '{"a": 1}'
    )


def test_the_line_that_calls_a_library_is_named_and_not_one_within() -> None:
    frames: list[FrameType] = []
    in_a_library(frames)
    within = frames[0].f_back
    assert within is not None
    assert within.f_code.co_filename.endswith("decoder.py")
    place = sighting_of(within, "/elsewhere").place
    assert place.rpartition("/")[2].startswith("test_block_watch.py:")
    assert place.endswith(" in in_a_library")


def test_a_library_is_named_where_nobody_else_has_called_it() -> None:
    frames: list[FrameType] = []

    async def started() -> None:
        # A callback of the event loop, with nothing of anybody's around it.
        loop = asyncio.get_running_loop()
        decoder = json.JSONDecoder(object_pairs_hook=lambda p: frames.append(sys._getframe()))
        loop.call_soon(decoder.decode, '{"a": 1}')
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(started())
    within = frames[0].f_back
    assert within is not None
    place, _ = sighting_of(within, os.path.dirname(__file__))
    assert place.startswith("json/decoder.py:")


def test_an_event_loop_that_waits_is_at_no_line_of_anybody() -> None:
    places: list[str] = []
    begun, thread = threading.Event(), threading.get_ident()

    def watch() -> None:
        begun.wait()
        frame = sys._current_frames()[thread]
        while frame.f_code.co_name not in ("select", "run_forever"):
            frame = sys._current_frames()[thread]
        places.append(sighting_of(frame, "").place)

    async def wait() -> None:
        begun.set()
        await asyncio.to_thread(watching.join)

    watching = threading.Thread(target=watch)
    watching.start()
    with asyncio.Runner() as runner:
        runner.run(wait())
    assert places == [""]


def test_names_that_a_terminal_obeys_are_made_visible() -> None:
    code = compile("def f():\n    return sys._getframe()", "/x/a\x1b[31m\udce4.py", "exec")
    namespace: dict[str, object] = {"sys": sys}
    exec(code, namespace)
    f = namespace["f"]
    assert callable(f)
    place = sighting_of(f(), "/x").place
    assert place == "a␛[31m\\udce4.py:2 in f"


# --- the thread ------------------------------------------------------------------------------


@pytest.fixture
def watch() -> Iterator[BlockWatch]:
    made = BlockWatch()
    yield made
    made.close()


def block_until_seen(watch: BlockWatch) -> None:
    while not watch.looks:
        time.sleep(0.001)


def test_a_thread_that_blocks_is_seen_at_its_line(watch: BlockWatch) -> None:
    watch.expect(time.perf_counter_ns())
    block_until_seen(watch)
    (seen, *_) = watch.looks
    assert seen.place.endswith(" in block_until_seen")
    assert seen.stands_for_ns >= 18 * MS


def test_what_was_seen_of_a_block_is_not_said_of_the_next(watch: BlockWatch) -> None:
    watch.expect(time.perf_counter_ns())
    block_until_seen(watch)
    watch.expect(time.perf_counter_ns() + 3_600_000 * MS)
    assert watch.looks == ()
    assert watch.cause(time.perf_counter_ns(), 0) == ""


def test_a_watch_that_rests_or_is_closed_looks_at_nothing_and_ends() -> None:
    before = set(threading.enumerate())
    watch = BlockWatch()
    assert set(threading.enumerate()) > before
    watch.expect(time.perf_counter_ns())
    watch.rest()
    watch.close()
    assert set(threading.enumerate()) == before
    assert watch.looks == ()


def test_looks_become_rarer(watch: BlockWatch) -> None:
    watch.expect(time.perf_counter_ns())
    while len(watch.looks) < 4:
        time.sleep(0.001)
    since_ns = [look.stands_for_ns for look in watch.looks]
    assert all(each >= sum(since_ns[:number]) for number, each in enumerate(since_ns))


async def test_a_run_whose_operation_blocks_reports_the_line(bench: Bench) -> None:
    """On a machine that is too busy to see one block, another one follows."""
    bench.write(
        """
        def read_it():
            time.sleep(0.05)

        @workload
        async def stalling():
            async def operation(i):
                await asyncio.sleep(0.001)
                if not seen:
                    read_it()
            yield operation
        """,
        seen=(seen := []),
    )

    def note(session: Session, event: Event) -> None:
        if isinstance(event, Samples):
            for health in (event.health, *event.spanned.values()):
                seen.extend([health] if health.block_cause.startswith("at ") else [])
            if seen:
                session.stop()

    profile = bench.profile("stalling", stop=Length(duration_ns=3_600_000 * MS))
    await bench.run(profile, on_message=note)
    health: Health = seen[0]
    assert health.block_cause.endswith(f"{bench.module}.py:9 in read_it")
    assert health.loop_lag_ns >= 18 * MS
