"""The text that stays when a session has ended."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.report.summary import summary
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shard_result import ShardResult, unevenness
from cortex_tui.stats.targets import TargetResult
from tests.tui.samples import staged
from tests.unit.report.stand_in import run_view, session_view


def test_a_row_for_each_run_and_where_the_session_is_stored() -> None:
    text = summary(
        session_view(
            run_view(
                0,
                "steady",
                verdict="met",
                percentiles_ns=dict.fromkeys(("p50", "p90", "p99", "p99.9"), 81_000),
            ),
            run_view(
                1,
                "long-name",
                errors={"TimeoutError": 2},
                verdict="missed",
                percentiles_ns=dict.fromkeys(("p50", "p90", "p99", "p99.9"), 1_230_000),
            ),
        ),
        width=200,
        store=Path(".cortex-tui/snapshots.db"),
    )
    assert text.split("\n") == [
        "profile         load      state     operations  op/s     p50     p90     p99   p99.9"
        "     max  errors  targets",
        "shop.steady     1 worker  finished       12.3k  2469  81.0µs  81.0µs  81.0µs  81.0µs"
        "  45.6ms       0  met",
        "shop.long-name  1 worker  finished       12.3k  2469  1.23ms  1.23ms  1.23ms  1.23ms"
        "  45.6ms       2  missed",
        "",
        "shop.long-name: errors: 2 × TimeoutError",
        "closed: every load here: a worker waits for its last operation, so queueing cannot be "
        "seen (a load with a rate sees it)",
        "",
        "session 20260101T000000-abc is stored in .cortex-tui/snapshots.db",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_the_table_fits_the_terminal_and_keeps_name_and_verdict(width: int) -> None:
    run = run_view(
        verdict="missed",
        confidence_ns=dict.fromkeys(("p50", "p90", "p99"), (999000, 12300000)),
        samples_missing={"p99.9": 1_234},
    )
    lines = summary(session_view(run), width=width).split("\n")
    at = lines.index("")
    assert all(len(line) <= width for line in lines[at + 2 : at + 4])
    lines = lines[:at]
    assert all(len(line) <= width for line in lines)
    assert lines[1].startswith("shop.steady")
    assert lines[1].endswith("missed")
    assert "p99" in lines[0].split()


def test_a_percentile_is_shown_with_its_interval_or_with_what_it_lacks() -> None:
    runs = [
        run_view(
            confidence_ns={"p50": (80_100, 82_300), "p90": (88_000, 1_200_000)},
            samples_missing={"p99.9": 4_200},
        ),
        run_view(1, "short", samples_missing={"p99.9": 9_990}),
        run_view(2, "none", operations=0, samples_missing={"p50": 20}),
    ]
    lines = summary(session_view(*runs), width=200).split("\n")
    at = next(
        number
        for number, line in enumerate(lines)
        if line.startswith("the 95 % confidence interval of each percentile")
    )
    rows = [re.split(r"\s{2,}", line) for line in lines[at + 1 : at + 4]]
    assert rows == [
        ["profile", "p50", "p90", "p99", "p99.9"],
        ["shop.steady", "80.1–82.3µs", "88.0µs–1.20ms (×14)", "too short", "needs 4200 more"],
        ["shop.short", "too short", "too short", "too short", "needs 9990 more"],
    ]
    assert lines[at + 4] == ""
    assert re.split(r"\s{2,}", lines[1])[8] == "–"


def test_percentiles_of_batches_are_named_so() -> None:
    run = run_view(
        batch=256,
        mean_ns=81.2,
        samples_missing={"p99.9": 10},
        confidence_ns={"p50": (1, 2)},
    )
    lines = summary(session_view(run), width=200).split("\n")
    assert lines[1].startswith("shop.steady (batches of 256)  1 worker  finished")
    assert lines[5].endswith("  needs 2560 more")
    assert (
        "shop.steady: batches: 81ns an operation on average; percentiles and max are of batches "
        "of 256, timed as one"
    ) in lines


def test_the_rounds_of_a_profile_stand_together_and_say_how_far_they_lie_apart() -> None:
    runs = [
        run_view(
            number, name, round=1 + number // 2, percentiles_ns={"p50": 80_000 + 1_000 * number}
        )
        for number, name in enumerate(["steady", "other", "steady", "other"])
    ]
    missed = TargetResult("p95 < 50ms", 61_200_000.0, "missed")
    runs[2] = msgspec.structs.replace(runs[2], targets=(missed,))
    lines = summary(session_view(*runs, rounds=2), width=200).split("\n")
    assert [line.split()[:2] for line in lines[:5]] == [
        ["profile", "round"],
        ["shop.steady", "1"],
        ["shop.steady", "2"],
        ["shop.other", "1"],
        ["shop.other", "2"],
    ]
    assert "shop.steady round 2: missed: p95 < 50ms: 61.2ms" in lines
    assert "shop.steady: 2 rounds: p50 80.0–82.0µs, 2.5% apart" in lines
    assert "shop.other: 2 rounds: p50 81.0–83.0µs, 2.4% apart" in lines


def test_each_variant_of_a_profile_has_its_rounds_together() -> None:
    runs = [
        run_view(
            number,
            round=1 + number // 2,
            variant=("main", "work")[number % 2],
            percentiles_ns={"p50": 80_000 + number},
            warnings=("odd",) * (number == 1),
        )
        for number in range(4)
    ]
    lines = summary(session_view(*runs, rounds=2), width=200).split("\n")
    assert [line.split()[:3] for line in lines[:5]] == [
        ["profile", "variant", "round"],
        ["shop.steady", "main", "1"],
        ["shop.steady", "main", "2"],
        ["shop.steady", "work", "1"],
        ["shop.steady", "work", "2"],
    ]
    assert "shop.steady work round 1: warning: odd" in lines
    assert any(line.startswith("shop.steady work: 2 rounds: p50 ") for line in lines)


def test_each_stage_of_a_load_has_a_line() -> None:
    run = staged()
    lines = summary(session_view(run), width=100).split("\n")
    at = lines.index("the stages of search.steady")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["stage", "level", "for", "ops", "ops/s", "p50", "p95", "p99", "err"],
        ["1", "100/s", "5.00s", "500", "100", "62.1µs", "120µs", "–", "0"],
        ["2", "100→1000/s", "10.0s", "5500", "550", "248µs", "1.20ms", "8.12ms", "7"],
    ]


def test_a_session_that_died_says_why() -> None:
    text = summary(session_view(state="died", died="the runner was killed by signal 9"))
    assert "died: the runner was killed by signal 9" in text


def test_colour_only_adds_to_words() -> None:
    view = session_view(run_view(verdict="missed", errors={"OSError": 1}, state="failed"))
    plain, coloured = summary(view), summary(view, colour=True)
    assert "\x1b[31mmissed\x1b[0m" in coloured
    stripped = coloured
    for code in ("31", "32", "33", "2", "0"):
        stripped = stripped.replace(f"\x1b[{code}m", "")
    assert stripped == plain


def test_a_row_says_with_how_many_neighbours_it_was_measured() -> None:
    missed = TargetResult("p95 < 50ms", 61_200_000.0, "missed")
    runs = [
        run_view(0, verdict="missed", targets=(missed,), neighbours=("shop.b", "shop.c")),
        run_view(1, "plain", neighbours=("shop.b",)),
        run_view(2, "alone", verdict="met"),
    ]
    for width, texts in (
        (200, ["missed, with 2 neighbours", "with 1 neighbour", "met"]),
        (80, ["missed +2", "+1", "met"]),
    ):
        lines = summary(session_view(*runs), width=width).split("\n")
        assert [re.split(r"\s{2,}", line)[-1] for line in lines[1:4]] == texts
    notes = summary(session_view(*runs), width=10_000)
    assert "shop.steady: missed with 2 neighbours: p95 < 50ms: 61.2ms" in notes
    assert "neighbour" not in summary(session_view(run_view()), width=200)


def shard(number: int, p99_ns: int, **fields: Any) -> ShardResult:
    known = {"operations": 6_000, "percentiles_ns": {"p50": 50_000, "p99": p99_ns}}
    within = (p99_ns - 10, p99_ns + 10)
    return ShardResult(number=number, **{"p99_within_ns": within, **known, **fields})


def with_shards(*shards: ShardResult, **fields: Any) -> RunResult:
    return run_view(shards=shards, unevenness=unevenness(shards), **fields)


def test_each_process_of_a_run_has_a_line_and_a_lost_one_the_moment() -> None:
    run = with_shards(
        shard(1, 1_000_000, state="finished"),
        shard(2, 1_800_000, state="lost", ended_ns=1_230_000_000, machine="anvil"),
        partial="process 2 of 2 was lost at 1.23s: killed",
    )
    text = summary(session_view(run))
    assert "finished, partial" in text
    assert "the shards of shop.steady: p99 1.23ms of all operations, 1.80ms of shard 2;" in text
    assert "shard 2's p99 is 1.8 times the median of the others" in " ".join(text.split())
    assert re.search(r"\n +2  anvil +6000 .*1\.80ms .* 0  lost at 1\.23s\n", text)


def test_of_many_processes_those_that_matter_have_a_line() -> None:
    shards = [shard(n, 1_000_000 + n, state="running") for n in range(1, 101)]
    shards[6] = shard(7, 900_000, state="lost")
    text = summary(session_view(with_shards(*shards)))
    assert re.search(r"\n +7 .* lost\n", text)
    assert re.search(r"\n +100 .* running\n", text)
    assert not re.search(r"\n +50 .* running\n", text)
    assert "and 84 more" in text


def test_of_several_rounds_only_those_have_a_table_in_which_something_happened() -> None:
    even = with_shards(shard(1, 1_000_000), shard(2, 1_000_001))
    uneven = with_shards(shard(1, 1_000_000), shard(2, 3_000_000), round=2)
    text = summary(session_view(even, uneven, rounds=2))
    assert "the shards of shop.steady round 2" in text
    assert text.count("the shards of") == 1
