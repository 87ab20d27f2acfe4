"""Files with generated memories are kept between sessions; a damaged one is made again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.core.databases import opened


async def counted(folder: Path) -> int:
    """The conversations that a workload finds which asks for 50."""
    scratch = folder / "scratch"
    token = current_run.set(RunContext(0, scratch, folder, "own"))
    try:
        async with opened(conversations=50) as cortex:
            return await cortex.conversations.count()
    finally:
        current_run.reset(token)


def count(folder: Path) -> int:
    (folder / "scratch").mkdir(exist_ok=True)
    return asyncio.run(counted(folder))


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def fill_with_zeros(file: Path) -> None:
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[: size // 2] + bytes(size - size // 2))


def write_text(file: Path) -> None:
    file.write_text("not a database")


@pytest.mark.parametrize("damage", [empty, cut, fill_with_zeros, write_text])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    assert count(tmp_path) == 50
    (kept,) = tmp_path.glob("core-*.db")
    whole = kept.read_bytes()
    damage(kept)
    assert count(tmp_path) == 50
    assert kept.read_bytes() == whole
    assert [file.name for file in tmp_path.glob("core-*")] == [kept.name]
