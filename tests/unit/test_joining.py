"""What waits to be folded in is joined, and nothing that a reader sees depends on that."""

from __future__ import annotations

import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.joining import joined
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Health,
    LogLine,
    Message,
    Part,
    Pulse,
    RunPlanned,
    Samples,
    StateChanged,
)
from cortex_tui.results.run_fold import RunFold

PROFILE = Profile(suite="s", name="p", workload="a:b", stop=Length(60_000_000_000))


def raw(*values_ns: int) -> bytes:
    return array.array("q", values_ns).tobytes()


values = st.lists(st.integers(0, 10**10), max_size=4).map(lambda each: raw(*each))
samples = st.builds(
    Samples,
    run=st.just(0),
    phase=st.just("measure"),
    interval=st.integers(0, 2),
    runner=st.integers(0, 3),
    service=values,
    response=values,
    lateness=values,
    failures=values,
    errors=st.dictionaries(st.sampled_from(["A", "B"]), st.integers(1, 9)),
    tracebacks=st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["x", "y"])),
    unstarted=st.integers(0, 3),
    in_flight=st.integers(0, 3),
    at_ns=st.integers(1, 10**9),
    health=st.builds(
        lambda lag_ns, pauses: Health(
            loop_lag_ns=lag_ns, gc_pauses=pauses, block_cause=f"at a.py:{lag_ns} in f"
        ),
        st.integers(0, 9),
        st.integers(0, 3),
    ),
    spanned=st.dictionaries(
        st.integers(0, 2), st.builds(Health, loop_lag_ns=st.integers(0, 9)), max_size=2
    ),
)


def folded(messages: list[Message]) -> RunFold:
    fold = RunFold(RunPlanned(0, PROFILE, (), runners=(0, 1, 2, 3)))
    fold.change(StateChanged(0, RunLife("measure"), 0))
    for message in messages:
        if isinstance(message, Samples):
            fold.add(message)
    return fold


def facts(fold: RunFold) -> object:
    times = fold.times.values()
    return (
        [(each.total, each.min_ns, each.max_ns, each.encode()) for each in times],
        fold.shard_results,
        fold.errors,
        set(fold.tracebacks),
        [
            (index, each.service.total, each.failure.total, each.unstarted, each.errors)
            for index, each in fold.intervals
        ],
        [each.health for _, each in fold.intervals],
    )


@given(st.lists(samples, max_size=12))
def test_a_run_is_the_same_whether_its_messages_were_joined_or_not(batch: list[Message]) -> None:
    together = list(joined(batch))
    assert len({(m.phase, m.interval) for m in together if isinstance(m, Samples)}) == len(together)
    one_by_one, at_once = folded(batch), folded(together)
    assert facts(at_once) == facts(one_by_one)
    assert at_once.headline.mean_ns == pytest.approx(one_by_one.headline.mean_ns)


def test_values_stay_before_what_came_after_them() -> None:
    first = Samples(run=0, phase="measure", interval=0, runner=0, service=raw(1))
    second = msgspec.structs.replace(first, runner=1, service=raw(2, 3))
    pulse, change = Pulse(1), StateChanged(0, RunLife("ended", outcome="finished"), 2)
    found = list(joined([first, pulse, second, change, first, LogLine(0, "stdout", "x")]))
    whole = found[1]
    assert isinstance(whole, Samples)
    assert whole.service == raw(1, 2, 3)
    assert whole.parts == (Part(0, 1), Part(1, 2))
    assert found == [pulse, whole, change, first, LogLine(0, "stdout", "x")]


def test_what_is_joined_can_be_joined_again() -> None:
    one = Samples(run=0, phase="measure", interval=0, runner=0, service=raw(1))
    (once,) = joined([one, msgspec.structs.replace(one, runner=1)])
    (twice,) = joined([once, msgspec.structs.replace(one, runner=2)])
    assert isinstance(twice, Samples)
    assert twice.parts == (Part(0, 1), Part(1, 1), Part(2, 1))
