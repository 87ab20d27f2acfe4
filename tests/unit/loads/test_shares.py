"""What several runners do of one load is what one would have done."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_tui.limits import MAX_PROCESSES
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import LOADS, read_load
from cortex_tui.loads.schedule import ArrivalSchedule
from cortex_tui.loads.share import Share
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.toml.reading import RefusedError
from tests.unit.cli.door import call

SECOND_NS = 1_000_000_000
RAMP = StagedLoad("rate", (Stage(50, SECOND_NS), Stage(500, SECOND_NS, ramp=True)))


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_shares_are_the_whole_and_differ_by_one_at_most(total: int, of: int) -> None:
    shares = [Share(index, of) for index in range(of)]
    counts = [share.count(total) for share in shares]
    assert sum(counts) == total
    assert max(counts) - min(counts) <= 1
    numbers = [s.number(n) for s, c in zip(shares, counts, strict=True) for n in range(c)]
    assert sorted(numbers) == list(range(total))


@pytest.mark.parametrize("load", [OpenLoad(777.7), RAMP])
@pytest.mark.parametrize("of", [2, 3, 7])
@pytest.mark.parametrize("limit", [None, 500])
def test_constant_arrivals_of_all_shares_are_the_schedule_of_one_runner(
    load: Load, of: int, limit: int | None
) -> None:
    def arrivals(share: Share) -> list[int]:
        found = ArrivalSchedule(load, 5, 5 + 2 * SECOND_NS, limit, share=share)
        # A pause and a change of the rate come to all of them alike.
        taken = found.take_due(SECOND_NS // 3)
        found.shift(SECOND_NS, SECOND_NS // 3)
        taken += found.take_due(SECOND_NS * 3 // 2)
        found.scale(1.5, SECOND_NS * 3 // 2)
        return taken + found.take_due(1 << 62)

    together = sorted(at for index in range(of) for at in arrivals(Share(index, of)))
    assert together == pytest.approx(arrivals(Share()), abs=2)
    assert len(together) == len(arrivals(Share()))


COUNTS = st.integers(1, 200)
RATES = st.integers(1, 5_000)
THINKING: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"think_time": st.sampled_from(["0s", "5ms"])}
)
ARRIVING: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "arrivals": st.sampled_from(["constant", "poisson"]),
        "max_in_flight": COUNTS,
        "precise": st.booleans(),
    },
)


def stages_of(level: str, levels: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    stage = st.fixed_dictionaries(
        {level: levels, "for": st.sampled_from(["50ms", "300ms", "1s"])},
        optional={"ramp": st.booleans()},
    )
    return st.lists(stage, min_size=1, max_size=4)


def texts(rates: st.SearchStrategy[int]) -> st.SearchStrategy[object]:
    return rates.map(lambda rate: f"{rate}/s")


def joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


WRITTEN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "closed": joined(st.fixed_dictionaries({"workers": COUNTS}), THINKING),
    "open": joined(st.fixed_dictionaries({"rate": texts(RATES)}), ARRIVING),
    "staged": st.one_of(
        joined(st.fixed_dictionaries({"stages": stages_of("workers", COUNTS)}), THINKING),
        joined(st.fixed_dictionaries({"stages": stages_of("rate", texts(RATES))}), ARRIVING),
    ),
}
"""By kind of load, what a person may write for one."""


def test_every_load_of_the_registry_is_shared_below() -> None:
    assert WRITTEN.keys() == LOADS.keys()


@pytest.mark.parametrize("kind", LOADS)
@settings(max_examples=60)
@given(st.data())
def test_the_shares_of_any_load_are_what_one_runner_does(kind: str, data: st.DataObject) -> None:
    written = data.draw(WRITTEN[kind])
    whole = read_load(dict(written), "load")
    of = data.draw(st.integers(1, MAX_PROCESSES), "processes")
    if whole.idle_among(of):
        with pytest.raises(RefusedError, match="at most as many as"):
            read_load({**written, "processes": of}, "load")
        return
    load, shares = whole.among(of), [Share(index, of) for index in range(of)]
    assert load == read_load({**written, "processes": of}, "load")
    assert load.steady().shared_by == of
    iterations, batch = data.draw(st.integers(1, 10_000)), data.draw(st.integers(1, 50))
    if load.has_workers:
        for at_ns in data.draw(st.lists(st.integers(0, 4 * SECOND_NS), max_size=5)):
            workers = round(load.levels().at(at_ns))
            assert sum(share.count(workers) for share in shares) == workers
        alone = Share().in_batches(iterations, batch)
        assert sum(share.in_batches(iterations, batch) for share in shares) == alone
        assert load.worker_rules == whole.worker_rules
        return
    rules = load.arrival_rules
    assert rules is not None
    assert sum(share.count(rules.max_in_flight) for share in shares) == rules.max_in_flight
    assert min(share.count(rules.max_in_flight) for share in shares) > 0

    def arrivals(share: Share, limit: int | None) -> list[int]:
        return ArrivalSchedule(load, 7, 7 + SECOND_NS, limit, 11, share).take_due(1 << 62)

    for limit in (None, iterations):
        together = sorted(at for share in shares for at in arrivals(share, limit))
        if rules.arrivals == "constant":
            assert together == arrivals(Share(), limit)
        assert limit is None or len(together) <= limit


def test_shares_of_stages_with_broken_units_round_alike() -> None:
    stages: list[dict[str, Any]] = [
        {"rate": "1/s", "for": "50ms", "ramp": True},
        {"rate": "1/s", "for": "300ms"},
        {"rate": "225/s", "for": "500ms"},
    ]
    load = read_load({"stages": stages}, "load").among(10)
    shares = [ArrivalSchedule(load, 7, share=Share(index, 10)) for index in range(10)]
    together = sorted(at for share in shares for at in share.take_due(1 << 62))
    assert together == ArrivalSchedule(load, 7).take_due(1 << 62)


@pytest.mark.parametrize("of", [1, 2, 5, 16])
def test_poisson_shares_are_together_a_poisson_process(of: int) -> None:
    """By the test of Kolmogorov and Smirnov: gaps are exponential, however many share them."""
    rate, seconds = 2_000.0, 10
    load = OpenLoad(rate, arrivals="poisson")
    together = sorted(
        at
        for index in range(of)
        for at in ArrivalSchedule(
            load, 0, seconds * SECOND_NS, seed=5, share=Share(index, of)
        ).take_due(1 << 62)
    )
    gaps = sorted(later - at for at, later in pairwise(together))
    farthest = max(
        abs((place + 0.5) / len(gaps) - (1 - math.exp(-gap * rate / SECOND_NS)))
        for place, gap in enumerate(gaps)
    )
    # 1.95 over the root of the number is exceeded once in a thousand.
    assert farthest < 1.95 / math.sqrt(len(gaps))


def test_poisson_shares_are_independent_and_have_the_rate_together() -> None:
    load = OpenLoad(2_000.0, arrivals="poisson")
    shares = [
        ArrivalSchedule(load, 0, 10 * SECOND_NS, seed=3, share=Share(index, 4)).take_due(1 << 62)
        for index in range(4)
    ]
    assert len({tuple(share[:3]) for share in shares}) == 4
    # Of 20,000 the standard deviation is 141, of 5,000 it is 71.
    assert sum(map(len, shares)) == pytest.approx(20_000, abs=5 * 141)
    assert all(len(share) == pytest.approx(5_000, abs=5 * 71) for share in shares)


@pytest.mark.parametrize(
    ("toml", "text"),
    [
        ("load = { workers = 2, processes = 3 }", "load.processes: expected at most as many as"),
        ("load = { workers = 2, processes = 0 }", "load.processes: expected a whole number from 1"),
        (
            'load = { stages = [{ workers = 2, for = "5s" }], processes = 3 }',
            "load.processes: expected at most as many as workers (2), got 3",
        ),
        (
            'load = { rate = "50/s", max_in_flight = 2, processes = 3 }',
            "load.processes: expected at most as many as max_in_flight (2), got 3",
        ),
        ('load = { workers = 2, processes = 2 }\nbatch = "auto"', "batch: expected a number"),
        ("load = { workers = 2, processes = 2 }\niterations = 1", "iterations: expected at least"),
        ('load = { workers = 2, processes = 2 }\ndatabase = "shared"', 'database: expected "own"'),
        ("load = { processes = 2 }", "load.processes: expected workers, rate or stages with it"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], toml: str, text: str
) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f'[profile.a]\nworkload = "cortex.get"\n{toml}\n', encoding="utf-8")
    checked = call(capsys, "check", str(file))
    assert text in checked.out + checked.err


def test_processes_are_listed_and_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(
        '[profile.a]\nworkload = "cortex.get"\nload = { rate = "50k/s", processes = 2 }\n',
        encoding="utf-8",
    )
    assert "50.0k/s, 2 processes" in call(capsys, "list", "--profiles", "x.toml", "x.a").out
    assert "processes" in json.dumps(json.loads(call(capsys, "schema").out)["$defs"]["load"])


def test_in_process_there_is_one_process_and_the_run_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("async def quick(): pass\n", encoding="utf-8")
    (tmp_path / "x.toml").write_text(
        '[profile.a]\nworkload = "one:quick"\nload = { workers = 2, processes = 2 }\n'
        "iterations = 11\nwarmup = 0\n",
        encoding="utf-8",
    )
    done = call(
        capsys, "run", "x.a", "--profiles", "x.toml", "--in-process", "--loop", "asyncio",
        "--json", "-",
    )  # fmt: skip
    (run,) = json.loads(done.out)["runs"]
    assert (run["state"], run["operations"]) == ("finished", 11)
    assert "ran in one process, not in the 2 of its load" in run["warnings"]


SHARED = """
[defaults]
workload = "one:quick"
warmup = 0
iterations = 101
[profile.a]
load = { workers = 3, processes = 2 }
[profile.b]
load = { workers = 3 }
[profile.alone]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("async def quick(): pass\n", encoding="utf-8")
    (tmp_path / "cortex-tui.toml").write_text(SHARED, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("processes", [1, 3])
def test_processes_of_the_command_line_take_the_place_of_those_of_the_loads(
    folder: Path, capsys: pytest.CaptureFixture[str], processes: int
) -> None:
    done = call(
        capsys, "run", "cortex-tui.a", "cortex-tui.b", "--processes", str(processes), "--json", "-",
    )  # fmt: skip
    assert done.code == 0, done.err
    runs = json.loads(done.out)["runs"]
    assert [run["load"].get("processes") for run in runs] == [processes] * 2
    assert [run["operations"] for run in runs] == [101] * 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ("cortex-tui.alone", "--processes", "2"),
            "--processes: cortex-tui.alone cannot have 2 processes: expected at most as many as "
            "workers (1), got 2",
        ),
        (("cortex-tui.a", "--processes", "0"), "--processes"),
        (("cortex-tui.a", "--processes", "2", "--in-process"), "there is one process in this pro"),
        (("cortex-tui.a", "--processes", "2", "--dry-run"), "expected no --processes with it"),
        (
            ("cortex-tui.a", "--processes", "3", "--against", "HEAD", "--processes", "102"),
            "--processes",
        ),
    ],
)
def test_processes_that_cannot_be_are_refused_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str
) -> None:
    done = call(capsys, "run", *words)
    assert done.code == 2
    assert text in " ".join(done.err.split())
    assert not (folder / ".cortex-tui").exists()
