"""CONTRIBUTING.md, the hooks and the templates point to what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from cortex_tui.cli.group import program

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    GITHUB / "pull_request_template.md",
]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_that_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    inside = [link for link in links if link and "://" not in link]
    assert [link for link in inside if not (path.parent / link).exists()] == []


def test_every_file_test_and_registry_that_is_named_is_there() -> None:
    missing = []
    for name in re.findall(r"`((?:tests|cortex_tui|core|docs|\.ci)/[^`\s]+)`", CONTRIBUTING):
        file, _, test = name.partition("::")
        there = ROOT / file
        if not there.exists() or (test and f"def {test}(" not in there.read_text("utf-8")):
            missing.append(name)
    assert missing == []
    registries = re.findall(r"`([A-Z_]{3,})` (?:in|of) `([^`]+\.py)`", CONTRIBUTING)
    assert len(registries) >= 9
    for name, file in registries:
        assert re.search(rf"^{name}\b.* = ", (ROOT / file).read_text("utf-8"), re.MULTILINE), name


def test_every_target_of_make_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for path in DOCUMENTS for name in made_in(path.read_text(encoding="utf-8"))}
    assert named
    assert named <= targets


def made_in(text: str) -> list[str]:
    return re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)


def test_the_scripts_of_performance_that_are_named_are_there() -> None:
    section = CONTRIBUTING.partition("## Measure\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"\(`([a-z_]+)`\)", section))
    for given in re.findall(r"SCRIPTS=\"?([a-z_ ]+)", section):
        named |= set(given.split())
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / f"tests/performance/{name}.py").exists()] == []


def test_the_hooks_do_what_make_check_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    checks = {
        re.sub(r" \.$", "", line.strip().replace("$(BIN)", ".venv/bin"))
        for line in recipe[1].splitlines()
    }
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    hooks = repository["hooks"]
    assert {hook["entry"].removesuffix(" --force-exclude") for hook in hooks} == checks
    assert {hook["language"] for hook in hooks} == {"system"}
    assert len({hook["id"] for hook in hooks}) == len(hooks)


@pytest.mark.parametrize("path", [p for p in FORMS if p.name != "config.yml"], ids=name_of)
def test_each_form_is_one_that_github_shows(path: Path) -> None:
    form = read(path)
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "body"}
    assert form["name"]
    assert form["description"]
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert field["type"] in {"textarea", "input"}
        assert re.fullmatch(r"[a-z-]+", field["id"])
        assert field["attributes"]["label"]
        assert set(field["attributes"]) <= {
            "label",
            "description",
            "placeholder",
            "value",
            "render",
        }
        assert set(field.get("validations", {})) <= {"required"}
    identifiers = [field["id"] for field in form["body"]]
    assert len(set(identifiers)) == len(identifiers)
    assert any(field.get("validations", {}).get("required") for field in form["body"])


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_the_commands_that_a_form_asks_for_exist(path: Path) -> None:
    for command in re.findall(r"`cortex-tui ([^`]+)`", path.read_text(encoding="utf-8")):
        name, *words = command.split()
        if name == "--version":
            continue
        found = program.get_command(click.Context(program), name)
        assert found is not None, command
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, command


def test_what_is_wrong_is_asked_for_with_the_state_of_the_machine() -> None:
    for name in ("bug.yml", "number.yml"):
        assert "`cortex-tui doctor`" in (GITHUB / "ISSUE_TEMPLATE" / name).read_text("utf-8")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["setup", "run"])
def test_a_set_up_says_at_once_what_it_does(tmp_path: Path, target: str) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name in ("python", "cortex-tui"):  # which do nothing, so that nothing is installed
        (binaries / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (binaries / name).chmod(0o755)

    def first_line() -> str:
        command = ["make", "--silent", target, "PYTHON=false"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return done.stderr.partition("\n")[0]

    assert first_line().startswith("installing into .venv: ")
    assert first_line() == ""
