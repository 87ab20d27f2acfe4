"""The pages of docs/reference are what the code makes of them."""

from __future__ import annotations

import re

import pytest

from cortex_tui.cli.group import COMMANDS
from cortex_tui.loads.registry import load_keys
from cortex_tui.loads.staged import STAGE_KEYS
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.lengths import BOUND_KEYS, WARMUP_KEYS
from cortex_tui.profiles.suite_variants import VARIANT_KEYS
from cortex_tui.toml.reading import Key
from tools.documents.reference.pages import FOLDER, PAGES, pages
from tools.documents.reference.profile_keys import example_of


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_makes(name: str, made: dict[str, str]) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == made[name], "make reference writes the pages anew"


def test_no_page_is_left_over() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (name, key)
        for keys in (KEYS, load_keys(), STAGE_KEYS, BOUND_KEYS, WARMUP_KEYS, VARIANT_KEYS)
        for name, key in keys.items()
    ],
)
def test_the_examples_of_keys_are_read(name: str, key: Key) -> None:
    key.read(example_of(key.schema), name)


def test_every_command_has_its_options(made: dict[str, str]) -> None:
    sections = re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", made["command-line.md"], re.M | re.S)
    assert {name for name, _ in sections} == set(COMMANDS)
    assert all("| `-h, --help` |" in text for _, text in sections)


def test_nothing_of_this_machine_is_in_a_page(made: dict[str, str]) -> None:
    folders = "|".join(f"/{name}/" for name in ("home", "root", "work", "tmp"))
    for text in made.values():
        assert not re.search(rf"{folders}|site-packages", text)
