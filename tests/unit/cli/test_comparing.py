"""Comparisons through the door: stored sessions, their exit codes, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.store.port import open_store
from tests.comparisons import make_store, one_side, write_session
from tests.unit.analysis.sides import latencies, profile
from tests.unit.cli.door import Answer, call
from tests.unit.cli.stored_sides import FACTS, stored, with_noise

pytestmark = pytest.mark.usefixtures("folder")


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
    assert answer.err.endswith(": --force shows their numbers, without a verdict\n")
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
    stored("calm", {"": b}, health=Health(wall_ns=100_000_000))
    stored("other tool", {"": b}, health=Health())
    _, found = compared(capsys, "before", "after")
    assert found["notes"] == [
        "left out, as others had the processor: 25.0% of before and 25.0% of after"
    ]
    for sides in (("before", "other tool"), ("other tool", "before")):
        _, found = compared(capsys, *sides)
        assert found["notes"] == [
            "nothing is left out: how busy the machine was during other tool is not known"
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


STORE = Path(".cortex-tui/snapshots.db")


@pytest.fixture
def store(folder: Path) -> Path:
    """With the noise of `search.worst`, so that a session of it is `faster`."""
    make_store(STORE)
    fast = one_side(2, {"search.worst": 0.8, "get.new": 1.0})
    asyncio.run(write_session(STORE, "without", fast, rounds=6))
    only = one_side(0, {"search.worst": 1.0})
    asyncio.run(write_session(STORE, "little", only, rounds=6))
    return STORE


@pytest.mark.usefixtures("store")
def test_a_profile_that_the_new_session_lacks_is_named_and_is_not_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer, found = compared(capsys, "before", "without")
    assert (answer.code, found["missing"]) == (4, ["get.by-id"])
    assert found["summary"].startswith("without against before: faster in search.worst (")
    assert found["summary"].endswith("; missing in without: get.by-id")
    assert call(capsys, "compare", "before", "without", "--undecided", "pass").code == 0
    markdown = call(capsys, "compare", "before", "without", "--markdown").out
    assert "missing in without" in markdown.splitlines()[0]


@pytest.mark.usefixtures("store")
def test_a_profile_that_is_new_is_named_and_fails_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = call(capsys, "compare", "little", "without", "--brief")
    assert answer.code == 0
    assert "only in without: get.new" in answer.out
    assert "missing" not in answer.out


async def name_run(name: str, session: str, run: int) -> None:
    async with await open_store(STORE) as opened:
        await opened.name_snapshot(name, session, run)


@pytest.mark.usefixtures("store")
def test_what_is_left_out_on_purpose_is_not_missing(capsys: pytest.CaptureFixture[str]) -> None:
    answer, found = compared(capsys, "before", "without", "--profile", "search.*")
    assert (answer.code, found["missing"], found["only_a"]) == (0, [], [])
    assert [each["profile"] for each in found["profiles"]] == ["search.worst"]
    # One run of a session, under a name of its own, is chosen, too.
    asyncio.run(name_run("one", "id-without", 0))
    answer, found = compared(capsys, "before", "one")
    assert (found["missing"], found["only_a"]) == ([], ["get.by-id"])
    refused = call(capsys, "compare", "before", "without", "--profile", "serch.*")
    assert (refused.code, refused.out) == (2, "")
    assert "--profile serch.*: no side has such a profile" in refused.err


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
