"""What is known of a run whose event loop was blocked."""

from __future__ import annotations

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.protocol.messages import Health
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import RunFold
from cortex_tui.store.records import BlockCause
from tests.unit.results.folds import measuring
from tests.unit.session.messages import samples


def blocked(lag_ms: int, cause: str) -> Health:
    return Health(loop_lag_ns=lag_ms * 1_000_000, block_cause=cause)


def warned(fold: RunFold) -> str:
    (warning,) = result_of(fold, {}).warnings
    return warning.removeprefix("the event loop was blocked ")


def test_a_blocked_loop_is_reported_with_every_interval_that_it_spans() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000], health=Health(loop_lag_ns=250_000_000)))
    assert result_of(fold, {}).warnings == (
        "the event loop was blocked for 250ms (after 0.0 s): something did not await, or the "
        "machine was busy",
    )
    known_later = {0: Health(loop_lag_ns=300_000_000), 1: Health(loop_lag_ns=300_000_000)}
    fold.add(samples(2, health=Health(loop_lag_ns=300_000_000), spanned=known_later, in_flight=3))
    assert result_of(fold, {}).warnings == (
        "the event loop was blocked in 3 intervals, for up to 300ms (after 0.0 s): something did "
        "not await, or the machine was busy",
    )


def test_what_others_used_while_the_loop_was_blocked_is_reported() -> None:
    """Of those intervals alone, and only where it is known at all."""
    fold = measuring()
    busy = Health(loop_lag_ns=40_000_000, wall_ns=100_000_000, foreign_ns=140_000_000)
    fold.add(samples(0, [1_000], health=Health(wall_ns=100_000_000, foreign_ns=10_000_000)))
    fold.add(samples(1, [1_000], health=busy))
    fold.add(samples(2, [1_000], health=Health(wall_ns=100_000_000, foreign_ns=10_000_000)))
    (warning,) = result_of(fold, {}).warnings
    assert warning.endswith("busy (other processes used 1.4 processors meanwhile)")
    stolen = Health(loop_lag_ns=40_000_000, wall_ns=100_000_000, steal_ns=60_000_000)
    fold.add(samples(3, [1_000], health=stolen))
    (warning,) = result_of(fold, {}).warnings
    assert warning.endswith(
        "(other processes used 0.7 processors, the hypervisor took 0.3 meanwhile)"
    )


def test_what_blocked_the_loop_is_in_the_warning() -> None:
    fold = measuring()
    causes = ["at a.py:3 in read", "at a.py:3 in read", "waiting for a processor", ""]
    fold.add(samples(0, [1_000], health=blocked(40, causes[0])))
    assert warned(fold) == "for 40.0ms (after 0.0 s): at a.py:3 in read"
    for number, cause in enumerate(causes[1:], 1):
        fold.add(samples(2 * number, [1_000], health=blocked(30, cause)))
    assert warned(fold).endswith(": 2 at a.py:3 in read, 1 waiting for a processor, 1 not known")
    blocks = result_of(fold, {}).blocks
    assert blocks.causes[0] == BlockCause("at a.py:3 in read", 2, 40_000_000)


def test_a_place_that_was_also_seen_less_surely_is_one_cause() -> None:
    fold = measuring()
    for number, word in enumerate(("at", "near", "at")):
        fold.add(samples(number, [1_000], health=blocked(30 + number, f"{word} a.py:3 in read")))
    assert warned(fold).endswith(": near a.py:3 in read")
    assert result_of(fold, {}).blocks.causes == (BlockCause("near a.py:3 in read", 3, 32_000_000),)


def test_of_many_causes_the_most_frequent_are_named_and_what_is_not_known() -> None:
    fold = measuring()
    for number in range(12):
        cause = f"at a.py:{number // 2} in f" if number < 11 else ""
        fold.add(samples(number, [1_000], health=blocked(30, cause)))
    named = "2 at a.py:0 in f, 2 at a.py:1 in f, 2 at a.py:2 in f, 2 at a.py:3 in f"
    assert warned(fold).endswith(f": {named}, 1 not known, 3 elsewhere")


def test_intervals_that_become_one_keep_what_blocked_longer() -> None:
    fold = measuring()
    fold.add(samples(0, [1_000], health=blocked(30, "at a.py:1 in f")))
    fold.add(samples(1, [1_000], health=blocked(60, "at b.py:2 in g")))
    fold.add(samples(MAX_INTERVALS, [1_000]))
    assert result_of(fold, {}).blocks.causes == (BlockCause("at b.py:2 in g", 1, 60_000_000),)


def test_the_moments_of_the_longest_blocks_are_named() -> None:
    fold = measuring()
    for index, lag_ms in {3: 40, 12: 129, 13: 129, 40: 30, 50: 60, 60: 61, 70: 62, 75: 24}.items():
        fold.add(samples(index, [1_000], health=Health(loop_lag_ns=lag_ms * 1_000_000)))
    assert result_of(fold, {}).warnings == (
        "the event loop was blocked in 7 intervals, for up to 129ms (after 0.3, 1.2, 5.0, 6.0 and "
        "7.0 s, and 1 more): something did not await, or the machine was busy",
    )
