"""What several runners do of one load is what one would have done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.schedule import ArrivalSchedule
from cortex_tui.loads.share import Share
from cortex_tui.loads.staged import Stage, StagedLoad
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
    ("toml", "said"),
    [
        ("load = { workers = 2, processes = 3 }", "load.processes: expected at most as many as"),
        ("load = { workers = 2, processes = 0 }", "load.processes: expected a whole number from 1"),
        (
            'load = { stages = [{ workers = 2, for = "5s" }], processes = 3 }',
            "load.processes: expected at most as many as workers (2), got 3",
        ),
        ('load = { workers = 2, processes = 2 }\nbatch = "auto"', "batch: expected a number"),
        ("load = { workers = 2, processes = 2 }\niterations = 1", "iterations: expected at least"),
        ('load = { workers = 2, processes = 2 }\ndatabase = "shared"', 'database: expected "own"'),
        ("load = { processes = 2 }", "load.processes: expected workers, rate or stages with it"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], toml: str, said: str
) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f'[profile.a]\nworkload = "cortex.get"\n{toml}\n', encoding="utf-8")
    checked = call(capsys, "check", str(file))
    assert said in checked.out + checked.err


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
