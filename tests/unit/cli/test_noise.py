"""Noise between sessions through the door: measured, and what follows from it for a run."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cortex_tui.cli.comparing import report_rounds_needed
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.store.port import open_store
from tests.comparisons import make_store
from tests.unit.analysis.sides import latencies, profile
from tests.unit.cli.door import call
from tests.unit.cli.stored_sides import stored, with_noise
from tests.unit.store import samples

pytestmark = pytest.mark.usefixtures("folder")

OWN = """
[defaults]
workload = "shop_bench:good"
warmup = 0
iterations = 1_000
[profile.good]
[profile.more]
"""


@pytest.fixture
def suite(folder: Path) -> None:
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


@pytest.mark.parametrize("of", ["read", "other"])
@pytest.mark.usefixtures("folder")
def test_noise_that_cannot_be_read_is_named_and_the_rest_is_used(
    capsys: pytest.CaptureFixture[str], of: str
) -> None:
    store = Path(".cortex-tui/snapshots.db")
    make_store(store)
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO noise VALUES ('k', 'm', '{\"name\": \"s.bad\", \"sessions\": []}')"
        )
        if of == "read":
            connection.execute("DELETE FROM noise WHERE profile <> 'k'")
    answer = call(capsys, "compare", "before", "later", "--brief")
    (line,) = [each for each in answer.err.splitlines() if "cannot be read" in each]
    assert "the noise of s.bad cannot be read: Expected `int`, got `array`" in line
    assert line.endswith("; it is left out, and `noise` measures it anew")
    assert ("faster in search.worst" in answer.out) == (of == "other")


@pytest.mark.usefixtures("suite")
def test_a_profile_of_the_baseline_that_is_gone_is_named_unless_it_was_not_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(capsys, "run", "cortex-tui", "--one-by-one", "--save", "main").code == 0

    def missing(*select: str) -> tuple[int, list[str]]:
        answer = call(
            capsys, "run", *select, "--baseline", "main", "--json", "out.json", "--one-by-one"
        )
        (found,) = json.loads(Path("out.json").read_text())["comparisons"]
        assert ("missing in this session" in answer.out) == bool(found["missing"])
        return answer.code, found["missing"]

    assert missing("cortex-tui.good")[1] == []
    assert missing("--again", "main", "cortex-tui.good")[1] == []
    suite = Path("cortex-tui.toml")
    suite.write_text(suite.read_text().replace("[profile.more]", ""))
    assert missing("cortex-tui.good")[1] == []
    for select in ("cortex-tui", "cortex-tui.*", "./cortex-tui.toml", "./"):
        code, found = missing(select)
        assert (select, found) == (select, ["cortex-tui.more"])
        assert code in (1, 4)


@pytest.mark.parametrize("fact", ["cpu", "cpu_limit", "placement"])
@pytest.mark.usefixtures("suite")
def test_a_baseline_from_another_machine_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str], fact: str
) -> None:
    imported(capsys, fact)
    refused = call(capsys, "run", "cortex-tui.good", "--baseline", "other")
    assert (refused.code, refused.out) == (2, "")
    line = refused.err.splitlines()[-1]
    assert f"--baseline other: what is measured now cannot be compared with it: {fact}: " in line
    assert call(capsys, "run", "cortex-tui.good").code == 0
    command = line.split("`")[1]
    assert call(capsys, *command.split()[1:]).code == 4


@pytest.mark.usefixtures("suite")
def test_a_baseline_that_cannot_be_compared_has_the_command_that_shows_the_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    imported(capsys, "implementation")
    refused = call(capsys, "run", "cortex-tui.good", "--baseline", "other")
    assert refused.code == 2
    line = refused.err.splitlines()[-1]
    assert line.startswith("cortex-tui: other and this session cannot be compared: implementation:")
    command = line.split("`")[1]
    assert call(capsys, *command.split()[1:]).code == 4


def imported(capsys: pytest.CaptureFixture[str], fact: str) -> None:
    """A session `other` that was measured where the fact is another one."""
    assert call(capsys, "run", "cortex-tui.good", "--save", "here").code == 0
    document = json.loads(call(capsys, "show", "here", "--json").out)
    (document if fact in document else document["environment"])[fact] = "another"
    document["session"] = "20260101T000000-abcdef"
    Path("other.json").write_text(json.dumps(document))
    assert call(capsys, "import", "other.json", "--save", "other").code == 0


@pytest.mark.usefixtures("suite")
def test_a_failing_run_ends_the_measuring_of_noise(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "shop_bench.py").write_text("async def good():\n    raise ValueError\n")
    failed = call(capsys, "noise", "cortex-tui.good", "--sessions", "5")
    assert (failed.code, failed.out) == (3, "")
    assert "session 2 of 5" not in failed.err


@pytest.fixture
def full(suite: None) -> None:
    """As many unsaved sessions as are kept, by a clock that was ahead: all are newer than what is
    measured next."""

    async def fill() -> None:
        async with await open_store(".cortex-tui/snapshots.db") as store:
            for number in range(60):
                record = samples.session(f"ahead{number}", started_at="2100-01-01T10:00:00Z")
                await store.begin_session(record)
                await store.finish_session(record.id, "finished")

    asyncio.run(fill())


@pytest.mark.usefixtures("full")
def test_noise_is_measured_in_more_sessions_than_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = call(capsys, "noise", "cortex-tui.good", "--sessions", "5")
    assert measured.code == 0, measured.err
    assert "from 5 " in measured.out


@pytest.mark.usefixtures("full")
def test_the_baseline_of_a_run_stays_however_old_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    measured = call(capsys, "run", "cortex-tui.good", "--json", "-")
    session = json.loads(measured.out)["session"]
    compared = call(capsys, "run", "cortex-tui.good", "--baseline", session, "--fail-on", "errors")
    assert f"this session against {session}" in compared.out, compared.err


@pytest.mark.usefixtures("suite")
@pytest.mark.parametrize("ref", ["newest", "2", "main"])
def test_the_baseline_is_what_its_name_meant_before_anything_was_measured(
    capsys: pytest.CaptureFixture[str], folder: Path, ref: str
) -> None:
    """The newest session, the only one whose id begins so, and a name that is moved meanwhile."""
    first = json.loads(call(capsys, "run", "cortex-tui.good", "--json", "-").out)["session"]
    if ref == "main":
        stored("other", {"": latencies(1)[0]})
        assert call(capsys, "baseline", "main", first).code == 0
        moves = [sys.executable, "-m", "cortex_tui", "baseline", "main", "other"]
        (folder / "shop_bench.py").write_text(
            f"import subprocess\nsubprocess.run({moves!r}, cwd={os.getcwd()!r}, check=True)\n"
            "async def good():\n    pass\n"
        )
    compared = call(capsys, "run", "cortex-tui.good", "--baseline", ref, "--json", "-")
    (found,) = json.loads(compared.out)["comparisons"]
    assert (found["a"]["name"], found["a"]["session"]) == (ref, first), compared.err


@pytest.mark.usefixtures("suite")
def test_a_session_that_could_not_be_stored_ends_the_measuring_of_noise(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.db").write_bytes(b"no database" * 100)
    failed = call(capsys, "noise", "cortex-tui.good", "--sessions", "5", "--store", "x.db")
    assert (failed.code, failed.out) == (2, "")
    assert "the session could not be stored: x.db: it is no SQLite database" in failed.err
    assert "session 2 of 5" not in failed.err


def test_how_many_rounds_are_needed_is_said_from_the_noise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(5):
        stored(f"n{number}", {"": latencies(number, drift=0.01)[0]})
    with_noise(*(f"n{number}" for number in range(5)))
    report_rounds_needed(Path(".cortex-tui/snapshots.db"), [profile(), profile("other")], 12)
    known, unknown = capsys.readouterr().err.splitlines()
    assert known.startswith("s.p: differences that are found by rounds: 5% at p50 in ")
    assert "10% at p99 in " in known
    assert known.endswith("; 12 are planned")
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
    known, unknown = capsys.readouterr().err.splitlines()
    assert known.startswith("s.slow: p99 decides, but will not tell: it needs 3,000 operations")
    assert "50 rounds or --duration 4.20s would do" in known
    assert "not known for s.slow, s.fast" in unknown
    report_rounds_needed(Path(".cortex-tui/snapshots.db"), [slow], 50)
    assert "will not tell" not in capsys.readouterr().err
