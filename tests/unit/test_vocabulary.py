"""The words of the code and its texts are those of the field."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.import_graph import syntax_of

ROOT = Path(__file__).parents[2]

BANNED_IN_NAMES = {
    "beside": "next to what? Name the thing",
    "board": "a list, a table",
    "breathe": "yield",
    "employ": "start (a worker)",
    "hear": "receive",
    "hears": "receive",
    "heard": "received",
    "lane": "thread, queue",
    "lanes": "threads, queues",
    "lookout": "poller",
    "obey": "execute (a command)",
    "said": "text, message",
    "say": "report",
    "says": "report",
    "suspects": "slowest (intervals)",
    "tally": "count, fold",
    "tell": "report",
    "tells": "report",
    "telling": "what does it show?",
    "told": "reported",
}
"""Words of identifiers, and what to write in their place."""

BANNED_IN_TEXTS = {
    r"beside": "next to, with, between, during",
    r"go(es|ing)? on": "run, continue, last",
    r"hears?|heard": "receive, report",
    r"held": "blocked, kept, locked",
    r"lanes?": "thread, queue",
    r"so many": "the number; that number of",
    r"(told|tells?|telling) of": "report, describe",
    r"(is|are|be|was|were) told": "is asked, is reported, is known",
}
"""Phrases of comments, docstrings, messages and documents, and what to write in their place."""

PRODUCT = sorted([*ROOT.glob("cortex_tui/**/*.py"), *ROOT.glob("core/**/*.py")])
TESTS = sorted({*ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/**/*.py")} - {Path(__file__)})
SENTENCES = {"said", "say", "says", "tell"}
"""Words that the name of a test may have: it is a sentence, in which a message may say something,
and a verdict be "cannot tell"."""
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("profiles/*.toml"),
    ]
)


_BANNED_TEXT = re.compile(rf"\b({'|'.join(BANNED_IN_TEXTS)})\b".replace(" ", r"\s+"), re.IGNORECASE)
_WORD = re.compile(r"[^\W\d]\w*")
_STRING_OR_COMMENT = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""|\'{3}(?:[^\\]|\\.)*?\'{3}'''
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*""",
    re.DOTALL,
)


@cache
def is_banned(name: str) -> bool:
    return not BANNED_IN_NAMES.keys().isdisjoint(words_of(name))


def may_define_banned(source: str) -> bool:
    """Whether a banned word is part of an identifier: to parse each module takes far longer."""

    def found(text: str) -> bool:
        return any(map(is_banned, set(_WORD.findall(text))))

    return found(source) and found(_STRING_OR_COMMENT.sub(" ", source))


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Every identifier that a module defines, with its line."""
    for node in ast.walk(syntax_of(path)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.arg():
                yield node.lineno, node.arg


def texts_in(source: str) -> Iterator[tuple[int, str]]:
    """Every comment and string, with the line of its beginning."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in kinds:
            yield token.start[0], token.string


def found_in(texts: Iterator[tuple[int, str]], where: Path) -> list[str]:
    return [
        f"{where.relative_to(ROOT)}:{line + text.count(chr(10), 0, match.start())}: "
        f"{match.group()!r}: rather {instead}"
        for line, text in texts
        for pattern, instead in BANNED_IN_TEXTS.items()
        for match in re.finditer(rf"\b({pattern})\b".replace(" ", r"\s+"), text, re.IGNORECASE)
    ]


def words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def banned_names(path: Path) -> Iterator[tuple[int, str]]:
    if is_banned(path.stem):
        yield 0, path.stem
    if may_define_banned(path.read_text(encoding="utf-8")):
        yield from ((line, name) for line, name in names_in(path) if is_banned(name))


def test_names_are_those_of_the_field() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}: rather {BANNED_IN_NAMES[word]}"
        for path in PRODUCT + TESTS
        for line, name in banned_names(path)
        for word in words_of(name)
        if word in BANNED_IN_NAMES
        and not (path in TESTS and name.startswith("test_") and word in SENTENCES)
    ]
    assert found == []


def test_comments_docstrings_and_messages_are_plain() -> None:
    found = []
    for path in PRODUCT + TESTS:
        source = path.read_text(encoding="utf-8")
        if _BANNED_TEXT.search(source):  # to cut all modules into tokens takes far longer
            found += found_in(texts_in(source), path)
    assert found == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_are_plain(path: Path) -> None:
    assert found_in(iter([(1, path.read_text(encoding="utf-8"))]), path) == []
