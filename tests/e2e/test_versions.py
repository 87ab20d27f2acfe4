"""`run --against` and `run --variant`: versions of the code, measured in alternating rounds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import PROGRAM, call, call_here, git, shown, write_suite
from tests.patience import PATIENCE_S

SHORT = ("--repeat", "4", "--duration", "300ms")
CODE = """
    from pathlib import Path

    import shop


    async def visit():
        with open({log!r}, "a") as file:
            file.write(f"{{shop.VERSION}}\\n")
        await asyncio.sleep(0.001)
"""
PROFILES = """
    [profile.visit]
    workload = "bench:visit"
"""

NAPS = """
    [profile.nap]
    workload = "bench:naps"
    params = { ms = 1 }
"""
NAPPING = """
    from cortex_tui import workload

    @workload
    async def naps(ms: int):
        async def operation():
            await asyncio.sleep(ms / 1000)

        yield operation
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """A repository with two commits; the working tree has a change of its own."""
    project = folder / "project"
    (project / "shop").mkdir(parents=True)
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / ".gitignore").write_text(".cortex-tui\n__pycache__\n", encoding="utf-8")
    write_suite(project, PROFILES, code=CODE.format(log=str(folder / "log")))
    (project / "shop" / "__init__.py").write_text("VERSION = 'first'\n", encoding="utf-8")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=first")
    git(project, "tag", "v1")
    (project / "shop" / "__init__.py").write_text("VERSION = 'second'\n", encoding="utf-8")
    git(project, "commit", "--quiet", "--all", "--message=second")
    (project / "shop" / "__init__.py").write_text("VERSION = 'edited'\n", encoding="utf-8")
    return project


def seen(folder: Path) -> set[str]:
    """The versions whose code was run."""
    log = folder / "log"
    return set(log.read_text(encoding="utf-8").split()) if log.exists() else set()


def state(project: Path) -> tuple[str, ...]:
    """What git says of the project, and the files that it does not know."""
    return (
        git(project, "status", "--porcelain"),
        git(project, "worktree", "list"),
        git(project, "rev-parse", "HEAD"),
        git(project, "ls-files", "--stage"),
    )


def run_document(project: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    done = call(project, "run", *arguments, "--json", "out.json", "--store", "../s.db")
    text = (project / "out.json").read_text(encoding="utf-8")
    return done.returncode, done.stdout + done.stderr, json.loads(text)


def test_a_revision_and_the_working_tree_are_measured_in_turns(project: Path, folder: Path) -> None:
    before = state(project)
    code, text, document = run_document(project, "shop", "--against", "v1", *SHORT)
    assert code in (0, 1, 4), text
    assert "here against v1" in text
    assert "with its changes" in text
    assert seen(folder) == {"first", "edited"}
    assert [each["name"] for each in document["variants"]] == ["v1", "here"]
    assert document["variants"][0]["revision"] == git(project, "rev-parse", "v1")
    assert document["variants"][1]["dirty"]
    runs = sorted(document["runs"], key=lambda run: run["run"])
    assert {run["state"] for run in runs} == {"finished"}
    order = [run["variant"] for run in runs]
    assert order in (["v1", "here", "here", "v1"] * 2, ["here", "v1", "v1", "here"] * 2) or (
        sorted(order[:4]) == sorted(order[4:])
    )
    assert [run["round"] for run in runs] == [1, 1, 2, 2, 3, 3, 4, 4]
    (project / "out.json").unlink()
    assert state(project) == before
    # What was stored compares the same way.
    compared = call_here(project, "compare", document["session"], "--store", "../s.db")
    assert "here against v1" in compared.stdout


def test_variants_differ_by_what_is_asked_for(project: Path, folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    git(folder, "clone", "--quiet", str(project), str(elsewhere))
    code, text, document = run_document(
        project, "shop", *SHORT, "--repeat", "2",
        "--variant", f"clone=folder:{elsewhere}",
        "--variant", "clone=loop:asyncio",
        "--variant", "old=rev:v1",
        "--variant", "old=env:PYTHONHASHSEED=7",
    )  # fmt: skip
    assert code in (0, 1, 4), text
    assert seen(folder) == {"first", "second"}
    clone, old = document["variants"]
    assert (clone["name"], clone["folder"], clone["loop"]) == ("clone", str(elsewhere), "asyncio")
    assert (old["revision"], old["env"]) == (
        git(project, "rev-parse", "v1"),
        {"PYTHONHASHSEED": "7"},
    )


@pytest.mark.parametrize(
    ("variant", "rounds"),
    # That it is slower is found out in one of the two ways to say what differs.
    [("long=param:ms=10", 6), ("long", 1)],
)
def test_a_parameter_can_be_what_differs(folder: Path, variant: str, rounds: int) -> None:
    write_suite(folder, f"{NAPS}\n    [variant.long]\n    params = {{ ms = 10 }}", code=NAPPING)
    code, text, document = run_document(
        folder, "shop", "--repeat", str(rounds), "--duration", "200ms", "--variant", variant
    )
    assert [each["name"] for each in document["variants"]] == ["here", "long"]
    ran = {(run["variant"], run["params"]["ms"]) for run in document["runs"]}
    assert ran == {("here", 1), ("long", 10)}
    if rounds > 1:
        assert code == 1, text
        assert "slower" in text


@pytest.mark.long
def test_rounds_are_added_until_there_is_a_verdict_on_each_profile(folder: Path) -> None:
    write_suite(folder, NAPS, code=NAPPING)
    code, text, document = run_document(
        folder, "shop", "--until-decided", "10m", "--duration", "200ms",
        "--variant", "long=param:ms=8",
    )  # fmt: skip
    assert code == 1, text
    # On a busy machine the first look, after 6 rounds, may not be the one that decides.
    rounds = document["rounds"]
    looks = [after for after in document["looks"] if after <= rounds]
    assert f"after {rounds} rounds all is decided" in text
    assert f"ended at look {len(looks)} of" in text
    assert looks[0] == 6
    assert looks[-1] == rounds
    assert document["comparisons"][0]["looks"]["after"] == looks
    assert {run["state"] for run in document["runs"]} == {"finished"}
    assert len(document["runs"]) == 2 * rounds
    compared = call_here(folder, "compare", document["session"], "--json", "--store", "../s.db")
    (comparison,) = json.loads(compared.stdout)["comparisons"]
    assert comparison["looks"]["after"] == looks
    assert comparison["profiles"][0]["verdict"] == "slower"
    # So does the session in another store.
    assert call_here(folder, "import", "out.json", "--store", "other.db").returncode == 0
    (imported,) = json.loads(
        call_here(folder, "snapshots", "--all", "--json", "--store", "other.db").stdout
    )["entries"]
    again = call_here(folder, "show", imported["id"], "--json", "--store", "other.db")
    assert json.loads(again.stdout)["looks"] == document["looks"]


def test_too_little_time_for_a_look_is_an_error_before_anything_is_measured(folder: Path) -> None:
    write_suite(folder, NAPS, code=NAPPING)
    done = call_here(folder, "run", "shop", "--until-decided", "1s", "--variant", "x=loop:asyncio")
    assert done.returncode == 2
    assert "expected enough for 6 rounds, which take about" in done.stderr
    assert not (folder / ".cortex-tui" / "snapshots.db").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--against", "v7"), "'v7': expected a revision"),
        (("--against", "--help"), "'--help': expected a revision"),
        (("--against", "empty"), "empty has no profile shop.visit"),
        (("--against", "broken"), "its module needs 'nothing'"),
        (("--variant", "x"), "or a [variant.NAME] of the suite"),
        (("--variant", "x=speed:9"), "expected NAME=KEY:VALUE"),
        (("--variant", "x=folder:nowhere"), "expected a folder"),
        (("--variant", "x=folder:.", "--variant", "x=rev:v1"), "of a revision or of a folder"),
        (("--variant", "x=loop:fast"), "expected one of the loops"),
        (("--variant", "x=param:9"), "expected param:NAME=VALUE"),
        (("--variant", "x=python:/nowhere/python"), "expected an interpreter"),
        (("--variant", "here=loop:asyncio"), "expected a name that no other variant has"),
        (("--against", "v1", "--in-process"), "variants need runners of their own"),
        (("--against", "v1", "--dry-run"), "expected no --dry-run with it"),
    ],
)
def test_what_cannot_be_compared_is_one_error_before_anything_is_measured(
    arguments: tuple[str, ...], expected: str, project: Path
) -> None:
    for name, file, text in (
        ("empty", "profiles/shop.toml", "[profile.other]\nworkload = 'bench:nap'\n"),
        ("broken", "shop/__init__.py", "import nothing\n"),
    ):
        if name not in arguments:
            continue
        git(project, "checkout", "--quiet", "--force", "-b", name, "v1")
        (project / file).write_text(text, encoding="utf-8")
        git(project, "commit", "--quiet", "--all", f"--message={name}")
    git(project, "checkout", "--quiet", "main")
    done = call_here(project, "run", "shop", *SHORT, *arguments)
    assert done.returncode == 2, done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("cortex-tui:")]
    assert len(errors) == 1
    assert expected in errors[0], done.stderr
    assert not (project / ".cortex-tui" / "snapshots.db").exists()
    scratch = project / ".cortex-tui" / "scratch"
    assert not scratch.exists() or not list(scratch.iterdir())


def test_a_working_folder_that_the_revision_lacks_is_one_error(project: Path) -> None:
    (project / "new").mkdir()
    done = call_here(project / "new", "run", "../profiles/shop.toml", "--against", "v1", *SHORT)
    assert done.returncode == 2, done.stdout
    assert "v1 has no folder new" in done.stderr


def test_code_that_would_be_imported_from_the_working_tree_is_refused(
    project: Path, folder: Path
) -> None:
    """As an environment does in which the project is installed from its folder."""
    (project / "profiles" / "bench.py").write_text(
        f"import sys\nsys.path.insert(0, {str(project)!r})\nimport shop\n\n"
        "async def visit():\n    pass\n",
        encoding="utf-8",
    )
    git(project, "commit", "--quiet", "--all", "--message=third")
    done = call_here(project, "run", "shop", "--against", "HEAD", *SHORT)
    assert done.returncode == 2
    assert "shop is imported from" in done.stderr


def test_an_interpreter_is_found_from_the_folder_of_a_revision(project: Path, folder: Path) -> None:
    python = os.path.relpath(sys.executable, project)
    given = ("--variant", "old=rev:v1", "--variant", f"old=python:{python}")
    code, text, _ = run_document(project, "shop", *given, *SHORT, "--repeat", "2")
    assert code in (0, 1, 4), text
    assert seen(folder) == {"first", "edited"}


def test_a_hook_of_git_can_compare(
    project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    for name in ("profiles", "shop"):
        git(project, "mv", name, f"sub/{name}")
    git(project, "commit", "--quiet", "--all", "--message=moved")
    index = (project / ".git" / "index").read_bytes()
    monkeypatch.setenv("GIT_DIR", str(project / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project / ".git" / "index"))
    given = ("--against", "HEAD", *SHORT, "--repeat", "2")
    code, text, document = run_document(project / "sub", "shop", *given)
    assert code in (0, 1, 4), text
    assert "here against HEAD" in text
    assert "with its changes" not in text
    assert document["environment"]["git_dirty"] is False
    assert (project / ".git" / "index").read_bytes() == index
    assert seen(folder) == {"edited"}


def test_a_comparison_that_is_killed_leaves_nothing_at_the_next_start(
    project: Path, folder: Path
) -> None:
    before = state(project)
    process = subprocess.Popen(
        [PROGRAM, "run", "shop", "--against", "v1", "--repeat", "50", "--duration", "5s"],
        cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and seen(folder) != {"first", "edited"}:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list((project / ".cortex-tui" / "scratch").glob("code-*"))
    assert call(project, "run", "shop", "--duration", "500ms").returncode == 0
    assert not list((project / ".cortex-tui" / "scratch").iterdir())
    assert state(project) == before


def test_an_interrupted_comparison_keeps_and_compares_what_it_has(
    project: Path, folder: Path
) -> None:
    process = subprocess.Popen(
        [PROGRAM, "run", "shop", "--against", "v1", "--repeat", "500", "--duration", "50ms",
         "--save", "cut"],
        cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    log = folder / "log"
    while process.poll() is None and (not log.exists() or len(log.read_text()) < 6_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "against v1" in out
    assert shown(project, "cut")["state"] == "stopped"
    assert not list((project / ".cortex-tui" / "scratch").iterdir())
