"""`[variant.NAME]` in a suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.model import SuiteVariant
from cortex_tui.profiles.suite import SuiteRead, read_suite

PROFILE = "[profile.visit]\nworkload = 'bench:visit'\n"


def read(folder: Path, text: str) -> SuiteRead:
    file = folder / "shop.toml"
    file.write_text(PROFILE + text, encoding="utf-8")
    return read_suite(file, "shop.toml")


def test_a_suite_has_the_variants_that_it_names(tmp_path: Path) -> None:
    suite = read(
        tmp_path,
        '[variant.old]\nrev = "v1"\nloop = "asyncio"\n'
        '[variant.big]\nparams = { size = 3 }\nenv = { A = "b" }\n'
        '[variant.server]\ndatabase = "postgresql://host/db"\n',
    ).suite
    assert suite is not None
    assert suite.variants == (
        SuiteVariant(name="old", rev="v1", loop="asyncio"),
        SuiteVariant(name="big", params={"size": 3}, env={"A": "b"}),
        SuiteVariant(name="server", database="postgresql://host/db"),
    )


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ("variant = 3", "variant", "expected a table"),
        ("[variant.a]", "variant.a", "expected one of the keys"),
        ('[variant.a]\nrevision = "v1"', "variant.a.revision", "unknown key"),
        ("[variant.a]\nrev = ''", "variant.a.rev", "expected text"),
        ('[variant.a]\nloop = "fast"', "variant.a.loop", "expected one of auto"),
        ("[variant.a]\nenv = { A = 1 }", "variant.a.env.A", "expected text"),
        ('[variant."a b"]\nrev = "v1"', "variant.a b", "expected a name"),
        ('[variant.a]\npython = "a\\u0000b"', "variant.a.python", "expected text without NUL"),
        ('[variant.a]\nenv = { A = "\\u0000" }', "variant.a.env.A", "expected text without NUL"),
        ('[variant.a]\nenv = { "A=B" = "c" }', "variant.a.env", "expected names such as"),
        ('[variant.a]\nenv = { "" = "c" }', "variant.a.env", "expected names such as"),
    ],
)
def test_a_wrong_variant_is_one_problem(
    text: str, where: str, expected: str, tmp_path: Path
) -> None:
    # A key of the file itself comes before its tables.
    file = tmp_path / "shop.toml"
    whole = f"{text}\n{PROFILE}" if text.startswith("variant") else f"{PROFILE}{text}"
    file.write_text(whole, encoding="utf-8")
    (problem,) = read_suite(file, "shop.toml").problems
    assert problem.where == f"shop.toml: {where}"
    assert expected in problem.message
