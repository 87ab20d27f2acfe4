"""A person's own editor: how it is chosen and called, and where the profile is."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from cortex_tui.profiles.search_path import SuiteReader, search_path
from cortex_tui.profiles.suite_lines import line_of_profile
from cortex_tui.tui.editor import chosen_editor, command_line, run_editor
from tests.tui.samples import running
from tests.tui.stand_in import bench

FILE = Path("/p/shop.toml")


def test_visual_goes_before_editor() -> None:
    assert chosen_editor({"VISUAL": "code --wait", "EDITOR": "vi"}) == "code --wait"
    assert chosen_editor({"VISUAL": " ", "EDITOR": "vi"}) == "vi"
    assert chosen_editor({}) == ""


@pytest.mark.parametrize(
    ("editor", "command"),
    [
        ("vim", ["vim", "+7", "/p/shop.toml"]),
        ("/usr/bin/emacs -nw", ["/usr/bin/emacs", "-nw", "+7", "/p/shop.toml"]),
        ("hx", ["hx", "/p/shop.toml:7"]),
        ("code --wait", ["code", "--wait", "--goto", "/p/shop.toml:7"]),
        ("'my editor' -x", ["my editor", "-x", "/p/shop.toml"]),
    ],
)
def test_an_editor_is_given_the_line_in_its_own_way(editor: str, command: list[str]) -> None:
    assert command_line(editor, FILE, 7) == command


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[defaults]\n\n[profile.a]\n[profile.b-c]\nx = 1\n", 4),
        ('[profile]\na = {}\n"b-c" = { x = 1 }\n', 3),
        ("[profile]\na.x = 1\nb-c.x = 1\n", 3),
        ("\nprofile . 'b-c' . x = 1\n", 2),
        ("[profile.b-c.load]\nworkers = 1\n", 1),
        ("\n[[profile.b-c.load.stages]]\n", 2),
        ("[profile.b-cd]\n[profile.xb-c]\n[ profile . b-c ] # it\n", 3),
        ("[other]\nb-c = 1\n", 1),
        ("", 1),
    ],
)
def test_a_profile_is_found_however_it_is_written(text: str, line: int) -> None:
    assert line_of_profile(text, "b-c") == line


def test_what_keeps_an_editor_from_working_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_editor([sys.executable, "-c", ""]) == ""
    assert run_editor([sys.executable, "-c", "raise SystemExit(3)"]).endswith("exit code 3")
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert run_editor([sys.executable, "-c", killed]).endswith("was ended by SIGTERM")
    assert run_editor(["/no/such/editor"]) == "/no/such/editor: No such file or directory"


def test_an_interrupt_is_the_editors(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    code = f"import os, signal; os.kill({os.getpid()}, signal.SIGINT); signal.getsignal(2).__name__"
    assert run_editor([sys.executable, "-c", code]) == ""
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("editor", "message"),
    [
        ("", "No editor is set: leave, export EDITOR=vim (or VISUAL), and launch again."),
        ("vi 'x", "The editor vi 'x cannot be started: No closing quotation."),
        ("vi", "This terminal cannot be given to an editor: open "),
    ],
)
async def test_without_an_editor_a_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, message: str
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mediator.toml").write_text("")
    async with bench() as b:
        await b.press("E")
        assert b.notifications[0].startswith(message)


async def test_a_shipped_suite_is_copied_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shipped").mkdir()
    shipped = tmp_path / "shipped" / "shop.toml"
    shipped.write_text('[profile.x]\nworkload = "a:b"\n')
    monkeypatch.chdir(tmp_path)
    opened: list[tuple[Path, str]] = []

    def edit(app: object, file: Path, profile: str) -> str:
        opened.append((file, profile))
        return ""

    monkeypatch.setattr("cortex_tui.tui.editor.edit_in_terminal", edit)
    path = search_path(working_folder=tmp_path, shipped=tmp_path / "shipped")
    reader = SuiteReader(path)
    async with bench(catalog=reader.read(), reader=reader, size=(120, 40)) as b:
        await b.press("E")
        assert "E again makes a copy of it, profiles/shop.toml" in b.notifications[0]
        assert opened == []
        await b.press("E")
        copy = tmp_path / "profiles" / "shop.toml"
        assert opened == [(copy, "x")]
        assert copy.read_bytes() == shipped.read_bytes()
        await b.until(lambda: "replaces the shipped suite" in b.text)
        await b.press("E")
        assert opened[1:] == [(copy, "x")]


async def test_the_editor_waits_for_a_session_that_is_measured_in_this_process() -> None:
    async with bench() as b:
        await b.show(msgspec.structs.replace(running(), placement="in-process"))
        await b.press("E")
        assert b.notifications[0].startswith("A session is measured in this process; press x")
