"""The reference of the format says what the loader does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cortex_tui.loads.registry import load_keys
from cortex_tui.loads.staged import STAGE_KEYS
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.lengths import BOUND_KEYS

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = (ROOT / "docs" / "guides" / "profiles.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.+?)```", REFERENCE, re.DOTALL)


@pytest.mark.parametrize("key", sorted({*KEYS, *load_keys(), *STAGE_KEYS, *BOUND_KEYS}))
def test_it_names_every_key_and_has_an_example_of_it(key: str) -> None:
    assert re.search(rf"`[^`]*\b{key}\b", REFERENCE)
    assert any(re.search(rf"\b{key}\b", example) for example in EXAMPLES)


def test_its_table_has_the_keys_of_a_profile_and_no_other() -> None:
    table = REFERENCE.partition("## The keys")[2].partition("## Load")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(KEYS)
