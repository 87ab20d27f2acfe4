"""What is kept of a catalog whose files became wrong, and how a change is worded."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.rereading import reread_text, with_former
from cortex_tui.profiles.search_path import SearchPath, SuiteReader, search_path
from tests.interned_names import new_names

ONE = '[profile.one]\nworkload = "a:b"\n'
TWO = '[profile.two]\nworkload = "a:b"\nmatrix = { size = [1, 2] }\n'
THREE = '[profile.three]\nworkload = "a:b"\n'


@pytest.fixture
def path(tmp_path: Path) -> SearchPath:
    (tmp_path / "profiles").mkdir()
    return search_path(working_folder=tmp_path, shipped=tmp_path / "none")


def read(path: SearchPath, **suites: str | None) -> Catalog:
    for name, text in suites.items():
        file = path.folders[0] / f"{name}.toml"
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
    return path.load()


def names(catalog: Catalog) -> list[str]:
    return [profile.full_name for profile in catalog.profiles]


def test_a_profile_that_is_wrong_now_is_kept_in_its_place_with_all_its_cells(
    path: SearchPath,
) -> None:
    before = read(path, x=ONE + TWO + THREE)
    now = read(path, x=ONE + TWO.replace("size =", "si ze =") + THREE)
    assert names(with_former(before, now)) == names(before)  # the file cannot be parsed
    now = read(path, x=ONE + TWO + "warm = 1\n" + THREE)
    assert names(now) == ["x.one", "x.three"]
    kept = with_former(before, now)
    assert names(kept) == ["x.one", "x.two[size=1]", "x.two[size=2]", "x.three"]
    assert kept.problems == now.problems
    # It stays kept when the file is read once more, and goes with what made it wrong.
    assert with_former(kept, now) == kept
    assert names(with_former(kept, read(path, x=ONE + THREE))) == ["x.one", "x.three"]


def test_a_suite_that_is_wrong_now_is_kept_in_its_place(path: SearchPath) -> None:
    before = read(path, x=ONE, y=ONE, z=ONE)
    now = read(path, x="[profile", y=ONE, z="deflauts = 1\n" + ONE)
    assert names(now) == ["y.one"]
    assert names(with_former(before, now)) == names(before)
    now = read(path, x=None, z=None)
    assert names(with_former(before, now)) == ["y.one"]


@pytest.mark.parametrize(
    ("suites", "text"),
    [
        ({}, ""),
        ({"x": "# a comment\n" + ONE + TWO}, ""),
        ({"x": 'description = "d"\n' + ONE + TWO}, "x was read again: no profile changed"),
        ({"x": ONE + "warmup = 0\n" + TWO}, "x was read again: 1 profile changed"),
        ({"x": ONE}, "x was read again: 2 profiles gone"),
        (
            {"x": ONE + "warmup = 0\n" + THREE},
            "x was read again: 1 profile changed, 1 new, 2 gone",
        ),
        ({"x": None}, "x is gone"),
        ({"y": TWO}, "y is new: 2 profiles"),
        ({"y": "["}, "y is wrong now: e shows why"),
        ({"y": ONE + "a = 1\nb = 1\n"}, "y is wrong now and 1 more: e shows why"),
    ],
)
def test_a_change_is_worded(path: SearchPath, suites: dict[str, str | None], text: str) -> None:
    before = read(path, x=ONE + TWO)
    now = with_former(before, read(path, **suites))
    shown = reread_text(before, now).replace("profiles/", "").replace(".toml", "")
    assert shown == text


def test_files_are_read_again_only_when_they_have_changed(path: SearchPath) -> None:
    read(path, x=ONE)
    reader = SuiteReader(path)
    assert names(reader.read()) == ["x.one"]
    assert reader.read_if_changed() is None
    read(path, x=TWO)
    changed = reader.read_if_changed()
    assert changed is not None
    assert names(changed) == ["x.two[size=1]", "x.two[size=2]"]
    assert reader.read_if_changed() is None


def test_a_file_behind_a_link_is_looked_at(path: SearchPath, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.toml"
    file.write_text(ONE)
    (path.folders[0] / "x.toml").symlink_to(file)
    reader = SuiteReader(path)
    reader.read()
    file.write_text(TWO)
    assert reader.read_if_changed() is not None


def test_places_that_are_not_there_yet_are_looked_for(tmp_path: Path) -> None:
    reader = SuiteReader(search_path(working_folder=tmp_path, shipped=tmp_path / "none"))
    assert reader.read().profiles == ()
    (tmp_path / "cortex-tui.toml").write_text(ONE)
    assert reader.read_if_changed() is not None


def test_a_look_at_files_that_are_known_leaves_no_place_in_pythons_table_of_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = search_path(working_folder=tmp_path)  # and the suites that come with the program
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "x.toml").write_text(ONE)
    known = own.files()
    new = new_names(monkeypatch)
    assert own.files() == known
    assert new == []
