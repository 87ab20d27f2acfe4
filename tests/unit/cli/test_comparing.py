"""Comparisons through the door: stored sessions, their exit codes, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cortex_tui.analysis.noise import noise_of
from cortex_tui.cli.comparing import report_rounds_needed
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import EMPTY, merged
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionBatch,
    SessionRecord,
)
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import this_process
from tests.comparisons import write_session
from tests.unit.analysis.sides import Times, latencies, profile
from tests.unit.cli.door import Answer, call

FACTS = {"system": "Linux", "cpu": "x", "cores": 2, "python": "3.11.7", "implementation": "CPython"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stored(
    name: str,
    sides: dict[str, Sequence[Times]],
    *,
    environment: dict[str, Any] | None = None,
    of: Profile | None = None,
    health: Health | None = None,
    disturbed: int = 1,
    **fields: Any,
) -> None:
    """A session in the store, with a run for each variant ("" for none) and round."""
    runs: list[RunRecord] = []
    intervals: list[IntervalRecord] = []
    for variant, rounds in sides.items():
        for number, times in enumerate(rounds, 1):
            moments, run = EMPTY, len(runs)
            for slot, part in enumerate(np.array_split(times, 4)):
                one = IntervalHistogram.of(part.astype(np.int64).tobytes())
                moments = merged(moments, one.moments)
                # The first intervals were disturbed, if any were.
                intervals.append(
                    IntervalRecord(
                        run=run,
                        first=slot,
                        service=EncodedHistogram(one.encode(), one.moments),
                        health=health if health and slot < disturbed else Health(),
                    )
                )
            runs.append(
                RunRecord(
                    run=run,
                    profile=of or profile(),
                    state="finished",
                    round=number,
                    variant=variant,
                    measured_ns=int(times.sum()),
                    service=moments,
                )
            )

    async def write() -> None:
        async with await SqliteStore.open(Path(".cortex-tui/snapshots.db")) as store:
            record = SessionRecord(
                id=f"id-{name}",
                started_at="2026-01-01T10:00:00Z",
                environment=FACTS if environment is None else environment,
                writer=this_process(),
                **fields,
            )
            await store.begin_session(record)
            batch = SessionBatch(session=record.id, runs=tuple(runs), intervals=tuple(intervals))
            await store.write(batch)
            await store.finish_session(record.id, "finished")
            await store.name_snapshot(name, record.id)

    Path(".cortex-tui").mkdir(exist_ok=True)
    asyncio.run(write())


def with_noise(*names: str, deviation: float | None = None) -> list[NoiseRecord]:
    """Keeps the noise between those sessions, or one that is given, as that of their profile."""

    async def keep() -> list[NoiseRecord]:
        async with await SqliteStore.open(Path(".cortex-tui/snapshots.db")) as store:
            records = noise_of([await store.load(name) for name in names], "now")
            if deviation is not None:
                (one,) = records
                changed = dict.fromkeys(one.deviations, deviation)
                records = [
                    NoiseRecord(
                        profile=one.profile, machine=one.machine, deviations=changed, sessions=20
                    )
                ]
            await store.put_noise(records)
            return records

    return asyncio.run(keep())


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Answer, dict[str, Any]]:
    answer = call(capsys, "compare", *arguments, "--json")
    (found,) = json.loads(answer.out)["comparisons"] if answer.out else ({},)
    return answer, found


def test_without_knowing_the_noise_between_sessions_there_is_no_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = latencies(1, slower=1.5)
    stored("before", {"": a})
    stored("after", {"": b})
    answer, found = compared(capsys, "before", "after")
    judged = found["profiles"][0]["statistics"]["p95"]
    assert (answer.code, judged["verdict"]) == (4, "cannot tell")
    assert judged["ratio"] == pytest.approx(1.5, rel=0.05)
    assert "noise between sessions is not known" in judged["reason"]
    text = call(capsys, "compare", "before", "after", "--undecided", "pass")
    assert text.code == 0
    assert text.out.startswith("after against before: cannot tell\n")


def test_with_it_a_slowdown_beyond_the_noise_is_found_and_a_smaller_one_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(5):
        stored(f"n{number}", {"": latencies(number, drift=0.01)[0]})
    (record,) = with_noise(*(f"n{number}" for number in range(5)))
    assert record.sessions == 5
    assert 0 < record.deviations["p95"] < 0.1
    with_noise("n0", "n1", deviation=0.02)
    a, b = latencies(9, slower=1.3, drift=0.01)
    stored("before", {"": a})
    stored("after", {"": b})
    stored("little", {"": [times * 1.02 for times in a]})
    answer, found = compared(capsys, "before", "after")
    assert (answer.code, found["profiles"][0]["verdict"], found["paired"]) == (1, "slower", False)
    answer, found = compared(capsys, "after", "before")
    assert (answer.code, found["profiles"][0]["verdict"]) == (0, "faster")
    answer, found = compared(capsys, "before", "little")
    assert (answer.code, found["profiles"][0]["verdict"]) == (4, "cannot tell")


def test_variants_of_one_session_are_compared_round_by_round(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = latencies(3, slower=1.1, drift=0.3)
    variants = (Variant(name="main", revision="a" * 40), Variant(name="work", revision="b" * 40))
    stored("both", {"main": a, "work": b}, variants=variants, rounds=8)
    answer, found = compared(capsys, "both")
    assert (answer.code, found["paired"]) == (1, True)
    assert found["summary"].startswith("work against main: slower in s.p (+")
    assert [each["what"] for each in found["differences"]] == ["revision"]
    text = call(capsys, "compare", "both", "--brief").out
    assert f"revision: {'a' * 10} → {'b' * 10}" in text
    assert "measured in turns in one session" in text
    assert "throughput" not in text


def test_a_regression_that_the_tail_cannot_show_fails_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A slow rate has enough operations for p50, and not for the p99 that the target names."""
    a, b = latencies(3, size=120, slower=1.46)
    variants = (Variant(name="main"), Variant(name="work"))
    of = profile(targets=("p99 < 100ms",))
    stored("both", {"main": a, "work": b}, of=of, variants=variants, rounds=8)
    answer, found = compared(capsys, "both", "--undecided", "pass")
    (judged,) = found["profiles"]
    assert (answer.code, judged["verdict"], judged["instead_of"]) == (1, "slower", "p99")
    decides = judged["primary"]
    lacking = "where p99 cannot tell: needs 2,040 more operations a side (25 rounds)"
    assert found["summary"].startswith(f"work against main: slower at {decides} in s.p (+")
    assert found["summary"].endswith(lacking)
    markdown = call(capsys, "compare", "both", "--markdown").out
    assert f"| {decides} |" in markdown
    assert "▲ slower |" in markdown
    a, b = latencies(3, size=120, slower=1 / 1.46)
    stored("better", {"main": a, "work": b}, of=of, variants=variants, rounds=8)
    answer, found = compared(capsys, "better")
    assert answer.code == 4
    assert found["summary"].endswith("; cannot tell at p99")


def test_a_comparison_is_printed_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        stored(name, {"": latencies(4)[0]})
    answer = call(capsys, "compare", "one", "two", "--markdown")
    assert answer.code == 4
    assert answer.out.startswith("### two against one")
    assert "? cannot tell |" in answer.out
    both = call(capsys, "compare", "one", "two", "--markdown", "--json")
    assert both.code == 2
    assert "expected one of them" in both.err


def test_several_are_compared_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two", "three"):
        stored(name, {"": latencies(4)[0]})
    answer = call(capsys, "compare", "one", "two", "three", "--json")
    comparisons = json.loads(answer.out)["comparisons"]
    assert [(each["a"]["name"], each["b"]["name"]) for each in comparisons] == [
        ("one", "two"),
        ("one", "three"),
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"environment": {**FACTS, "cpu": "y"}}, "cpu: x → y"),
        ({"environment": {**FACTS, "python": "3.12.0"}}, "python: 3.11.7 → 3.12.0"),
        ({"loop": "uvloop"}, 'loop: "" → uvloop'),
        ({"of": profile(load=ClosedLoad(workers=4))}, "load.workers: 1 → 4"),
        ({"of": profile(params={"size": 3})}, "params.size: – → 3"),
    ],
)
def test_what_makes_a_comparison_meaningless_refuses_it_unless_forced(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], words: str
) -> None:
    a, b = latencies(5, slower=2)
    stored("before", {"": a})
    stored("after", {"": b}, **fields)
    with_noise("before", "after", deviation=0.01)
    answer = call(capsys, "compare", "before", "after")
    assert (answer.code, answer.out) == (2, "")
    assert "before and after cannot be compared" in answer.err
    assert words in answer.err
    forced, found = compared(capsys, "before", "after", "--force")
    judged = found["profiles"][0]["statistics"]["p50"]
    assert (forced.code, judged["verdict"]) == (4, "cannot tell")
    assert judged["ratio"] == pytest.approx(2, rel=0.1)
    assert judged["reason"].startswith("not the same thing: ")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_sessions_without_a_common_profile_are_refused_for_that_reason(
    capsys: pytest.CaptureFixture[str], force: Sequence[str]
) -> None:
    a, b = latencies(5, slower=2)
    stored("before", {"": a})
    stored("after", {"": b}, of=profile(name="other"), environment={**FACTS, "cpu": "y"})
    answer = call(capsys, "compare", "before", "after", *force)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith(
        "cannot be compared: they have no profile in common that was measured\n"
    )


def test_what_may_explain_a_difference_is_shown_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = latencies(6)
    before = {**FACTS, "git_commit": "a" * 40, "packages": {"numpy": "1.0"}, "busy": []}
    after = {
        **FACTS,
        "git_commit": "b" * 40,
        "git_dirty": True,
        "packages": {"numpy": "2.0"},
        "busy": [{"name": "make", "share": 0.9}],
    }
    stored("before", {"": a}, environment=before)
    stored("after", {"": b}, environment=after)
    text = call(capsys, "compare", "before", "after").out
    for line in (
        "packages.numpy: 1.0 → 2.0",
        f"commit: {'a' * 10} → {'b' * 10} with changes",
        "used by other processes at the start: 0.00 of a core → 0.90 of a core",
    ):
        assert line in text.split("profile", 1)[0]


def test_intervals_in_which_the_processor_was_taken_away_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stolen = Health(wall_ns=100_000_000, steal_ns=20_000_000)
    a, b = latencies(7)
    stored("before", {"": a}, health=stolen)
    stored("after", {"": b}, health=stolen)
    stored("calm", {"": b})
    _, found = compared(capsys, "before", "after")
    assert found["notes"] == [
        "left out, as others had the processor: 25.0% of before and 25.0% of after"
    ]
    _, found = compared(capsys, "before", "calm")
    assert found["notes"][0].endswith(
        "nothing is left out, since what is compared may be the reason"
    )


def test_on_a_machine_that_is_taken_away_all_the_time_nothing_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stolen = Health(wall_ns=100_000_000, steal_ns=20_000_000)
    a, b = latencies(7)
    stored("before", {"": a}, health=stolen, disturbed=4)
    stored("after", {"": b}, health=stolen, disturbed=4)
    _, found = compared(capsys, "before", "after")
    assert found["notes"][0].endswith(
        "during 100.0% of before and 100.0% of after: nothing is left out, since too little would "
        "remain; a quieter machine needs fewer rounds"
    )
    assert found["profiles"][0]["statistics"]["p50"]["ratio"] is not None


def test_what_has_only_a_summary_is_one_sentence_with_what_to_do(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    statistics = {"min": 0.001, "median": 0.001, "mean": 0.001, "max": 0.002, "rounds": 9}
    names = [f"test_shop.py::test_{number}" for number in range(10)]
    tests = [{"fullname": each, "name": each, "stats": statistics} for each in names]
    document = {"benchmarks": tests, "version": "5.0.0", "datetime": "2026-01-02T03:04:05"}
    (folder / "summary.json").write_text(json.dumps(document), encoding="utf-8")
    assert call(capsys, "import", "summary.json", "--save", "old").code == 0
    a, _ = latencies(8)
    measured = [(profile(f"test_{at}", suite="test_shop"), "", 1, a[0]) for at in range(10)]
    asyncio.run(write_session(Path(".cortex-tui/snapshots.db"), "new", measured))
    answer = call(capsys, "compare", "old", "new")
    assert answer.code == 2
    assert "test_shop.test_0, test_shop.test_1, test_shop.test_2 and 7 more" in answer.err
    assert answer.err.count("summary") == 1
    assert "without --benchmark-save-data" in answer.err
    assert "measured nothing" not in answer.err
    assert len(answer.err) < 400


def test_nothing_in_common_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    a, b = latencies(8)
    stored("before", {"": a})
    stored("after", {"": b}, of=profile("other"))
    answer = call(capsys, "compare", "before", "after")
    assert (answer.code, answer.out) == (2, "")
    assert "no profile in common" in answer.err
    alone = call(capsys, "compare", "before")
    assert (alone.code, "before has no variants to compare" in alone.err) == (2, True)
    twice = call(capsys, "compare", "before", "id-before")
    assert (twice.code, "before and id-before are the same session" in twice.err) == (2, True)
    assert call(capsys, "compare", "before", "nowhere").code == 2
    assert call(capsys, "compare", "before", "after", "--statistic", "mean").code == 2
    assert call(capsys, "compare", "before", "after", "--tolerance", "0").code == 2


OWN = """
[defaults]
workload = "shop_bench:good"
warmup = 0
iterations = 1_000
[profile.good]
[profile.more]
"""


@pytest.fixture
def suite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "shop_bench.py").write_text("async def good():\n    pass\n")
    (folder / "cortex-tui.toml").write_text(OWN)


@pytest.mark.usefixtures("suite")
def test_the_noise_of_profiles_is_measured_and_taken_into_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = call(capsys, "noise", "cortex-tui.good", "--sessions", "5")
    assert measured.code == 0, measured.err
    title, heads, *rows = measured.out.splitlines()
    assert "from 5" in title
    assert heads.split() == ["profile", "p50", "p95", "p99", "mean", "throughput"]
    assert [row.split()[0] for row in rows] == ["cortex-tui.good"]

    saved = call(capsys, "run", "cortex-tui.good", "--repeat", "3", "--save", "main")
    assert saved.code == 0, saved.err
    again = call(
        capsys, "run", "cortex-tui", "--one-by-one", "--repeat", "3", "--baseline", "main",
        "--json", "out.json", "--tag", "nightly", "--tag", "x<y", "--export", "markdown=out.md",
    )  # fmt: skip
    assert again.code in (0, 1, 4), again.err
    assert "cortex-tui.good: the smallest difference that can be found is " in again.err
    assert "baseline main: has no cortex-tui.more" in again.err
    assert "\nthis session against main: " in again.out
    assert "only in this session: cortex-tui.more" in again.out
    assert "noise between sessions is not known" not in again.out
    # What is written for programs has the comparison, too.
    document = json.loads(Path("out.json").read_text())
    (compared,) = document["comparisons"]
    assert compared["summary"].startswith("this session against main: ")
    assert [each["profile"] for each in compared["profiles"]] == ["cortex-tui.good"]
    assert "this session against main" in Path("out.md").read_text()
    # It is still a session, which can be shown and taken in.
    assert document["tags"] == ["nightly", "x<y"]
    assert call(capsys, "import", "out.json", "--store", "other.db").code == 0
    shown = call(capsys, "show", document["session"])
    assert "\ntags: nightly x<y\n" in shown.out
    on_stdout = call(capsys, "run", "cortex-tui.good", "--baseline", "main", "--json", "-")
    assert len(json.loads(on_stdout.out)["comparisons"]) == 1
    assert "this session against main: " in on_stdout.err


@pytest.mark.usefixtures("suite")
def test_a_baseline_is_looked_for_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = call(capsys, "run", "cortex-tui.good", "--baseline", "nowhere")
    assert (missing.code, missing.out) == (2, "")
    stored("main", {"": latencies(1)[0]})
    other = call(capsys, "run", "cortex-tui.good", "--baseline", "main")
    assert (other.code, other.out) == (2, "")
    assert "--baseline main: it has none of these profiles" in other.err


@pytest.mark.usefixtures("suite")
def test_a_failing_run_ends_the_measuring_of_noise(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "shop_bench.py").write_text("async def good():\n    raise ValueError\n")
    failed = call(capsys, "noise", "cortex-tui.good", "--sessions", "5")
    assert (failed.code, failed.out) == (3, "")
    assert "session 2 of 5" not in failed.err


def test_how_many_rounds_are_needed_is_said_from_the_noise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(5):
        stored(f"n{number}", {"": latencies(number, drift=0.01)[0]})
    with_noise(*(f"n{number}" for number in range(5)))
    report_rounds_needed(Path(".cortex-tui/snapshots.db"), [profile(), profile("other")], 12)
    told, unknown = capsys.readouterr().err.splitlines()
    assert told.startswith("s.p: differences that are found by rounds: 5% at p50 in ")
    assert "10% at p99 in " in told
    assert told.endswith("; 12 are planned")
    assert "not known for s.other" in unknown


def test_too_few_operations_for_what_decides_are_reported_before_measuring(
    capsys: pytest.CaptureFixture[str],
) -> None:
    second = 1_000_000_000
    slow, fast = (
        profile(
            name,
            load=OpenLoad(rate_per_s=rate),
            stop=Length(duration_ns=second),
            targets=("p99 < 100ms",),
        )
        for name, rate in (("slow", 60.0), ("fast", 600.0))
    )
    report_rounds_needed(Path(".cortex-tui/snapshots.db"), [slow, fast], 12)
    told, unknown = capsys.readouterr().err.splitlines()
    assert told.startswith("s.slow: p99 decides, but will not tell: it needs 3,000 operations")
    assert "50 rounds or --duration 4.20s would do" in told
    assert "not known for s.slow, s.fast" in unknown
    report_rounds_needed(Path(".cortex-tui/snapshots.db"), [slow], 50)
    assert "will not tell" not in capsys.readouterr().err
