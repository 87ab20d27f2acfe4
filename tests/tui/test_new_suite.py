"""The dialog that makes a new suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.search_path import SuiteReader, search_path
from tests.tui.stand_in import SIZES, Bench, bench, check_golden


def reader_of(folder: Path, *places: Path) -> SuiteReader:
    (folder / "none").mkdir()
    path = search_path(places, working_folder=folder, shipped=folder / "none")
    return SuiteReader(path)


def box_of(b: Bench) -> str:
    """The dialog without the screen around it."""
    top = next(at for at, line in enumerate(b.lines) if "Make a new suite" in line)
    left, right = b.lines[top].index("╭"), b.lines[top].index("╮")
    bottom = next(at for at in range(top, len(b.lines)) if b.lines[at][left : left + 1] == "╰")
    return "".join(line[left : right + 1] + "\n" for line in b.lines[top : bottom + 1])


@pytest.mark.parametrize("size", SIZES[:2])
async def test_a_new_suite_is_written_listed_and_under_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = reader_of(tmp_path)
    async with bench(catalog=reader.read(), reader=reader, size=size) as b:
        await b.press("N")
        await b.press("enter")
        assert "expected a name" in b.text
        await b.press(*"json", "enter")
        check_golden("new-suite", size, box_of(b))
        await b.press(*["backspace"] * 4, *"checkout", "enter")
        await b.until(lambda: b.notifications)
        assert b.notifications == [
            "Wrote profiles/checkout.toml and checkout.py: m edits a profile, E opens the file."
        ]
        assert b.main.listing.current is not None
        assert b.main.listing.current.key == "checkout.one-at-a-time"
        assert (tmp_path / "profiles" / "checkout.py").exists()
        await b.press("N", *"checkout", "enter")
        assert "it is there already" in b.text


async def test_a_filter_that_hides_the_new_suite_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "x.toml").write_text('[profile.x]\nworkload = "a:b"\n')
    reader = reader_of(tmp_path)
    async with bench(catalog=reader.read(), reader=reader) as b:
        await b.press("slash", *"x.x", "enter", "N", *"checkout", "enter")
        await b.until(lambda: b.notifications)
        assert "one-at" in b.line_with("▸[ ]")


async def test_with_several_folders_one_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    reader = reader_of(tmp_path, tmp_path / "a", tmp_path / "b")
    async with bench(catalog=reader.read(), reader=reader) as b:
        await b.press("N", *"checkout", "down", "enter")
        await b.until(lambda: b.notifications)
        assert (tmp_path / "b" / "checkout.toml").exists()


async def test_without_a_folder_that_is_looked_at_there_is_no_dialog(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[profile.x]\nworkload = "a:b"\n')
    reader = reader_of(tmp_path, file)
    async with bench(catalog=reader.read(), reader=reader) as b:
        await b.press("N")
        assert b.notifications == [
            "--profiles names no folder in which a new suite would be found."
        ]
