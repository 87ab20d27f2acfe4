"""Dialogs in the smallest terminal that the workbench works in: all of each is in sight, or comes
there by keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest
from textual.screen import ModalScreen
from textual.widgets import Input

from cortex_tui.profiles.drafts import FIELDS
from cortex_tui.profiles.search_path import SuiteReader, search_path
from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.port import open_store
from cortex_tui.tui import screens
from cortex_tui.tui.screens.ask import AskDialog
from cortex_tui.tui.screens.baseline import BaselineDialog
from cortex_tui.tui.screens.copying import CopyMenu
from cortex_tui.tui.screens.dialog import Dialog
from cortex_tui.tui.screens.edit import EditForm
from cortex_tui.tui.screens.export import ExportDialog
from cortex_tui.tui.screens.keys_page import KeysPage
from cortex_tui.tui.screens.new_suite import NewSuiteDialog
from cortex_tui.tui.screens.note import NoteDialog
from cortex_tui.tui.screens.repeat import RepeatDialog
from cortex_tui.tui.screens.save import SaveDialog
from cortex_tui.tui.screens.solo import SoloDialog
from cortex_tui.tui.screens.write_markdown import MarkdownDialog
from cortex_tui.tui.widgets.choice import Choice
from cortex_tui.tui.widgets.field import FieldInput
from cortex_tui.tui.widgets.frame import Frame, Part, PartText
from tests.tui.samples import finished, profile
from tests.tui.stand_in import Bench, StandIn, bench
from tests.tui.stored_sessions import library, pressed, stored, three

SMALL = (60, 15)
MANY = 40
SUITE = '[profile.small]\nworkload = "shop:checkout"\nduration = "1s"\n'


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Bench]:
    """A workbench with many sessions in its store, and a session on its screen."""
    folder = path.parent
    (folder / "profiles").mkdir()
    (folder / "profiles" / "shop.toml").write_text(SUITE)
    await three(path)
    async with await open_store(path) as store:
        for day in range(10, 22):
            await stored(store, f"202501{day}T100000-dddddd")
    reader = SuiteReader(search_path(working_folder=folder, shipped=folder / "none"))
    (folder / "none").mkdir()
    async with bench(reader=reader, catalog=reader.read(), store=str(path), size=SMALL) as b:
        await b.show(finished())
        yield b


def words(what: str) -> str:
    return " ".join(f"{what}-{n}" for n in range(MANY))


def applied(_: str) -> Future[str]:
    """Nothing comes of it."""
    return Future()


def ask(path: Path) -> AskDialog[str]:
    about = f"There are: {words('tag')}"
    return AskDialog("Tags of a session", "", placeholder="", about=about, apply=applied)


def solo(path: Path) -> SoloDialog:
    first, *others = (profile("s", f"one-with-a-long-name-{n}") for n in range(MANY))
    return SoloDialog(first, others)


def markdown(path: Path) -> MarkdownDialog:
    found: Any = SimpleNamespace(a=SimpleNamespace(name="a"), b=SimpleNamespace(name="b"))
    return MarkdownDialog([found])


def new_suite(path: Path) -> NewSuiteDialog:
    folders = [path.parent / f"folder-{n}" for n in range(12)]
    return NewSuiteDialog(SuiteReader(search_path(folders)).read(), folders)


def save(path: Path) -> SaveDialog:
    run = finished().runs[0]
    return SaveDialog("name", run, f"/{words('folder').replace(' ', '/')}", StandIn())


DIALOGS: dict[type[ModalScreen[Any]], Callable[[Path], ModalScreen[Any]]] = {
    AskDialog: ask,
    BaselineDialog: lambda path: BaselineDialog(path, ""),
    CopyMenu: lambda path: CopyMenu(),
    ExportDialog: lambda path: ExportDialog("x", "name", BackgroundStore(str(path))),
    MarkdownDialog: markdown,
    NewSuiteDialog: new_suite,
    NoteDialog: lambda path: NoteDialog(profile("s", "name"), 10),
    RepeatDialog: lambda path: RepeatDialog(2),
    SaveDialog: save,
    SoloDialog: solo,
}
"""Each with as much in it as there may be."""


def inside(b: Bench) -> str:
    """What stands within the frame."""
    rows = [at for at, line in enumerate(b.lines) if "╭─ " in line or "╰──" in line]
    top, bottom = rows[-2:]
    left = b.lines[top].index("╭")
    right = b.lines[top].rindex("╮")
    return "\n".join(line[left + 1 : right] for line in b.lines[top + 1 : bottom])


def missing(b: Bench) -> list[object]:
    """What is cut off, and no bar says so."""
    (frame,) = b.app.screen.query(Frame)
    within = frame.content_region
    assert b.app.screen.region.contains_region(frame.region)
    cut: list[object] = [each for each in frame.children if not within.contains_region(each.region)]
    for part in frame.query(Part):
        overflows = part.virtual_size.height > part.container_size.height
        if part.show_vertical_scrollbar != overflows or (overflows and not part.size.height):
            cut.append(part)
    return cut


async def read(b: Bench) -> set[str]:
    """The words that come in sight by the keys that scroll texts."""
    seen: set[str] = set()
    for key in ("pageup", "pagedown"):
        before = ""
        while inside(b) != before:
            before = inside(b)
            seen |= set(re.findall(r"[^\s▁-█]+", before))
            await b.press(key)
    return seen


async def check(b: Bench) -> None:
    """All of the dialog comes in sight, by its own keys."""
    screen = b.app.screen
    assert missing(b) == []
    assert "cancels" in inside(b)
    for choice in screen.query(Choice):
        for at in range(len(choice._labels)):
            shown = f"(•) {choice._labels[choice.chosen]}"[:30].rstrip()
            assert shown in inside(b)
            if choice.chosen == len(choice._labels) - 1:
                break
            await b.press("down")
            assert choice.chosen > at or "more: type" in inside(b)
        else:
            assert isinstance(screen, BaselineDialog)
    texts = screen.query(PartText)
    wanted = {word for each in texts for word in str(each._static.content).split()}
    if texts:
        assert {word for word in wanted - await read(b) if len(word) < SMALL[0]} == set()


@pytest.mark.parametrize("kind", DIALOGS, ids=lambda kind: kind.__name__)
async def test_all_of_a_dialog_comes_in_sight(path: Path, kind: type[ModalScreen[Any]]) -> None:
    async with opened(path) as b:
        b.app.push_screen(dialog := DIALOGS[kind](path))
        await b.until(lambda: "cancels" in b.text and "reading" not in b.text)
        await check(b)
        if isinstance(dialog, Dialog):
            # What is wrong is read, too, and what is typed stays in sight.
            dialog.show_error(words("wrong"))
            await b.press(*"7", "home")
            await check(b)
            assert dialog.query_one(Input).value in inside(b)
        await b.press("escape")
        assert b.app.screen is b.main


def test_each_dialog_is_looked_at() -> None:
    for module in iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    there, found = [ModalScreen], set()
    while there:
        kind: Any = there.pop()
        below = kind.__subclasses__()
        there += below
        if not below and kind.__module__.startswith(screens.__name__):
            found.add(kind)
    assert found == {*DIALOGS, EditForm, KeysPage}


async def test_the_file_that_is_exported_to_is_in_sight_and_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    await three(path)
    async with library(path, SMALL) as b:
        await pressed(b, "x")
        dialog = b.app.screen
        assert isinstance(dialog, ExportDialog)
        formats = len(dialog._formats)
        for _ in range(formats):
            await b.press("down")
            assert dialog.query_one(Input).value in inside(b)
        file = path.parent / dialog.query_one(Input).value
        await pressed(b, "enter")
        await b.until(lambda: b.app.screen is not dialog)
        assert file.exists()
        # What is clicked is the line that stands there.
        await pressed(b, "x")
        await b.press(*["down"] * formats)
        row = next(at for at, line in enumerate(b.lines) if "( )" in line)
        name = b.lines[row].split("( )")[1].split()[0]
        await b.pilot.click(offset=(6, row))
        assert f"(•) {name}" in b.text


async def test_a_dialog_takes_its_room_back_in_a_terminal_that_grows(path: Path) -> None:
    async with opened(path) as b:
        await b.press("b")
        await b.until(lambda: "reading" not in b.text)
        await b.press(*["down"] * 8)
        for size in [(100, 40), SMALL, (60, 20), SMALL, (200, 60)]:
            await b.pilot.resize_terminal(*size)
            await b.pilot.pause()
            assert missing(b) == []
            assert inside(b).count("(•)") == 1
        assert inside(b).count("( )") == 9


async def test_every_line_of_the_form_comes_in_sight_with_what_is_wrong_in_it(path: Path) -> None:
    async with opened(path) as b:
        await b.press("m")
        form = b.app.screen
        assert isinstance(form, EditForm)
        for key in FIELDS:
            field = form.focused
            assert isinstance(field, FieldInput)
            assert field.key == key
            await b.press("end", '"')
            row = next(at for at, line in enumerate(b.lines) if line.startswith(f" {key} "))
            assert '"' in b.lines[row]
            below = " ".join(re.findall(r"[^\s▁-█]+", " ".join(b.lines[row + 1 : -2])))
            assert str(form._fields[[*FIELDS].index(key)]._error.content) in below
            assert b.lines[-1].startswith(" enter use once")
            await b.press("down")
        for key in reversed(FIELDS):
            await b.press("up")
            assert any(line.startswith(f" {key} ") for line in b.lines)


async def test_the_page_of_keys_scrolls_to_its_last_line(path: Path) -> None:
    async with opened(path) as b:
        await b.press("question_mark")
        assert "escape closes" in b.text
        await b.press("end")
        last = b.text
        await b.press("home")
        for _ in range(MANY):
            await b.press("pagedown")
        assert b.text == last
        assert "escape closes" in b.text
        await b.press("escape")
        assert b.app.screen is b.main


async def test_every_command_of_the_palette_comes_in_sight(path: Path) -> None:
    async with opened(path) as b:
        await b.press("ctrl+p")
        listed: Any = b.app.screen.query_one("CommandList")
        await b.until(lambda: listed.option_count > 3)
        await b.press("end")
        for _ in range(listed.option_count):
            await b.press("down")
            chosen = listed.get_option_at_index(listed.highlighted)
            name = str(chosen.prompt).splitlines()[0].strip()
            assert name[:40] in b.text


async def test_the_filter_names_its_keys_and_pages_move_through_what_it_leaves(
    path: Path,
) -> None:
    await three(path)
    async with library(path, SMALL) as b:
        await b.press("slash")
        assert "enter keeps it, esc clears it" in b.text
        await b.press("pagedown")
        assert b.line_with("▸[ ]").startswith("▸[ ] 2025-01-01")
        await b.press("pageup")
        assert b.line_with("▸[ ]").startswith("▸[ ] 2025-01-03")
