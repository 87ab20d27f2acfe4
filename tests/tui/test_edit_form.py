"""The form of a profile: what is typed, checked, used for once, written and taken back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.search_path import SuiteReader, search_path
from cortex_tui.tui.config.model import DEFAULTS, Config
from cortex_tui.tui.screens.edit import EditForm
from tests.tui.stand_in import SIZES, Bench, bench, check_golden

SHOP = """\
# Our shop.
[defaults]
duration = "3s"
targets = ["errors == 0"]

[profile.small]  # one user
workload = "shop:checkout"
load = { workers = 2 }  # clients

# More of them.
[profile.large]
workload = "shop:checkout"
matrix = { size = [1, 2] }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "shop.toml").write_text(SHOP)
    (tmp_path / "shipped").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@asynccontextmanager
async def workbench(
    folder: Path, size: tuple[int, int] = (80, 24), config: Config = DEFAULTS
) -> AsyncIterator[Bench]:
    path = search_path(working_folder=folder, shipped=folder / "shipped")
    reader = SuiteReader(path)
    async with bench(catalog=reader.read(), reader=reader, size=size, config=config) as b:
        yield b


def profiles(b: Bench) -> dict[str, Profile]:
    return {profile.name: profile for profile in b.main.listing.catalog.profiles}


def text_of(folder: Path) -> str:
    return (folder / "profiles" / "shop.toml").read_text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_form_looks_as_it_should(folder: Path, size: tuple[int, int]) -> None:
    async with workbench(folder, size) as b:
        await b.press("m")
        check_golden("edit", size, b.text)
        await b.press(*"5x", "down", *"many", *["down"] * 3, "end", "backspace", "down", "down")
        await b.press(*"p95 < 5ms, p95", "enter")
        check_golden("edit-wrong", size, b.text)


async def test_what_is_typed_is_checked_with_each_letter_by_the_loader(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", "5")
        assert 'expected a duration such as "10s" or "250ms", got 5' in b.text
        await b.press("s")
        assert "expected" not in b.text
        await b.press("down", *"100")
        assert "iterations *   100" in b.text
        # A stop rule of its own takes none from the defaults.
        await b.press("up", "backspace", "backspace")
        assert "3s  (defaults)" not in b.text


async def test_the_form_has_the_keys_that_were_chosen(folder: Path) -> None:
    keys = {"form": {"use": ("f8",), "next": ("tab",), "close": ("f9",), "write": ("ctrl+s",)}}
    async with workbench(folder, config=Config(keys=keys)) as b:
        await b.press("m")
        assert "f8 use once  ctrl+s write to the file  f3 as in the file  f9 leave" in b.lines[-1]
        await b.press("tab", "x", "enter", "escape", "down", "f9")
        assert "f9 again leaves all the same" in b.text
        assert "iterations *   x" in b.text
        await b.press("f9")
        assert b.app.screen is b.main
        await b.press("m", "end", *["backspace"] * 3, *"7s", "ctrl+s")
        await b.until(lambda: b.app.screen is b.main)
        assert 'duration = "7s"' in text_of(folder)


async def test_an_edit_for_once_is_marked_measured_and_taken_back(folder: Path) -> None:
    async with workbench(folder, (120, 40)) as b:
        before = profiles(b)["small"]
        await b.press("m", *["down"] * 4, "end", "backspace", "8", "enter")
        assert "shop.small is edited for this launch, and not saved" in b.text
        assert "small *" in b.text
        assert "shop.small  edited, not saved" in b.text
        edited = profiles(b)["small"]
        assert edited.load == ClosedLoad(8)
        assert edited.definition != before.definition
        assert text_of(folder) == SHOP
        await b.press("r")
        assert b.control.profiles == [edited]
        await b.press("m")
        assert "workers = 8" in b.text
        await b.press("f3", "enter")
        assert "shop.small is as in its file" in b.text
        assert profiles(b)["small"] == before
        assert "*" not in b.line_with("small")


async def test_an_edit_of_a_cell_is_one_of_all_cells(folder: Path) -> None:
    async with workbench(folder, (120, 40)) as b:
        await b.press("down", "m", *"7s", "enter")
        assert len([line for line in b.lines if "] *" in line]) == 2


async def test_the_right_arrow_takes_over_what_holds(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", "right", "backspace", "backspace", *"4s", "enter")
        assert profiles(b)["small"].stop.duration_ns == 4_000_000_000


async def test_f2_writes_to_the_file_and_the_file_is_read_again(folder: Path) -> None:
    async with workbench(folder, (120, 40)) as b:
        await b.press("m", *"9s", "enter", "m", "f2")
        await b.until(lambda: "was read again: 1 profile changed" in b.text)
        expected = SHOP.replace("# clients\n", '# clients\nduration = "9s"\n')
        assert text_of(folder) == expected
        assert "not saved" not in b.text
        assert profiles(b)["small"].stop.duration_ns == 9_000_000_000


async def test_what_cannot_be_written_is_reported_and_stays_typed(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", *"9s")
        (folder / "profiles" / "shop.toml").write_text(SHOP + "# by another hand\n")
        await b.press("f2")
        assert "shop.toml has changed since it was read" in b.text
        assert "duration *     9s" in b.text
        assert text_of(folder) == SHOP + "# by another hand\n"


async def test_a_shipped_suite_is_written_as_a_copy_when_it_was_said_twice(folder: Path) -> None:
    os.rename(folder / "profiles" / "shop.toml", folder / "shipped" / "shop.toml")
    async with workbench(folder, (120, 40)) as b:
        await b.press("m", *"9s", "f2")
        assert "shop is shipped with the program. f2 again writes a copy" in b.text
        assert not (folder / "profiles" / "shop.toml").exists()
        await b.press("f2")
        await b.until(lambda: "replaces the shipped suite" in b.text)
        assert 'duration = "9s"' in text_of(folder)
        assert (folder / "shipped" / "shop.toml").read_text() == SHOP


async def test_a_change_of_the_file_ends_an_edit_for_once_and_is_reported(folder: Path) -> None:
    async with workbench(folder, (120, 40)) as b:
        await b.press("m", *"9s", "enter")
        file = folder / "profiles" / "shop.toml"
        file.write_text(SHOP.replace("size = [1, 2]", "size = [1, 2, 3]"))
        b.main.look_for_changes()
        await b.until(lambda: "large[size=3]" in b.text)
        assert "small *" in b.text
        file.write_text(SHOP.replace("workers = 2", "workers = 3"))
        b.main.look_for_changes()
        await b.until(lambda: "shop.small is as in its file again" in b.text)
        assert "small *" not in b.text


async def test_escape_leaves_at_once_only_where_nothing_was_typed(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", "escape")
        assert not isinstance(b.app.screen, EditForm)
        await b.press("m", "5", "escape")
        assert "esc again leaves all the same" in b.text
        await b.press("escape")
        assert not isinstance(b.app.screen, EditForm)
        assert "*" not in b.line_with("small")


async def test_a_matrix_that_has_grown_meanwhile_is_not_edited_by_halves(folder: Path) -> None:
    async with workbench(folder, (120, 40)) as b:
        await b.press("down", "m", *"9s")
        before = b.main.listing.catalog
        file = folder / "profiles" / "shop.toml"
        file.write_text(SHOP.replace("size = [1, 2]", "size = [1, 2, 3]"))
        b.main.look_for_changes()
        await b.until(lambda: b.main.listing.catalog is not before)
        await b.press("enter")
        assert "shop.toml has changed since it was read: esc and m read it again" in b.text
        assert "duration *     9s" in b.text
        await b.press("escape", "escape")
        assert len(profiles(b)) == 4
        assert "*" not in b.line_with("large")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (None, "shop.toml: cannot be read: No such file or directory"),
        ("[", "shop.toml: not valid TOML"),
        (SHOP.replace("small", "tiny"), "shop.toml has no profile small any more"),
        (SHOP.replace("workers = 2", "workers = 3"), "shop.toml has changed since it was read"),
        (SHOP.replace('"3s"', '"4s"'), "shop.toml has changed since it was read"),
    ],
)
@pytest.mark.parametrize("is_read", [True, False])
async def test_what_is_typed_stays_where_the_file_says_something_else_by_now(
    folder: Path, changed: str | None, expected: str, is_read: bool
) -> None:
    async with workbench(folder) as b:
        await b.press("m", "down", "down", "down", *"2s")
        file, before = folder / "profiles" / "shop.toml", b.main.listing.catalog
        if changed is None:
            file.unlink()
        else:
            file.write_text(changed)
        if is_read:
            b.main.look_for_changes()
            await b.until(lambda: b.main.listing.catalog is not before)
        await b.press("enter")
        assert expected in b.text
        assert "warmup *       2s" in b.text
        file.write_text(SHOP.replace("size = [1, 2]", "size = [1, 2, 3]"))
        await b.press("enter")
        assert b.app.screen is b.main


@pytest.mark.parametrize("sizes", [[1], [1, 2, 3]])
async def test_a_file_that_changed_a_moment_ago_is_edited_as_it_is_now(
    folder: Path, sizes: list[int]
) -> None:
    async with workbench(folder, (120, 40)) as b:
        # Nothing has been read again yet when the form is opened.
        file = folder / "profiles" / "shop.toml"
        file.write_text(SHOP.replace("[1, 2]", str(sizes)))
        await b.press("end", "m", "right", *["backspace"] * 2, *"8s", "f2")
        await b.until(lambda: profiles(b)["large[size=1]"].stop.duration_ns == 8_000_000_000)
        assert len(profiles(b)) == 1 + len(sizes)
        assert "*" not in b.line_with("large")


async def test_keys_in_one_piece_use_and_write_what_was_typed_last(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m")
        await b.in_one_piece(*"4s", "enter")
        assert profiles(b)["small"].stop.duration_ns == 4_000_000_000
        await b.press("m")
        await b.in_one_piece("ctrl+u", *"9s", "f2")
        await b.until(lambda: b.app.screen is b.main)
        assert 'duration = "9s"' in text_of(folder)


async def test_nor_is_anything_used_in_one_piece_that_is_wrong(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", *"4s")
        await b.in_one_piece("x", "enter", "f2")
        assert "Correct what is wrong first." in b.text
        assert text_of(folder) == SHOP
        await b.in_one_piece("backspace", "down", "up", "x", "f3", "f2")
        assert "Nothing differs from the file." in b.text


async def test_what_was_said_of_what_was_typed_in_one_piece_is_read(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m")
        await b.in_one_piece("5", "escape")
        assert "esc again leaves all the same" in b.text
        await b.press("s")
        await b.in_one_piece("backspace", "escape", "escape")
        assert b.app.screen is b.main


async def test_in_one_piece_the_right_arrow_takes_over_what_holds_then(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", "5")
        await b.in_one_piece("backspace", "right", "backspace", "enter")
        assert "expected a duration" in b.text
        await b.in_one_piece(*"8s", "enter")
        assert profiles(b)["small"].stop.duration_ns == 38_000_000_000


async def test_what_is_pasted_comes_before_the_keys_behind_it(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m")
        b.app.post_message(events.Paste("4s"))
        await b.in_one_piece("enter")
        assert profiles(b)["small"].stop.duration_ns == 4_000_000_000


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
async def test_nothing_shows_through_the_form(folder: Path, theme: str) -> None:
    async with workbench(folder, (60, 15)) as b:
        b.app.theme = theme
        await b.press("m", *["down"] * 8)
        assert "tags" in b.text
        shown = [line for line in b.lines if "phase" in line or "▸" in line or "shop  " in line]
        assert shown == []


async def test_lines_and_keys_are_clicked(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m")
        row = next(at for at, line in enumerate(b.lines) if "tags" in line)
        await b.pilot.click(offset=(30, row))
        await b.press(*"quick")
        keys = len(b.lines) - 1
        await b.pilot.click(offset=(b.lines[keys].index("use once"), keys))
        await b.pilot.pause()
        assert profiles(b)["small"].tags == ("quick",)


async def test_letters_are_text_while_somebody_types(folder: Path) -> None:
    async with workbench(folder) as b:
        await b.press("m", *"qrxm?")
        assert isinstance(b.app.screen, EditForm)
        assert b.app.screen.query(Input).first().value == "qrxm?"
        assert b.control.started == []


async def test_a_profile_whose_file_is_wrong_or_no_toml_has_no_form(folder: Path) -> None:
    async with workbench(folder) as b:
        (folder / "profiles" / "shop.toml").write_text("[")
        await b.press("m")
        assert b.notifications[0].startswith("shop.toml: not valid TOML")
        await b.press("home", "m")
        assert "the cursor is on no profile" in b.text
    async with bench() as b:
        await b.press("m")
        assert "cannot be read" in b.notifications[0]
