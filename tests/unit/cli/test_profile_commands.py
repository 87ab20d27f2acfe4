"""The commands on suites: check, schema, new and the folded list."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cortex_tui.profiles.schema import suite_schema
from tests.unit.cli.door import call

pytestmark = pytest.mark.usefixtures("folder")


def write(folder: Path, text: str, name: str = "shop.toml") -> None:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / name).write_text(text)


# --- check ----------------------------------------------------------------------------------------


def test_check_counts_what_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "check", "mediator", "search.no-results")
    assert (code, out, err) == (0, "6 profiles in 2 suites valid\n", "")


def test_check_counts_shipped_suites_apart(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, _ = call(capsys, "check")
    assert code == 0
    assert out.startswith("no suites of your own; shipped with cortex-tui: ")
    write(folder, '[profile.nap]\nworkload = "asyncio.tasks:sleep"\n')
    _, out, _ = call(capsys, "check")
    assert out.startswith("1 profile in 1 suite valid; shipped with cortex-tui: ")


def test_check_finds_what_only_a_run_would_show_without_importing_anything(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "bench.py").write_text("raise SystemExit('imported')")
    write(
        folder,
        """
        [profile.good]
        workload = "shop.bench:checkout"
        [profile.stdlib]
        workload = "asyncio.tasks:sleep"
        [profile.built-in]
        workload = "sys:exit"
        [profile.gone]
        workload = "shop.stock:checkout"
        [profile.nowhere]
        workload = "depot:checkout"
        [profile.grow]
        workload = "cortex.search"
        matrix = { converations = [1, 2] }
        [profile.program]
        workload = "command"
        """,
    )
    code, out, err = call(capsys, "check", "shop")
    assert code == 2
    assert out == "3 profiles in 1 suite valid, 4 errors\n"
    where = f"(looked in {folder / 'profiles'}, {folder})"
    assert err.splitlines() == [
        f'profiles/shop.toml:9: profile.gone.workload: there is no module "shop.stock" {where}',
        f'profiles/shop.toml:11: profile.nowhere.workload: there is no module "depot" {where}',
        "profiles/shop.toml:12: profile.grow.params: cortex.search: "
        "it has no parameter 'converations' (did you mean \"conversations\"?)",
        "profiles/shop.toml:15: profile.program.params: command: "
        "its parameter 'run' has no default; give it in params",
    ]


def test_check_names_values_that_a_workload_of_the_program_cannot_take(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write(
        folder,
        """
        [profile.program]
        workload = "command"
        params = { run = 7 }
        [profile.cells]
        workload = "cortex.search"
        matrix = { limit = ["ten", 10], text = ["a", "b"] }
        [profile.flag]
        workload = "cortex.search_relevant"
        params = { share = true }
        [profile.whole]
        workload = "cortex.search_relevant"
        params = { share = 1 }
        """,
    )
    code, out, err = call(capsys, "check", "shop")
    assert (code, out) == (2, "1 profile in 1 suite valid, 3 errors\n")
    assert err.splitlines() == [
        "profiles/shop.toml:4: profile.program.params: command: run: expected text, got 7",
        "profiles/shop.toml:5: profile.cells.params: cortex.search: "
        "limit: expected a whole number, got 'ten'",
        "profiles/shop.toml:10: profile.flag.params: cortex.search_relevant: "
        "share: expected a number, got True",
    ]


def test_check_names_a_file_one_way(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, '[profile.a]\nworkload = "depot:x"\n[profile.b]\nworkload = "nothing"\n')
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    code, _, err = call(capsys, "check", "../profiles/shop.toml")
    assert code == 2
    files = [line.partition(":")[0] for line in err.splitlines()]
    assert files == ["../profiles/shop.toml"] * 2


def test_check_warns_of_targets_that_no_run_of_that_length_can_decide(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write(
        folder,
        """
        [defaults]
        workload = "asyncio:sleep"
        duration = "10s"
        targets = ["p99 < 1s", "errors == 0"]
        [profile.slow]
        load = { rate = "10/s" }
        [profile.enough]
        load = { rate = "100/s" }
        [profile.ramp]
        load = { stages = [{ rate = "40/s", for = "10s", ramp = true }] }
        [profile.thinks]
        load = { workers = 2, think_time = "100ms" }
        targets = []
        warn_targets = ["p99.9 < 1s", "p95 < 1s"]
        [profile.as-fast-as-it-can]
        load = { workers = 1 }
        [profile.failures]
        load = { rate = "10/s" }
        targets = ["failure.p99 < 1s"]
        """,
    )
    code, out, err = call(capsys, "check", "shop")
    assert (code, out) == (0, "6 profiles in 1 suite valid\n")
    lines = err.splitlines()
    assert [re.sub(r"it needs [\d,]+", "it needs N", line) for line in lines] == [
        'warning: profiles/shop.toml:6: profile.slow.targets: target 1, "p99 < 1s": it needs N '
        "operations, and 10/s can start 100 in 10.0s: measure 2.99 times as long, or start more",
        'warning: profiles/shop.toml:10: profile.ramp.targets: target 1, "p99 < 1s": it needs N '
        "operations, and 40/s can start 200 in 10.0s: measure 1.5 times as long, or start more",
        'warning: profiles/shop.toml:15: profile.thinks.warn_targets: target 1, "p99.9 < 1s": it '
        "needs N operations, and 2 workers, think 100ms can start 202 in 10.0s: measure "
        "14.8 times as long, or start more",
    ]


def test_check_takes_a_file_that_is_elsewhere(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.toml").write_text('[profile.a]\nworkload = "cortex.get"\nload = 4\n')
    code, out, err = call(capsys, "check", "x.toml")
    assert (code, out) == (2, "0 profiles in 0 suites valid, 1 error\n")
    assert err == "x.toml:3: profile.a.load: expected a table, got 4\n"


def test_check_names_everything_that_is_wrong_with_a_file(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.toml").write_text(
        """description = 5
descripton = "x"
[defaults]
workload = "asyncio:sleep"
warmup = "soon"
duraton = "5s"
[profile.a]
load = { workrs = 1, think_time = 3 }
targets = [
    "p95 < 5",
    "meam < 1s",
]
[profile.b]
batch = 2
load = { rate = "10/s" }
[profile.c]
tags = "slow"
[variant.odd]
revision = "main"
pyton = "python3.12"
[variant.none]
"""
    )
    code, out, err = call(capsys, "check", "x.toml")
    assert (code, out) == (2, "0 profiles in 0 suites valid, 12 errors\n")
    assert [": ".join(line.split(": ")[:3]).partition(" (")[0] for line in err.splitlines()] == [
        "x.toml:1: description: expected text, got 5",
        "x.toml:2: descripton: unknown key",
        'x.toml:5: defaults.warmup: expected a duration such as "10s" or "250ms", got "soon"',
        "x.toml:6: defaults.duraton: unknown key",
        "x.toml:19: variant.odd.revision: unknown key",
        "x.toml:20: variant.odd.pyton: unknown key",
        "x.toml:21: variant.none: expected one of the keys rev, folder, python, loop, database, "
        "env, params, got none",
        "x.toml:8: profile.a.load.workrs: unknown key",
        'x.toml:8: profile.a.load.think_time: expected a duration such as "10s" or "250ms", got 3',
        "x.toml:9: profile.a.targets: target 1",
        "x.toml:9: profile.a.targets: target 2",
        'x.toml:17: profile.c.tags: expected a list such as ["slow"], got "slow"',
    ]


# --- schema ---------------------------------------------------------------------------------------


def test_schema_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == suite_schema()


# --- new ------------------------------------------------------------------------------------------


def test_from_an_empty_folder_to_the_first_percentile(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, err = call(capsys, "new", "my-shop")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "wrote profiles/my-shop.toml: two profiles, with comments",
        "wrote profiles/my_shop.py: the code that they measure",
        "wrote profiles/.cortex-tui.schema.json: the keys that there are, for editors",
        "next: cortex-tui run my-shop   or live: cortex-tui launch my-shop",
    ]
    assert call(capsys, "check", "my-shop").code == 0
    answer = call(capsys, "run", "my-shop", "--dry-run")
    assert answer.code == 0, answer.out
    # On a busy machine a line below each says that the event loop was blocked.
    assert re.findall(r"^(my-shop\S+) +(\w+)", answer.out, re.MULTILINE) == [
        ("my-shop.one-at-a-time", "ok"),
        ("my-shop.steady", "ok"),
    ]
    answer = call(capsys, "run", "my-shop.one-at-a-time", "--duration", "500ms", "--json", "-")
    (run,) = json.loads(answer.out)["runs"]
    assert run["operations"] > 0
    assert run["errors"] == {}


def test_what_is_commented_out_works_as_soon_as_it_is_not(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    call(capsys, "new", "shop")
    file = folder / "profiles" / "shop.toml"
    text = file.read_text()
    file.write_text(text.replace("# [", "[").replace("# summary", "summary").replace(
        "# matrix", "matrix").replace("# tags", "tags"))  # fmt: skip
    assert file.read_text() != text
    answer = call(capsys, "check", "@slow")
    assert (answer.code, answer.out) == (0, "3 profiles in 1 suite valid\n"), answer.err


def test_an_editor_finds_the_schema_by_the_first_line_of_a_new_suite(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "profiles").mkdir()
    outdated = folder / "profiles" / ".cortex-tui.schema.json"
    outdated.write_text("{}")
    call(capsys, "new", "shop")
    suite = folder / "profiles" / "shop.toml"
    keyword, _, place = suite.read_text().splitlines()[0].partition(" ")
    assert keyword == "#:schema"
    assert (suite.parent / place).resolve() == outdated
    assert outdated.read_text() == call(capsys, "schema").out


@pytest.mark.parametrize("there", ["profiles/shop.toml", "profiles/shop.py"])
def test_new_overwrites_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, there: str
) -> None:
    (folder / "profiles").mkdir()
    (folder / there).write_text("mine")
    code, out, err = call(capsys, "new", "shop")
    assert (code, out) == (2, "")
    assert f"{there}: it is there already, and stays as it is" in err
    assert [str(path.relative_to(folder)) for path in folder.glob("profiles/*")] == [there]
    assert (folder / there).read_text() == "mine"


def test_new_does_not_hide_a_module_of_the_folder(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "shop.py").write_text("raise SystemExit('imported')")
    answer = call(capsys, "new", "shop")
    assert answer.code == 2
    assert f"would hide the module {folder / 'shop.py'}: take another name" in answer.err
    assert not (folder / "profiles").exists()


def test_new_says_where_it_cannot_write(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "profiles").write_text("a file")
    answer = call(capsys, "new", "shop")
    assert answer.code == 2
    assert answer.err.startswith("cortex-tui: profiles: cannot be written: ")


# --- list -----------------------------------------------------------------------------------------


def test_list_folds_a_matrix_and_shows_loads_and_tags(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write(
        folder,
        """
        [defaults]
        workload = "cortex.search"
        [profile.grow]
        summary = "Growth"
        tags = ["slow", "io"]
        matrix = { conversations = [1, 2, 4, 8, 16, 32, 64], limit = [1, 2] }
        [profile.ramp]
        load = { stages = [{ rate = "100/s", for = "1s" }, { rate = "1k/s", for = "2s" }] }
        [profile.crowd]
        load = { stages = [{ workers = 2, for = "1s" }, { workers = 4, for = "1s" },
            { workers = 8, for = "1s" }, { workers = 0, for = "1s" }], think_time = "5ms" }
        [profile.users]
        load = { rate = "500/s", arrivals = "poisson" }
        precision = { p99 = "2%" }
        """.replace("},\n            {", "}, {"),
    )
    code, out, err = call(capsys, "list", "shop")
    assert (code, err) == (0, "")
    rows = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()[1:]]
    cells = "14 cells: conversations 1, 2, 4, 8, …, 64; limit 1, 2"
    assert rows == [
        ["shop.grow", "1 worker", "10.0s", f"Growth ({cells}) @slow @io"],
        ["shop.ramp", "100/s → 1000/s", "3.00s", "cortex.search"],
        ["shop.crowd", "4 stages, up to 8 workers, think 5.00ms", "4.00s", "cortex.search"],
        ["shop.users", "500/s poisson", "p99 ± 2 %, 60.0s", "cortex.search"],
    ]
    _, out, _ = call(capsys, "list", "shop.grow[conversations=4,limit=2]")
    assert "shop.grow[conversations=4,limit=2]  1 worker" in out
