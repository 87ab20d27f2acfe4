"""Suites whose files change while the workbench is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.search_path import SuiteReader, search_path
from tests.tui.samples import run_view, session_view
from tests.tui.stand_in import Bench, bench

SHOP = """\
[profile.small]
workload = "shop:checkout"
targets = ["p95 < 50ms"]

[profile.large]
workload = "shop:checkout"
load = { workers = 4 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "shop.toml").write_text(SHOP)
    (tmp_path / "none").mkdir()
    return tmp_path


def reader_of(folder: Path) -> SuiteReader:
    return SuiteReader(search_path(working_folder=folder, shipped=folder / "none"))


async def reread(b: Bench) -> None:
    """Has the changed files read, and waits until they are."""
    before = b.main.listing.catalog
    b.main.look_for_changes()
    await b.until(lambda: b.main.listing.catalog is not before)
    await b.pilot.pause()


async def test_what_changed_is_listed_and_reported_and_all_else_stays(folder: Path) -> None:
    reader = reader_of(folder)
    async with bench(catalog=reader.read(), reader=reader, checked=["shop.large"]) as b:
        _, large = b.main.listing.catalog.profiles
        await b.show(session_view(run_view(0, large, state="finished"), state="finished"))
        (folder / "profiles" / "shop.toml").write_text(SHOP.replace("workers = 4", "workers = 8"))
        await reread(b)
        assert "profiles/shop.toml was read again: 1 profile" in b.text
        assert b.main.listing.current is not None
        assert b.main.listing.current.key == "shop.large"
        assert b.main.listing.checked == {"shop.large"}
        assert "4321" in b.line_with("large")
        await b.press("x", "space", "up", "r")
        assert b.control.started == [(["shop.small"], False)]


async def test_a_new_file_appears_and_one_that_is_removed_goes(folder: Path) -> None:
    reader = reader_of(folder)
    async with bench(catalog=reader.read(), reader=reader, size=(120, 40)) as b:
        (folder / "profiles" / "a.toml").write_text('[profile.first]\nworkload = "a:b"\n')
        await reread(b)
        assert "profiles/a.toml is new: 1 profile" in b.text
        assert b.line_with("first")
        # The cursor has stayed on its profile, which is two rows further down.
        assert "small" in b.line_with("▸[ ]")
        (folder / "profiles" / "shop.toml").unlink()
        await reread(b)
        assert "profiles/shop.toml is gone" in b.text
        assert "small" not in b.text


async def test_the_last_suite_may_go_and_the_first_may_come(folder: Path) -> None:
    reader = reader_of(folder)
    async with bench(catalog=reader.read(), reader=reader) as b:
        (folder / "profiles" / "shop.toml").unlink()
        await reread(b)
        assert "There are no profiles." in b.text
        (folder / "profiles" / "shop.toml").write_text(SHOP)
        await reread(b)
        assert "There are no profiles." not in b.text
        assert b.line_with("large")


async def test_a_file_that_is_wrong_now_keeps_its_profiles_and_is_a_problem(folder: Path) -> None:
    reader = reader_of(folder)
    shop = folder / "profiles" / "shop.toml"
    async with bench(catalog=reader.read(), reader=reader, size=(120, 40)) as b:
        for wrong in ("[profile.small\n", SHOP.replace("workers", "worker")):
            shop.write_text(wrong)
            await reread(b)
            assert "profiles/shop.toml is wrong now: e shows why" in b.text
            assert "1 problem (e)" in b.text
            assert b.line_with("small")
            assert "4 workers" in b.line_with("large")
            shop.write_text(SHOP)
            await reread(b)
            assert "no problem is left" in b.text
            assert "problem (e)" not in b.text


async def test_the_filter_stays(folder: Path) -> None:
    reader = reader_of(folder)
    async with bench(catalog=reader.read(), reader=reader) as b:
        await b.press("slash", *"large", "enter")
        (folder / "profiles" / "shop.toml").write_text(SHOP + "[profile.larger]\nworkload='a:b'\n")
        await reread(b)
        assert "/large 2 of 3" in b.text
        assert "small" not in b.text


async def test_while_a_session_is_measured_by_this_process_no_file_is_looked_at(
    folder: Path,
) -> None:
    reader = reader_of(folder)
    async with bench(catalog=reader.read(), reader=reader) as b:
        small = b.main.listing.catalog.profiles[0]
        for placement, rests in (("in-process", True), ("process", False)):
            await b.show(session_view(run_view(0, small), placement=placement))
            assert b.main.reads_no_files() is rests


Q = '[profile.ok]\nworkload = "shop:checkout"\n'


async def test_checks_the_cursor_and_edits_outlast_a_file_that_is_gone_for_a_time(
    folder: Path,
) -> None:
    reader, q = reader_of(folder), folder / "profiles" / "q.toml"
    q.write_text(Q)
    async with bench(catalog=reader.read(), reader=reader, size=(120, 40)) as b:
        b.main.listing.move_to_key("q.ok")
        await b.press("space", "m", *"7s", "enter")
        assert "edited for this launch" in b.text
        was = b.main.listing.current
        assert was is not None
        assert was.edited
        q.unlink()
        await reread(b)
        assert "1 checked (1 gone)" in b.text
        assert "as in its file again" not in b.text
        (folder / "profiles" / "shop.toml").write_text(SHOP.replace("workers = 4", "workers = 8"))
        await reread(b)
        q.write_text(Q)
        await reread(b)
        assert b.lines[0].endswith("1 checked")
        assert b.main.listing.current == was
        await b.press("r")
        assert b.control.started == [(["q.ok"], False)]


async def test_a_cursor_that_was_moved_meanwhile_stays(folder: Path) -> None:
    reader, q = reader_of(folder), folder / "profiles" / "q.toml"
    q.write_text(Q)
    async with bench(catalog=reader.read(), reader=reader) as b:
        b.main.listing.move_to_key("q.ok")
        q.unlink()
        await reread(b)
        await b.press("end")
        q.write_text(Q)
        await reread(b)
        assert b.main.listing.current is not None
        assert b.main.listing.current.key == "shop.large"


@pytest.mark.parametrize("key", ["r", "o", "R", "c"])
async def test_nothing_else_is_measured_in_place_of_a_checked_profile_that_is_gone(
    folder: Path, key: str
) -> None:
    reader, q = reader_of(folder), folder / "profiles" / "q.toml"
    q.write_text(Q)
    checked = ["q.ok", "shop.small"]
    async with bench(catalog=reader.read(), reader=reader, checked=checked) as b:
        q.unlink()
        await reread(b)
        await b.press("end", key)
        assert b.control.started == []
        assert b.app.screen is b.main
        (text,) = b.notifications
        assert text.startswith("Not started: q.ok is checked, and in no file now.")
        await b.press(key, *(["enter"] if key in "Rc" else []))
        assert b.main.listing.checked == {"shop.small"}
        ((names, _),) = b.control.started
        assert sorted(names) == (["shop.large", "shop.small"] if key == "c" else ["shop.small"])


async def test_with_nothing_else_checked_a_second_key_only_unchecks(folder: Path) -> None:
    reader, q = reader_of(folder), folder / "profiles" / "q.toml"
    q.write_text(Q)
    async with bench(catalog=reader.read(), reader=reader, checked=["q.ok"]) as b:
        q.unlink()
        await reread(b)
        await b.press("r", "r")
        assert "unchecked q.ok" in b.text
        assert "0 checked" in b.text
        assert b.control.started == []


async def test_what_a_session_has_run_is_listed_until_the_next_one(folder: Path) -> None:
    reader, q = reader_of(folder), folder / "profiles" / "q.toml"
    q.write_text(Q + Q.replace("ok", "other"))
    async with bench(catalog=reader.read(), reader=reader, size=(120, 40)) as b:
        ok, *_, small, _ = b.main.listing.catalog.profiles
        b.main.listing.move_to_key("q.ok")
        await b.show(session_view(run_view(0, ok, state="finished"), state="finished"))
        before = [entry.key for entry in b.main.listing.entries]
        q.unlink()
        await reread(b)
        assert [entry.key for entry in b.main.listing.entries] == [
            key for key in before if key != "q.other"
        ]
        assert "4321" in b.line_with("▸[ ]")
        assert not b.main.applies("edit")
        await b.press("E")
        assert "profiles/q.toml is gone" in b.text
        await b.press("r")
        assert b.control.started == [(["q.ok"], False)]
        await b.show(session_view(run_view(0, small), session="another"))
        assert not any("q." in entry.key for entry in b.main.listing.entries)
