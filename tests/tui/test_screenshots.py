"""Screenshots: where they go, and why one could not be saved."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tests.tui.stand_in import Bench, bench


async def screenshot(b: Bench) -> str:
    """Takes one; what is reported then."""
    (command,) = [c for c in b.app.get_system_commands(b.main) if c.title == "Screenshot"]
    command.callback()
    async with asyncio.timeout(PATIENCE_S):
        while not b.notifications:
            await b.pilot.pause(0.01)
    return b.notifications[-1]


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("downloads", [True, False])
async def test_a_screenshot_goes_to_the_downloads_or_the_working_folder(
    downloads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Downloads"
    if downloads:
        folder.mkdir()
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: folder)
    monkeypatch.chdir(tmp_path)
    async with bench() as b:
        reported = await screenshot(b)
    (file,) = files_below(tmp_path)
    assert reported == f"Saved {file}."
    assert file.parent == (folder if downloads else tmp_path)
    assert "query" in file.read_text()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/pictures/a.svg"), "/pictures/a.svg"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    ],
)
async def test_a_screenshot_that_cannot_be_saved_says_why_and_leaves_nothing(
    error: OSError, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, text: str, **options: str) -> int:
        path.touch()
        raise error

    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: tmp_path)
    async with bench() as b:
        monkeypatch.setattr(Path, "write_text", refuse)
        reported = await screenshot(b)
    assert reported.startswith("The screenshot was not saved: /")
    assert reason in reported
    assert files_below(tmp_path) == []
