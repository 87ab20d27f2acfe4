"""What was open, checked, sorted and filtered comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.memory import NOTHING, Memory, Remembered, restore
from cortex_tui.tui.state.sorting import Sort
from tests.tui.samples import CATALOG
from tests.tui.stand_in import Bench, bench

STATE = Remembered(
    checked=("mediator.query-dispatch", "search.steady"),
    filter="s",
    sort=Sort("p99", descending=True),
    cursor="search.steady",
    pane="log",
    maximised="table",
    theme="nord",
)


def memory(folder: Path) -> Memory:
    return Memory(folder / "state", folder)


def test_what_is_kept_is_found_and_only_written_when_it_has_changed(tmp_path: Path) -> None:
    first = memory(tmp_path)
    assert (first.found, first.notice) == (NOTHING, "")
    first.keep(STATE)
    assert memory(tmp_path).found == STATE
    first.file.unlink()
    first.keep(STATE)
    assert not first.file.exists()


def test_each_working_folder_has_its_own(tmp_path: Path) -> None:
    memory(tmp_path).keep(STATE)
    assert Memory(tmp_path / "state", tmp_path / "other").found == NOTHING
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert Memory(tmp_path / "state", link).found == STATE


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b'{"checked": 1}', b'{"maximised": "all"}', b" " * 2_000_000],
)
def test_one_that_is_damaged_is_ignored_with_a_notice(tmp_path: Path, content: bytes) -> None:
    file = memory(tmp_path).file
    file.parent.mkdir()
    file.write_bytes(content)
    found = memory(tmp_path)
    assert found.found == NOTHING
    assert str(file) in found.notice


def test_one_of_a_later_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    file = memory(tmp_path).file
    file.parent.mkdir()
    file.write_bytes(msgspec.json.encode({"filter": "a", "colours": {"new": 1}}))
    assert memory(tmp_path).found == Remembered(filter="a")


def test_two_workbenches_leave_a_whole_file(tmp_path: Path) -> None:
    one, other = memory(tmp_path), memory(tmp_path)
    other.keep(Remembered(filter="other"))
    one.keep(STATE)
    assert memory(tmp_path).found == STATE
    assert [file.name for file in one.file.parent.iterdir()] == [one.file.name]


def test_profiles_that_are_gone_are_left_out() -> None:
    listing = Listing(CATALOG, ("gone.for-good", "search.steady"))
    restore(listing, Remembered(cursor="gone.for-good", filter="", sort=Sort("no-such", True)))
    assert listing.checked == {"search.steady"}
    assert len(listing.entries) == len(CATALOG.profiles)


def test_whoever_names_profiles_gets_those() -> None:
    was = STATE.with_selection()
    assert (was.checked, was.filter, was.cursor) == ((), "", "")
    assert (was.sort, was.pane, was.theme) == (STATE.sort, STATE.pane, STATE.theme)


# --- the workbench ------------------------------------------------------------------------------


async def leave(b: Bench) -> None:
    await b.press("q")
    await b.app.workers.wait_for_complete()


async def test_everything_comes_back_at_the_next_launch(tmp_path: Path) -> None:
    async with bench(size=(120, 40), memory=memory(tmp_path)) as b:
        await b.press("slash", *"dispatch", "enter", "j", "space", "comma", "full_stop", "6", "z")
        b.app.theme = "nord"
        before = b.lines[:-1]
        await leave(b)
    async with bench(size=(120, 40), memory=memory(tmp_path)) as b:
        assert b.lines[:-1] == before
        assert b.app.theme == "nord"
        await b.press("z")
        assert "log of the session" in b.text
        assert "1 checked" in b.lines[0]


async def test_what_was_named_has_the_cursor_wherever_it_was(tmp_path: Path) -> None:
    memory(tmp_path).keep(STATE)
    found = memory(tmp_path)
    found.found = found.found.with_selection()
    async with bench(checked=["search.steady"], memory=found) as b:
        assert "steady" in b.line_with("▸")
    found.found = STATE.with_cursor("mediator.query-dispatch")
    async with bench(memory=found) as b:
        assert "query-" in b.line_with("▸")


async def test_the_details_come_back_on_the_whole_screen_with_the_cursor(tmp_path: Path) -> None:
    async with bench(memory=memory(tmp_path)) as b:
        await b.press("enter", "z")
        await leave(b)
    async with bench(memory=memory(tmp_path)) as b:
        assert b.main.maximised == "pane"
        assert b.main.pane.body.has_focus


async def test_what_has_changed_is_written_while_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_tui.tui.app.LOOK_S", 0.05)
    async with bench(memory=memory(tmp_path)) as b:
        await b.press("space")
        await b.until(lambda: memory(tmp_path).found.checked)


async def test_a_state_that_cannot_be_written_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where a folder should be")
    found = memory(tmp_path)
    async with bench(memory=found) as b:
        await b.press("space")
        await leave(b)
        assert b.app.return_code == 0


async def test_a_damaged_state_is_reported_when_it_opens(tmp_path: Path) -> None:
    file = memory(tmp_path).file
    file.parent.mkdir()
    file.write_text("{")
    async with bench(memory=memory(tmp_path)) as b:
        (notice,) = b.notifications
        assert str(file) in notice


async def test_without_a_memory_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("written")

    monkeypatch.setattr(Memory, "keep", refuse)
    async with bench() as b:
        await leave(b)
        assert b.app.return_code == 0
