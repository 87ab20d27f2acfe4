"""What the words of `run --against` and `run --variant` ask for."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cortex_tui.cli.against import Wanted
from cortex_tui.cli.variants import HERE, variants_of
from cortex_tui.passwords import completed
from cortex_tui.profiles.model import Length, ParamValue, Profile
from cortex_tui.protocol.plan import Variant


def asked(*variants: str, against: str = "") -> list[Variant]:
    return variants_of(Wanted(against, variants, ""), [])


def test_the_first_one_is_what_the_others_are_compared_with() -> None:
    assert [each.name for each in asked(against="main")] == ["main", HERE]
    assert [each.name for each in asked("a=loop:asyncio")] == [HERE, "a"]
    assert [each.name for each in asked("a=loop:asyncio", "b=rev:v1")] == ["a", "b"]
    assert [each.name for each in asked("a=loop:uvloop", against="v1")] == ["v1", HERE, "a"]


def test_settings_of_one_name_add_up() -> None:
    found = asked("a=rev:v1", "a=env:X=1", "a=env:Y=2=3", "a=param:size=4", "b=loop:asyncio")
    assert found == [
        Variant(name="a", revision="v1", env={"X": "1", "Y": "2=3"}, params={"size": 4}),
        Variant(name="b", loop="asyncio"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-1.5", -1.5), ("true", True), ("false", False), ("3 words", "3 words"), ("", "")],
)
def test_a_parameter_has_the_type_that_toml_would_give_it(text: str, value: ParamValue) -> None:
    (_, variant) = asked(f"a=param:size={text}")
    assert variant.params == {"size": value}
    assert type(variant.params["size"]) is type(value)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e400", "9" * 20, "9" * 5_000])
def test_a_parameter_that_no_suite_could_have_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match=r"a=param:size=.*expected a (finite|64-bit)"):
        asked(f"a=param:size={text}")


def test_an_interpreter_is_no_program_that_prints_something_else(folder: Path) -> None:
    (folder / "prog").write_text("#!/bin/sh\nprintf '\\377\\376'\n")
    (folder / "prog").chmod(0o755)
    with pytest.raises(click.UsageError, match=r"expected cortex-tui .* found \ufffd"):
        asked("a=python:./prog")


@pytest.mark.parametrize(
    "word", ["a=", "=rev:v1", "a=rev", "a=rev:", "a=speed:1", "a=param:3", "a=env:X", "a=loop:fast"]
)
def test_what_means_nothing_is_an_error_that_names_it(word: str) -> None:
    with pytest.raises(click.UsageError, match="expected") as caught:
        asked(word)
    assert word.partition("=")[0] in caught.value.message


def test_two_variants_have_two_names() -> None:
    with pytest.raises(click.UsageError, match="a name that no other variant has"):
        asked(f"{HERE}=loop:asyncio")
    with pytest.raises(click.UsageError, match="a name that no other variant has"):
        asked("v1=loop:asyncio", against="v1")


GET = Profile(suite="s", name="get", workload="cortex.get", stop=Length(1))
NAP = Profile(suite="s", name="nap", workload="bench:nap", stop=Length(1))


def test_a_variant_may_have_a_database_whose_password_is_not_stored() -> None:
    words = ("sqlite=database:own", "pg=database:postgresql://me:hidden@host/db")
    found = variants_of(Wanted("", words, ""), [NAP, GET])
    assert found == [
        Variant(name="sqlite", database="own"),
        Variant(name="pg", database="postgresql://me@host/db"),
    ]
    assert completed(found[1].database) == "postgresql://me:hidden@host/db"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pg=database:mysql://me:hidden@host/db", "got the scheme"),
        ("pg=database:postgresql://me:hidden@hidden@host/db", "%40 for @"),
        ("pg=databse:postgresql://me:hidden@host/db", "one of the keys"),
        ("pg=database:ram", 'got "ram"'),
        ("a=bogus:postgresql://h/d?password=hidden", "one of the keys"),
        ("a=bogus:postgresql://h/d?user=me&sslpassword=hidden", "one of the keys"),
        ("postgresql://me:hidden@host/db", "or a .variant.NAME. of the suite"),
        ("a=database:host=h password=hidden", 'expected "own"'),
        ("a=database:host=h password = 'hid hidden' user=me", 'expected "own"'),
        ("a=database:postgresql:/me:hidden@host", 'expected "own"'),
        ("a=folder:postgresql://me:hidden@host/db", "expected a folder"),
        ("a=python:postgresql://me:hidden@host/db", "expected an interpreter"),
        ("a=loop:postgresql://h/d?password=hidden", "one of the loops"),
        ("a=evn:PGPASSWORD=hidden", "one of the keys"),
    ],
)
def test_what_is_wrong_with_a_database_shows_no_password(word: str, expected: str) -> None:
    with pytest.raises(click.UsageError, match=expected) as caught:
        variants_of(Wanted("", (word,), ""), [GET])
    assert "hidden" not in caught.value.message


def test_a_database_that_nothing_would_use_is_refused() -> None:
    with pytest.raises(click.UsageError, match="none of the profiles has a workload that keeps"):
        variants_of(Wanted("", ("pg=database:own",), ""), [NAP])


def test_of_tests_only_keys_that_they_can_have_are_named() -> None:
    of_test = Profile(suite="s", name="t", workload="pytest:t.py::t", stop=Length(1))
    with pytest.raises(click.UsageError, match=r"one of the keys rev, folder, python, env$"):
        variants_of(Wanted("", ("a=speed:1",), ""), [of_test])
