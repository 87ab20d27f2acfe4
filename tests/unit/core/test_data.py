import io
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from cortex_core import Cortex, FindSimilarPatterns, SearchContext
from cortex_core.data import (
    NAMESPACES,
    conversation_id,
    conversations,
    pattern_id,
    patterns,
    seed_file,
)
from cortex_core.data.__main__ import Bar
from tests.fresh_python import loaded


def test_a_seed_determines_every_conversation() -> None:
    assert list(conversations(20)) == list(conversations(20))
    assert next(conversations(1, seed=1)) != next(conversations(1, seed=2))


def test_a_part_of_the_stream_equals_the_same_part_of_the_whole() -> None:
    whole = list(conversations(30))
    assert list(conversations(10, start=20)) == whole[20:]
    assert list(islice(conversations(10**9), 3)) == whole[:3]


def test_generated_conversations_are_as_the_benchmarks_expect() -> None:
    generated = list(conversations(500))
    lengths = [len(c.content) for c in generated]
    assert 600 <= sum(lengths) / len(lengths) <= 700
    assert all("performance" in c.content.lower() for c in generated)
    assert all(0.75 <= c.quality <= 0.99 for c in generated)
    assert all(5 <= c.entity_count <= 14 for c in generated)
    assert len({c.namespace for c in generated}) == 5
    assert [c.id for c in generated[:2]] == [conversation_id(0), conversation_id(1)]
    assert generated == sorted(generated, key=lambda c: c.captured_at)


def test_generated_patterns_are_as_the_benchmarks_expect() -> None:
    generated = list(patterns(500))
    assert generated == list(patterns(500))
    assert list(patterns(10, start=20)) == generated[20:30]
    assert all(0.70 <= p.confidence <= 0.99 for p in generated)
    assert all(len(p.tags) == 2 for p in generated)
    assert {p.namespace for p in generated} == set(NAMESPACES)
    assert [p.type.value for p in generated[:4]] == ["design_pattern", "best_practice"] * 2
    assert generated[3].source_conversation_id == conversation_id(3)
    assert generated[3].id == pattern_id(3)


async def test_seeded_patterns_are_found(path: Path) -> None:
    seed_file(path, conversations=5, patterns=100)
    async with Cortex.open(path) as cortex:
        assert await cortex.patterns.count() == 100
        trusted = await cortex.patterns.in_namespace(NAMESPACES[0], max_results=100)
        assert len(trusted) == 20
        expected = next(patterns(1, start=7))
        assert await cortex.patterns.get(pattern_id(7)) == expected
        query = FindSimilarPatterns(expected.content, "*", min_confidence=0)
        found = (await cortex.send(query)).unwrap()
        assert found[0].pattern == expected


async def test_a_seeded_file_is_a_memory_as_any_other(path: Path) -> None:
    seed_file(path, conversations=50)
    expected = {c.id: c for c in conversations(50)}
    async with Cortex.open(path) as cortex:
        assert await cortex.conversations.count() == 50
        recent = await cortex.conversations.recent(50)
        assert {c.id: c for c in recent} == expected
        found = (await cortex.send(SearchContext("performance", max_results=100))).unwrap()
        assert len(found.hits) == 50
        await cortex.conversations.delete(conversation_id(7))
        found = (await cortex.send(SearchContext("performance", max_results=100))).unwrap()
        assert len(found.hits) == 49


def test_seeding_replaces_what_was_there_and_leaves_one_file(path: Path) -> None:
    seed_file(path, conversations=20)
    seed_file(path, conversations=3)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_seeding_shows_how_far_it_is(path: Path) -> None:
    reported: list[tuple[str, int, int]] = []
    seed_file(path, conversations=2_500, progress=lambda *each: reported.append(each))
    rows = [(done, total) for what, done, total in reported if what == "conversations"]
    assert rows == [(0, 2_500), (1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    assert reported[-1] == ("text index of conversations", 2, 2)


def seed_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "cortex_core.data", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


async def test_the_command_fills_a_file_and_shows_its_progress(tmp_path: Path) -> None:
    done = seed_command(tmp_path, "--conversations", "1_500", "--patterns", "20", "some.db")
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert [line.partition(" [")[0].rstrip() for line in lines] == [
        "conversations",
        "text index of conversations",
        "patterns",
        "text index of patterns",
    ]
    assert "[##############################] 100%  1,500 of 1,500 in " in lines[0]
    async with Cortex.open(tmp_path / "some.db") as cortex:
        assert await cortex.conversations.count() == 1_500
        assert await cortex.patterns.count() == 20


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    unwritable = seed_command(tmp_path, "missing/some.db")
    assert (unwritable.returncode, len(unwritable.stderr.splitlines())) == (1, 1)
    assert unwritable.stderr.startswith("missing/some.db: cannot be written: ")
    wrong = seed_command(tmp_path, "--conversations", "many", "some.db")
    assert wrong.returncode == 2
    assert "expected a number such as 1000000, got 'many'" in wrong.stderr


async def test_the_command_takes_the_url_of_a_store(tmp_path: Path) -> None:
    assert seed_command(tmp_path, "--conversations", "5", "sqlite:///some.db").returncode == 0
    async with Cortex.open(tmp_path / "some.db") as cortex:
        assert await cortex.conversations.count() == 5
    unreachable = seed_command(tmp_path, "postgresql://me:hidden@127.0.0.1:1/db")
    assert (unreachable.returncode, len(unreachable.stderr.splitlines())) == (1, 1)
    assert unreachable.stderr.startswith("postgresql://me:***@127.0.0.1:1/db: ")
    for where in ("memory:", ":memory:", "sqlite://"):
        in_memory = seed_command(tmp_path, where)
        assert in_memory.stderr == f"{where}: nothing would be left of a store in memory\n"
    nowhere = seed_command(tmp_path, "")
    assert nowhere.stderr == "expected the path of a file, or :memory:, got ''\n"
    unknown = seed_command(tmp_path, "mysql://me:hidden@host/db")
    assert unknown.stderr.startswith("mysql://me:***@host/db: no store has the scheme mysql")


def test_a_bar_on_a_terminal_is_drawn_over_itself() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    bar = Bar(out)
    for done in (0, 50, 100):
        bar("conversations", done, 100)
    first, *_, last = out.getvalue().split("\r")[1:]
    assert "[..............................]   0%  0 of 100" in first
    assert "[##############################] 100%  100 of 100" in last
    assert out.getvalue().count("\n") == 1


def test_seeding_that_fails_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(ValueError, match="future"):
        seed_file(path, conversations=_broken())  # type: ignore[arg-type]
    assert list(path.parent.iterdir()) == []


def _broken() -> object:
    class Broken:
        def __index__(self) -> int:
            raise ValueError("no future")

        def __radd__(self, other: int) -> int:
            raise ValueError("no future")

    return Broken()


def test_the_default_path_needs_none_of_the_heavy_packages() -> None:
    code = (
        "import asyncio\n"
        "from cortex_core import Cortex, SearchContext\n"
        "async def main():\n"
        "    async with Cortex.open(':memory:') as cortex:\n"
        "        await cortex.send(SearchContext('words'))\n"
        "asyncio.run(main())\n"
    )
    assert not loaded(code, ("numpy", "textual", "cortex_tui", "rich", "hdrh"))
