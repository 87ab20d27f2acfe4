"""The door: commands, their words, one clear line for each error, and what is loaded for them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cortex_tui import __version__
from cortex_tui.cli.group import COMMANDS, GROUPS, program
from tests.fresh_python import loaded
from tests.unit.cli.door import call

pytestmark = pytest.mark.usefixtures("folder")


def write_suite(folder: Path, name: str = "shop", more: str = "") -> Path:
    (folder / "profiles").mkdir(exist_ok=True)
    file = folder / "profiles" / f"{name}.toml"
    file.write_text(f'[profile.steady]\nworkload = "shop:op"\nload = {{ rate = "5/s" }}\n{more}')
    return file


USAGE_ERRORS = [
    (["lst"], 'no command "lst" (did you mean "list"?)'),
    (
        ["mediator"],
        r'no command "mediator" (expected one of agent, baseline, ',
    ),
    (["--vers"], "No such option '--vers'. Did you mean '--version'?"),
    (["run", "*", "--rep", "2"], "No such option '--rep'. Did you mean '--repeat'?"),
    (["export", "first", "--format", "json"], 'no format "json" (did you mean "session-json"?)'),
    (["snap"], 'no command "snap" (did you mean "snapshots"?)'),
    (["--store", "x", "list"], '"list": expected the command first, then its options'),
    (["--store", "x", "lit"], 'no command "lit" (did you mean "list"?)'),
    (
        ["run"],
        "expected a SELECT: '*', a profile or a suite "
        "(loads, mediator, repository, scaling, search)",
    ),
    (
        ["run", "mediatr"],
        'no profile or suite is called "mediatr" (did you mean "mediator"?)',
    ),
    (
        ["launch", "mediator.serch"],
        'no profile or suite is called "mediator.serch" (did you mean "mediator.search"?)',
    ),
    (
        ["list", "nothing*"],
        'no profile matches "nothing*" (suites: loads, mediator, repository, scaling, search)',
    ),
    (["list", "--profiles", "gone"], "gone: no such file or folder (see cortex-tui list -h)"),
    (
        ["run", "*", "--duration", "fast"],
        'expected a duration such as "10s" or "250ms", got "fast"',
    ),
    (["run", "*", "--warmup", "long"], 'expected a duration such as "10s" or "250ms", got "long"'),
    (["run", "*", "--warmup", "9" * 5_000], 'expected a duration such as "10s" or "250ms", got '),
    (["run", "*", "--repeat", "0"], "--repeat"),
    (["run", "*", "--dry-run", "--save", "x"], "--dry-run: expected no --save with it"),
    (["run", "*", "--dry-run", "--repeat", "2"], "--dry-run: expected no --repeat with it"),
    (["run", "--again", "x"], "--again: "),
    (["run", "--again", "x", "--profiles", "."], "--again: expected no --profiles with it"),
    (["check", "mediatr"], 'no profile or suite is called "mediatr" (did you mean "mediator"?)'),
    (["new", "2fast"], '"2fast": expected a name of letters, digits, - and _ that starts with'),
    (["new", "class"], '"class": a word of Python\'s own, which no module can be called: take'),
    (["new", "json"], "would hide the module json of the standard library: take another name"),
    (["new", "click"], "profiles/click.py would hide the module "),
    (["new", "search"], "search: there is a suite of that name already: "),
    (["run", "*", "--duration", "0s"], 'expected a duration above 0, got "0s"'),
    (["run", "*", "--duration", "999h"], 'expected at most "168h", got "999h"'),
    (["run", "*", "--save", ""], "'--save': expected a name (see "),
    (["run", "*", "--json", ""], "'--json': expected a file, or - for stdout (see "),
    (["run", "--again", ""], "'--again': expected a name or the start of an id (see "),
    (["run", "*", "--store", ""], "'--store': expected a file (see "),
    (["snapshots", "--store", ""], "'--store': expected a file (see "),
    (["list", "--profiles", ""], "'--profiles': expected a file or a folder (see "),
    (["save", "", "x"], "'NAME|ID': expected a name, or the start of an id (see "),
    (["save", "x", ""], "'NEW_NAME': expected a name (see "),
    (["run", "*", "--note", "x"], "--note: expected --save NAME, too"),
    (["run", "*", "--tag", "two words"], "--tag: expected a tag, which has no blank"),
    (["run", "*", "--json", "gone/x.json"], "--json: gone/x.json: there is no folder gone"),
    (["run", "*", "--json", "."], "--json: .: expected a file, this is a folder"),
    (["run", "*", "--loop", "trio"], "'trio' is not one of 'auto', 'asyncio', 'uvloop'"),
    (["run", "*", "--durations", "2s"], "o such option"),
    (["list", "--jsn"], "--json"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE_ERRORS, ids=lambda value: str(value)[:40])
def test_wrong_usage_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, out, err = call(capsys, *arguments)
    assert code == 2
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("cortex-tui: ")
    assert message in line


@pytest.mark.parametrize("arguments", [[], ["launch"], ["--in-process"], ["launch", "mediator"]])
def test_without_a_terminal_the_workbench_says_what_to_run_instead(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, _, err = call(capsys, *arguments)
    what = "mediator" if "mediator" in arguments else "'*'"
    what += " --placement in-process" if "--in-process" in arguments else ""
    assert code == 2
    assert re.fullmatch(
        r"cortex-tui: the workbench needs a terminal, std(in|out|err) is none; "
        rf"run instead: cortex-tui run {re.escape(what)}\n",
        err,
    )


def test_list_shows_the_suites_and_what_is_wrong(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write_suite(folder, more='[profile.broken]\nworkload = "shop:op"\nloda = 1\n')
    code, out, err = call(capsys, "list")
    assert code == 2
    assert err == 'profiles/shop.toml:6: profile.broken.loda: unknown key (did you mean "load"?)\n'
    lines = out.splitlines()
    assert lines[0] == "shop (profiles/shop.toml)"
    assert lines[1].split() == ["shop.steady", "5/s", "10.0s", "shop:op"]
    assert lines[3].startswith("loads: One example of each key of a profile (shipped)")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[profile."x y"]\nworkload = "shop:op"', "4: profile.x y: expected a name"),
        ('[profile."x.y"]\nworkload = "shop:op"', "4: profile.x.y: expected a name"),
        ('[profile."x: y"]\n\nworkload = 1', "6: profile.x: y.workload: expected text"),
        ('[variant.a]\nrev = "1"\n[variant."b c"]\nrev = "1"', "6: variant.b c: expected a name"),
        ('[profile.b.params]\na = 1\n"c d" = 1', "6: profile.b.params.c d: expected names"),
        ('[profile.b.matrix]\na = [1]\n"c d" = [1]', "6: profile.b.matrix.c d: expected names"),
        ('[variant.a.params]\na = 1\n"c.d" = 1', "6: variant.a.params.c.d: expected names"),
        ('[variant.a.env]\nA = "1"\n"B.C" = 1', "6: variant.a.env.B.C: expected text"),
    ],
)
def test_the_line_is_that_of_the_very_name_that_is_wrong(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, where: str
) -> None:
    write_suite(folder, more=f"{text}\n")
    code, _, err = call(capsys, "check")
    assert code == 2
    assert f"profiles/shop.toml:{where}" in err


def test_list_shows_what_was_asked_for(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    write_suite(folder, "ruin", more="broken")
    code, out, err = call(capsys, "list", "mediator.*-dispatch")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        "mediator:",
        "mediator.command-dispatch",
        "mediator.query-dispatch",
    ]


def test_a_users_suite_in_the_place_of_a_shipped_one_is_visible(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write_suite(folder, "mediator")
    _, out, _ = call(capsys, "list", "mediator")
    assert re.fullmatch(
        r"mediator \(profiles/mediator\.toml, replaces .+mediator\.toml\)", out.splitlines()[0]
    )


def test_list_as_json_holds_the_resolved_profiles_and_the_problems(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write_suite(folder)
    write_suite(folder, "ruin", more="broken")
    code, out, _ = call(capsys, "list", "--json")
    document = json.loads(out)
    assert code == 2
    assert document["schema"] == "cortex-tui/profiles@1"
    assert [suite["name"] for suite in document["suites"]] == [
        "shop",
        "loads",
        "mediator",
        "repository",
        "scaling",
        "search",
    ]
    assert document["suites"][0]["profiles"][0]["load"]["rate_per_s"] == 5.0
    assert [problem["suite"] for problem in document["problems"]] == ["ruin"]


def test_an_empty_folder_is_one_line_and_the_rest_is_there(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "empty").mkdir()
    code, out, err = call(capsys, "list", "--profiles", "empty")
    assert code == 2
    assert err == "empty: expected a folder with TOML files, it has none\n"
    assert "mediator.search" in out


def test_a_selection_of_nothing_but_problems_runs_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    write_suite(folder, "ruin", more="broken")
    code, out, err = call(capsys, "run", "ruin")
    assert (code, out) == (2, "")
    assert err.startswith("profiles/ruin.toml: not valid TOML: ")
    assert len(err.splitlines()) == 1


def test_a_command_can_be_added_from_outside(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def greet() -> None:
        """Greet somebody."""
        click.echo("hello")

    monkeypatch.setattr(program, "commands", {**program.commands, "greet": greet})
    assert call(capsys, "greet").out == "hello\n"
    assert re.search("greet +Greet somebody.", call(capsys, "-h").out)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version") == (0, f"cortex-tui {__version__}\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "launch",
        "run",
        "list",
        "check",
        "doctor",
        "new",
        "schema",
        "snapshots",
        "show",
        "save",
        "rm",
    ],
)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = call(capsys, command, "-h")
    assert code == 0
    assert out.startswith(f"Usage: cortex-tui {command} ")
    assert not re.search(r"^Usage: .*\n\n\s*Options:", out), "says nothing about itself"


@pytest.mark.parametrize(
    "command", ["list", "check", "schema", "doctor", "snapshots", "--version", "run -h"]
)
def test_answering_loads_neither_textual_nor_numpy(folder: Path, command: str) -> None:
    code = "import sys, cortex_tui.cli; cortex_tui.cli.main(sys.argv[1:])"
    heavy = ("textual", "numpy", "hdrh", "rich", "uvloop")
    assert not loaded(code, heavy, command.split())


def test_importing_the_command_line_loads_no_loop_and_no_store() -> None:
    heavy = ("textual", "numpy", "asyncio", "aiosqlite", "sqlite3")
    assert not loaded("import cortex_tui.cli", heavy)


def test_a_reader_that_goes_away_is_no_traceback(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "cortex_tui", "list"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_an_old_locale_still_gets_its_table(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cortex_tui", "run", "«"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_results_that_cannot_be_written_are_one_line(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cortex_tui", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "cortex-tui: stdout cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_traceback(folder: Path, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m cortex_tui list {closed}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("mediator.search" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))


def test_an_interrupt_while_modules_are_loaded_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    done = subprocess.run(
        [sys.executable, "-m", "cortex_tui", "list"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("key", ["loop", "database", "param"])
def test_the_help_of_tests_offers_no_variants_that_tests_cannot_have(
    key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    of_tests = call(capsys, "pytest", "--help").out
    assert f"{key}:" in call(capsys, "run", "--help").out
    assert "folder:" in of_tests
    assert f"{key}:" not in of_tests


def test_help_lists_every_command_once_in_groups_with_its_whole_summary(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = call(capsys, "--help")
    assert code == 0
    assert "..." not in out.partition("Measure:")[2]
    rows = re.findall(r"^  (\w+) +(.+)$", out, re.MULTILINE)
    summaries = {name: text for name, text in rows if name in COMMANDS}
    assert len(summaries) == sum(name in COMMANDS for name, _ in rows)
    assert list(summaries) == [name for names in GROUPS.values() for name in names]
    assert set(summaries) == set(COMMANDS)
    assert all(text.endswith(".") for text in summaries.values())


def test_a_command_of_no_group_is_listed_behind_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(program.commands, "mine", click.Command("mine", help="Do it my way."))
    out = call(capsys, "--help").out
    assert re.search(r"\nOthers:\n  mine +Do it my way\.\n", out)
