"""The tables of docs/core state what the code has. (That their blocks run is tested elsewhere.)"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest

import cortex_core
from cortex_core import (
    REQUESTS,
    Command,
    ContextItem,
    Conversation,
    Cortex,
    Event,
    Pattern,
    PatternType,
    Protection,
    Query,
    Request,
    StoreError,
    result,
)
from cortex_core.domain import specification
from cortex_core.memory import MemoryStore
from cortex_core.sqlite import schema as sqlite_schema

FOLDER = Path(__file__).parents[3] / "docs" / "core"

OF_ALL = {result.INVALID, result.RATE_LIMITED}
"""Codes with which any request can fail."""
OF_A_SERVER = {result.UNAVAILABLE, result.CONFLICT, result.OUTCOME_UNKNOWN}

LONG = "Enough words to be worth capturing. " * 40


def section(page: str, title: str) -> str:
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(rf"^#+ {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page}.md has no section {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headings."""
    found = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in found]
    heads = [at - 1 for at, row in enumerate(cells) if set(row[0]) == {"-"}]
    return [row for at, row in enumerate(cells) if at not in heads and at - 1 not in heads]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def signature(request: type[Request[Any]]) -> str:
    """A request as its page writes it: `name=` where it can be given by name only."""
    parts = []
    for parameter in inspect.signature(request).parameters.values():
        optional = parameter.default is not parameter.empty
        default = repr(parameter.default).replace("'", '"') if optional else ""
        named = optional or parameter.kind is parameter.KEYWORD_ONLY
        parts.append(f"{parameter.name}={default}" if named else parameter.name)
    return f"{request.__name__}({', '.join(parts)})"


def comes_to(request: type[Request[Any]]) -> list[str]:
    """The types of its result's value, by their names."""
    (value,) = get_args(request.__orig_bases__[0])  # type: ignore[attr-defined]
    of_tuple = get_origin(value) is tuple
    kinds = (get_args(value)[0],) if of_tuple else get_args(value) or (value,)
    return ["None" if kind is NoneType else kind.__name__ for kind in kinds]


REQUEST_ROWS = {
    code(row[0])[0]: row
    for part in ("Commands", "Queries")
    for row in rows(section("requests", part))
}


@pytest.mark.parametrize(("part", "kind"), [("Commands", Command), ("Queries", Query)])
def test_every_request_is_there_with_its_fields_and_defaults(
    part: str, kind: type[Request[Any]]
) -> None:
    stated = [code(row[0])[0] for row in rows(section("requests", part))]
    assert sorted(stated) == sorted(signature(each) for each in REQUESTS if issubclass(each, kind))


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda each: each.__name__)
def test_the_value_of_each_result_is_of_the_type_that_is_stated(
    request_type: type[Request[Any]],
) -> None:
    stated = REQUEST_ROWS[signature(request_type)][1]
    assert code(stated)[: len(comes_to(request_type))] == comes_to(request_type)


async def codes(cortex: Cortex, request_type: type[Request[Any]]) -> set[str]:
    """What the request fails with: for an unknown id, a stored one, and too little to store."""
    known: dict[str, Any] = {
        "title": "t", "name": "n", "type": PatternType.BUG_FIX, "confidence": 0.9, "success": True,
        "relevance": 0.5, "reason": "r", "namespace": "team", "text": "words", "context": LONG,
    }  # fmt: skip
    fields = inspect.signature(request_type).parameters
    found: set[str] = set()
    for values in (
        {"id": "unknown", "content": LONG},
        {"id": "stored", "content": LONG},
        {"content": "a few words"},
    ):
        given = {name: value for name, value in (known | values).items() if name in fields}
        if "id" in fields and fields["id"].default is inspect.Parameter.empty and "id" not in given:
            continue
        found |= {error.code for error in (await cortex.send(request_type(**given))).errors}
    return found


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda each: each.__name__)
async def test_each_request_fails_with_the_codes_that_are_stated(
    request_type: type[Request[Any]],
) -> None:
    events = cortex_core.Events()
    store = MemoryStore(events.publish)
    async with Cortex(store, events=events, protection=Protection(["*"])) as cortex:
        await cortex.conversations.save(
            Conversation(id="stored", title="t", content=LONG, quality=0.9)
        )
        await cortex.patterns.save(
            Pattern(id="stored", name="n", type=PatternType.BUG_FIX, content="c", confidence=0.9)
        )
        await cortex.context_items.save(ContextItem(id="stored", content="c", relevance=0.5))
        stated = set(code(REQUEST_ROWS[signature(request_type)][2]))
        assert await codes(cortex, request_type) == stated


def test_every_code_and_every_error_of_a_store_is_explained() -> None:
    errors = section("requests", "Errors")
    explained = set(code(errors))
    assert explained >= OF_ALL | OF_A_SERVER
    assert {code(row[0])[0] for row in rows(errors) if len(row) == 4} == OF_A_SERVER
    raised = {
        name
        for name in cortex_core.__all__
        if isinstance(kind := getattr(cortex_core, name), type) and issubclass(kind, StoreError)
    }
    assert raised <= explained
    of_requests = {each for row in REQUEST_ROWS.values() for each in code(row[2])}
    constants = {
        value for name, value in vars(result).items() if name.isupper() and isinstance(value, str)
    }
    assert of_requests | OF_ALL | OF_A_SERVER == constants


def test_every_event_is_there() -> None:
    kinds = {kind.__name__ for kind in Event.__subclasses__()}
    assert {code(row[0])[0] for row in rows(section("requests", "Events"))} == kinds


def test_every_condition_is_there_with_its_arguments() -> None:
    stated = {
        name for row in rows(section("specifications", "Specifications")) for name in code(row[0])
    }
    functions = [
        each
        for name, each in vars(specification).items()
        if inspect.isfunction(each) and not name.startswith("_") and returns_a_condition(each)
    ]
    assert {written(each) for each in functions} == {
        each for each in stated if not each.startswith("Compares")
    }


def returns_a_condition(function: Any) -> bool:
    return inspect.signature(function).return_annotation is specification.Specification


def written(function: Any) -> str:
    parts = (
        f"{each.name}={each.default}" if each.default is not each.empty else each.name
        for each in inspect.signature(function).parameters.values()
    )
    return f"{function.__name__}({', '.join(parts)})"


def test_the_versions_of_the_stores_are_those_of_the_code() -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    from cortex_core.postgres import schema as postgres_schema

    stated = {row[0]: int(row[1]) for row in rows(section("operation", "Upgrades"))}
    assert stated == {
        "SQLite": sqlite_schema.SCHEMA_VERSION,
        "PostgreSQL": postgres_schema.SCHEMA_VERSION,
    }
    assert f"{sqlite_schema.APPLICATION_ID:#010X}".replace("X", "x") in section(
        "operation", "Upgrades"
    )


def test_opening_is_stated_with_its_arguments() -> None:
    given = inspect.signature(Cortex.open).parameters.values()
    stated = re.search(r"`Cortex\.open\((.*?)\)`", section("stores", "Stores"), re.DOTALL)
    assert stated is not None
    names = [each.partition("=")[0].strip() for each in stated[1].split(",") if each.strip() != "*"]
    assert names == [each.name for each in given]
