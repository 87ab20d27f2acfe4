"""The lines below the table: what a reader should know of a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.report.summary import summary
from cortex_tui.results.blocked import Blocks
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.waits import waits_of
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.records import MarkRecord
from tests.unit.report.stand_in import profile, run_view, session_view


def test_what_was_done_and_what_disturbed_is_reported() -> None:
    run = run_view(
        marks=(
            MarkRecord(2_300_000_000, "500 → 625/s"),
            *(MarkRecord(3_000_000_000, "paused") for _ in range(20)),
        ),
        slowest="3 of the 5 slowest intervals had a GC pause",
        warmup_ns=1_200_000_000,
    )
    settled = msgspec.structs.replace(run.profile, auto_warmup=True)
    lines = summary(session_view(msgspec.structs.replace(run, profile=settled))).split("\n")
    for line in (
        "shop.steady: mark: after 2.30s: 500 → 625/s",
        "shop.steady: mark: and 9 more",
        "shop.steady: slowest: 3 of the 5 slowest intervals had a GC pause",
        "shop.steady: warm-up: ended after 1.20s",
    ):
        assert line in lines
    assert lines.count("shop.steady: mark: after 3.00s: paused") == 11
    assert not any("warm-up" in line for line in summary(session_view(run)).split("\n"))


@pytest.mark.parametrize(
    ("drained", "paused", "drain_ns", "line"),
    [
        (6, True, 0, "6 operations ended after the end of measure, or were done in pauses; "),
        (4, True, 0, ""),
        (6, False, 0, ""),
        (1, False, 200_000_000, "1 operation ended after the end of measure, within 200ms; "),
    ],
)
def test_what_has_no_part_in_throughput_is_reported_where_it_is_much(
    drained: int, paused: bool, drain_ns: int, line: str
) -> None:
    run = run_view(
        marks=(MarkRecord(2_000_000_000, "paused"),) if paused else (),
        operations=100, drained=drained, drain_ns=drain_ns, measured_ns=3_000_000_000,
    )  # fmt: skip
    lines = [each for each in summary(session_view(run)).split("\n") if ": drained: " in each]
    assert len(lines) == bool(line)
    assert all(each.startswith(f"shop.steady: drained: {line.strip()}") for each in lines)


def test_growth_over_a_matrix_is_reported_once() -> None:
    missed = TargetResult("scaling(n) <= 1.1", 1.723, "missed")
    runs = [
        msgspec.structs.replace(
            run_view(number, targets=(missed,)),
            profile=profile(f"grow[n={number}]", base="grow", matrix={"n": number}),
        )
        for number in (1, 2, 3)
    ]
    lines = summary(session_view(*runs)).split("\n")
    assert [line for line in lines if "scaling" in line] == [
        "shop.grow: missed: scaling(n) <= 1.1: 1.72"
    ]


def test_only_open_loads_need_no_word_on_queueing() -> None:
    runs = [
        msgspec.structs.replace(
            run_view(number), profile=profile(f"p{number}", load=OpenLoad(500.0))
        )
        for number in range(2)
    ]
    assert "closed" not in summary(session_view(*runs))
    runs += [run_view(number, f"closed-{number}") for number in range(2, 8)]
    (line,) = (x for x in summary(session_view(*runs)).split("\n") if x.startswith("closed"))
    assert line.startswith(
        "closed: shop.closed-2, shop.closed-3, shop.closed-4, shop.closed-5 and 2 more: "
    )


def test_what_measuring_itself_costs_is_said() -> None:
    view = session_view(run_view(), clock_cost_ns=48.2, await_cost_ns=71.0, loop="uvloop")
    assert (
        "measured with uvloop in a process of its own: timing adds 48ns to an operation, and "
        "awaiting one that does nothing takes 71ns"
    ) in summary(view, width=10_000).split("\n")


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (TargetResult("p95 < 50ms", 61_200_000.0, "missed"), "missed: p95 < 50ms: 61.2ms"),
        (
            TargetResult("p99 < 1ms", None, "undecided", "needs 120 more operations"),
            "undecided: p99 < 1ms: needs 120 more operations",
        ),
        (TargetResult("errors == 0", 3.0, "missed"), "missed: errors == 0: 3"),
        (
            TargetResult("throughput >= 500/s", 12.5, "missed"),
            "missed: throughput >= 500/s: 12.5/s",
        ),
        (TargetResult("error_rate < 1%", 0.02, "missed"), "missed: error_rate < 1%: 2.000%"),
        (
            TargetResult("p95 < 50ms", 1_000_000.0, "met", "flattered: 9 are missing from it"),
            "met: p95 < 50ms: 1.00ms (flattered: 9 are missing from it)",
        ),
        (
            TargetResult("p95 < 2ms", 6_200_000.0, "missed", warn=True),
            "warning: missed p95 < 2ms: 6.20ms",
        ),
    ],
)
def test_a_target_that_needs_words_has_them(target: TargetResult, line: str) -> None:
    text = summary(session_view(run_view(targets=(target,))))
    assert f"shop.steady: {line}" in text.split("\n")


def test_what_a_number_alone_hides_is_said() -> None:
    text = summary(
        session_view(
            run_view(
                state="failed",
                reason="setup: no such table\x1b[31m",
                unfinished=2,
                unstarted=1_500,
                warnings=("shares its loop with the screen",),
                traceback="Traceback:\n  File x\nValueError: \x07\n",
            ),
            run_view(1, "other", traceback="Traceback:\n  File x\nValueError: \x07\n"),
            store_error="no space left",
            stored=False,
        ),
        store=Path("x.db"),
    )
    lines = text.split("\n")
    for line in (
        "shop.steady: failed: setup: no such table␛[31m",
        "shop.steady: unfinished: 2 had not ended when the run did",
        "shop.steady: unstarted: 1,500 were due, but never started",
        "shop.steady: warning: shares its loop with the screen",
    ):
        assert line in lines
    at = lines.index("shop.steady, shop.other:")
    assert lines[at + 1 : at + 4] == ["  Traceback:", "    File x", "  ValueError: ␇"]
    assert lines[-1] == "not stored: no space left"


def test_notes_are_wrapped_at_words_to_the_width_of_the_terminal() -> None:
    warning = " ".join(["every word of a long warning is here"] * 6)
    view = session_view(run_view(warnings=(warning,)))
    wide, narrow = (summary(view, width=width, colour=True) for width in (10_000, 60))
    assert " ".join(narrow.split()).endswith(" ".join(wide.split("\n\n")[-1].split()))
    assert all(len(re.sub(r"\x1b\[\d*m", "", line)) <= 60 for line in narrow.split("\n"))


def test_a_loop_that_was_blocked_is_reported_once_for_all_that_shared_it() -> None:
    found = [Blocks(1, 129_000_000, (0,)), Blocks(3, 129_000_000, (0, 1_200_000_000))]
    runs = [
        run_view(n, name, blocks=blocks, warnings=(blocks.warning,), neighbours=("x",))
        for n, (name, blocks) in enumerate(zip("ab", found, strict=True))
    ]
    text = summary(session_view(*runs), width=10_000)
    assert text.count("the event loop was blocked") == 1
    assert f"warning: {found[1].warning}; seen by shop.a, shop.b" in text
    assert f"shop.a: warning: {found[0].warning}" in summary(session_view(runs[0]), width=10_000)


def test_where_operations_were_in_flight_is_reported_where_there_are_few_profiles() -> None:
    waits = waits_of({"orders.py:14 in operation": 30, "orders.py:9 in acquire": 90, "": 30})
    line = "in flight: 60 % at orders.py:9 in acquire; 20 % at orders.py:14 in operation"
    few = [run_view(n, name, waits=waits) for n, name in enumerate("abc")]
    assert summary(session_view(*few), width=10_000).count(line) == 3
    many = [*few, run_view(3, "d", waits=waits)]
    assert "in flight" not in summary(session_view(*many), width=10_000)


def test_of_few_looks_no_shares_are_reported() -> None:
    """By chance alone, they could be far from those of the operations' time."""
    few = run_view(0, "a", waits=waits_of({"orders.py:14 in operation": 29}))
    assert "in flight" not in summary(session_view(few), width=10_000)


def test_a_warning_that_runs_measured_together_have_in_common_stands_once() -> None:
    runs = [
        run_view(n, name, warnings=("neighbours changed: 2 → 1",), neighbours=("x",))
        for n, name in enumerate("abcdef")
    ]
    text = summary(session_view(*runs), width=10_000)
    assert text.count("neighbours changed") == 1
    assert "; seen by shop.a, shop.b, shop.c, shop.d and 2 more" in text


WAITING = "orders.py:9 in acquire, awaiting Semaphore (asyncio/locks.py)"


def test_places_that_say_nothing_of_what_is_waited_for_are_left_out() -> None:
    nothing = run_view(0, "a", waits=waits_of({"handlers.py:40 in handle": 90}))
    assert "in flight" not in summary(session_view(nothing), width=10_000)
    for counts in ({WAITING: 90}, {"handlers.py:40 in handle": 60, "handlers.py:9 in ask": 30}):
        waited = run_view(0, "a", waits=waits_of(counts))
        assert "in flight" in summary(session_view(waited), width=10_000)


@pytest.mark.parametrize(("blocked", "shown"), [(0, False), (10, False), (30, True), (100, True)])
def test_where_the_loop_was_blocked_often_waits_do_not_pass_for_all_that_is_done(
    blocked: int, shown: bool
) -> None:
    blocks = Blocks(blocked, 60_000_000, (100_000_000,)) if blocked else Blocks()
    run = run_view(0, "a", waits=waits_of({WAITING: 90}), blocks=blocks, measured_ns=10_000_000_000)
    (line,) = (
        line for line in summary(session_view(run), width=10_000).split("\n") if "in flight" in line
    )
    assert line.startswith(f"shop.a: in flight: 100 % at {WAITING}")
    assert ("what computes is not seen here" in line) is shown


def test_it_is_said_how_long_is_long_enough() -> None:
    line = "too short: measure 2 s or longer (--duration)\n"
    missing = {"p99.9": 9_000}
    short = run_view(measured_ns=1_000_000_000, samples_missing=missing)
    assert line in summary(session_view(short), width=10_000)
    known = dict.fromkeys(("p50", "p90", "p99"), (80_000, 90_000))
    for run in (
        run_view(measured_ns=1_000_000_000, samples_missing=missing, confidence_ns=known),
        run_view(measured_ns=3_000_000_000, samples_missing=missing),
    ):
        assert line not in summary(session_view(run), width=10_000)


def of_test(**fields: Any) -> RunResult:
    """A run of a test that is called for a second, which lacks a p99.9."""
    asked = msgspec.structs.replace(
        profile("test_a"), workload="pytest:test_a.py::test_a", stop=Length(1_000_000_000)
    )
    fields = {"samples_missing": {"p99.9": 10_000}, "max_ns": 1_000_000, **fields}
    return msgspec.structs.replace(run_view(**fields), profile=asked)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"measured_ns": 1_000_000_000, "operations": 90}, True),
        ({"measured_ns": 4_000_000_000, "operations": 5, "max_ns": 800_000_000}, True),
        ({"measured_ns": 2_400_000_000, "operations": 3, "max_ns": 800_000_000}, False),
        ({"measured_ns": 300_000_000, "operations": 20}, False),
        ({"measured_ns": 8_000_000_000, "operations": 10, "max_ns": 800_000_000}, False),
    ],
    ids=["until its time is over", "the fewest", "3 rounds", "short rounds", "long rounds"],
)
def test_a_test_that_has_its_number_of_rounds_is_not_to_run_longer(
    fields: dict[str, Any], shown: bool
) -> None:
    assert ("longer: " in summary(session_view(of_test(**fields)), width=10_000)) is shown


def test_a_run_that_had_its_operations_is_not_to_run_longer() -> None:
    run = run_view(measured_ns=3_000_000_000, operations=200, samples_missing={"p99.9": 9_800})
    assert "longer: " in summary(session_view(run), width=10_000)
    counted = msgspec.structs.replace(run.profile, stop=Length(iterations=200))
    run = msgspec.structs.replace(run, profile=counted)
    assert "longer: " not in summary(session_view(run), width=10_000)


def test_how_much_longer_to_run_does_not_depend_on_how_many_fail_in_batches() -> None:
    def longer(operations: int, failed: int) -> str:
        run = run_view(
            measured_ns=2_000_000_000,
            batch=10,
            operations=operations,
            failed_in_batches=failed,
            samples_missing={"p99.9": 9_000},
        )
        lines = summary(session_view(run), width=10_000).split("\n")
        return next(line for line in lines if line.startswith("longer: "))

    assert longer(5_000, 5_000) == longer(10_000, 0)
    assert longer(5_000, 5_000).startswith("longer: --duration 2")


def test_of_runs_with_a_fixed_number_a_longer_duration_is_not_promised() -> None:
    missing = {"p99.9": 9_800}
    run = run_view(measured_ns=3_000_000_000, operations=200, samples_missing=missing)
    counted = msgspec.structs.replace(run.profile, name="counted", stop=Length(iterations=200))
    iterations = msgspec.structs.replace(run, profile=counted)
    rounds = of_test(measured_ns=300_000_000, operations=20)
    tests = of_test(measured_ns=1_000_000_000, operations=90)
    for runs, whose in (
        ([run, tests], "for every p99.9, at"),
        ([tests, rounds], "for every p99.9 of runs without fixed rounds, at"),
        ([iterations, run], "for every p99.9 of runs without fixed iterations, at"),
        ([rounds, run, iterations], "for every p99.9 of runs without fixed iterations or rounds, "),
    ):
        assert whose in summary(session_view(*runs), width=10_000)


def test_what_a_load_cannot_see_is_not_reported_of_runs_that_all_failed() -> None:
    runs = [
        run_view(n, name, state="failed", neighbours=("x",), samples_missing={"p99": 100})
        for n, name in enumerate("ab")
    ]
    footers = re.compile("^(closed|together|longer|too short): ", re.MULTILINE)
    assert not footers.search(summary(session_view(*runs), width=10_000))
    runs[1] = run_view(1, "b", neighbours=("x",))
    assert footers.search(summary(session_view(*runs), width=10_000))
