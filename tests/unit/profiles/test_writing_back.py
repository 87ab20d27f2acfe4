"""Edited profiles in their files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cortex_tui.profiles.drafts import FIELDS, Draft, check, draft_of, line_of, lines_of
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.suite import read_suite
from cortex_tui.profiles.writing_back import NotWrittenError, copy_of, write_back
from tests.unit.profiles.suites_at_random import SuiteMaker

SUITE = """\
# A suite of ours.
[defaults]
duration = "7s"

[profile.x]  # the first
workload = "a:b"
load = { workers = 4 }  # four clients
targets = [
    "p95 < 50ms",  # as agreed
    "errors == 0",
]

# The second.
[profile.y]
workload = "a:b"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(SUITE)
    return path


def profiles(file: Path) -> tuple[Profile, ...]:
    suite = read_suite(file, file.name).suite
    assert suite is not None
    return suite.profiles


def edit(draft: Draft, to: Path | None = None, **lines: str) -> tuple[Profile, ...]:
    found = check(draft, {**lines_of(draft, {}), **lines})
    write_back(draft, found.changes, found.profiles, to=to)
    return found.profiles


def test_the_file_has_the_changes_and_all_else_as_it_was(file: Path) -> None:
    x, y = profiles(file)
    edited = edit(
        draft_of(x),
        duration="3s",
        load='rate = "9/s"',
        targets="p95 < 20ms, errors == 0, p99 < 1s",
    )
    expected = SUITE.replace("workers = 4", 'rate = "9/s"').replace("50ms", "20ms")
    expected = expected.replace('"errors == 0",\n', '"errors == 0",\n    "p99 < 1s",\n')
    expected = expected.replace("]\n\n# The second", ']\nduration = "3s"\n\n# The second')
    assert file.read_text() == expected
    assert profiles(file) == (*edited, y)


def test_a_link_stays_a_link_and_permissions_stay(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    file.chmod(0o640)
    edit(draft_of(profiles(link)[0]), duration="3s")
    assert link.is_symlink()
    assert 'duration = "3s"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.toml", "s.toml"]


def test_a_file_that_has_changed_since_is_not_overwritten(file: Path) -> None:
    draft = draft_of(profiles(file)[0])
    file.write_text(SUITE + "# by another hand\n")
    with pytest.raises(NotWrittenError, match=r"s\.toml has changed since it was read"):
        edit(draft, duration="3s")
    assert file.read_text() == SUITE + "# by another hand\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("readonly", ["file", "folder"])
def test_a_file_that_cannot_be_written_is_one_error(
    file: Path, tmp_path: Path, readonly: str
) -> None:
    path, mode = (file, 0o400) if readonly == "file" else (tmp_path, 0o500)
    path.chmod(mode)
    with pytest.raises(NotWrittenError, match=r"s\.toml cannot be written: Permission denied"):
        edit(draft_of(profiles(file)[0]), duration="3s")
    tmp_path.chmod(0o700)
    assert file.read_text() == SUITE


def test_an_error_of_the_disk_is_one_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cortex_tui.profiles.writing_back.write_whole", full)
    with pytest.raises(NotWrittenError, match=r"s\.toml cannot be written: No space left"):
        edit(draft_of(profiles(file)[0]), duration="3s")
    assert file.read_text() == SUITE


def test_a_file_that_is_gone_is_one_error(file: Path) -> None:
    draft = draft_of(profiles(file)[0])
    file.unlink()
    with pytest.raises(NotWrittenError, match=r"s\.toml: cannot be read: No such file"):
        edit(draft, duration="3s")


def test_a_layout_that_cannot_be_kept_is_refused(file: Path) -> None:
    text = SUITE + '[[ profile . "y".load.stages]]\nrate = "1/s"\nfor = "1s"\n'
    file.write_text(text)
    with pytest.raises(NotWrittenError, match=r"s\.toml is laid out in a way"):
        edit(draft_of(profiles(file)[0]), duration="3s")
    assert file.read_text() == text


def test_a_copy_of_a_shipped_suite_takes_its_place(file: Path, tmp_path: Path) -> None:
    x, y = profiles(file)
    draft, folder = draft_of(x), tmp_path / "work" / "profiles"
    copy = copy_of("s", file, [folder])
    assert copy == folder / "s.toml"
    edited = edit(draft, copy, duration="3s")
    assert file.read_text() == SUITE
    assert [p.definition for p in profiles(copy)] == [p.definition for p in (*edited, y)]
    assert profiles(copy)[0].stop == edited[0].stop
    with pytest.raises(NotWrittenError, match="is there already, and stays"):
        edit(draft, copy, duration="4s")
    # In a checkout of the program, its suites are the user's own.
    assert copy_of("s", file, [tmp_path]) == file
    with pytest.raises(NotWrittenError, match="names no folder"):
        copy_of("s", file, [])


def test_whatever_is_written_the_loader_reads_exactly_what_was_edited(tmp_path: Path) -> None:
    written = 0
    for seed in range(300):
        maker = SuiteMaker(seed)
        text, names = maker.suite()
        file = tmp_path / f"suite{seed}.toml"
        file.write_bytes(text.text.encode())
        suite = read_suite(file, file.name).suite
        before = suite.profiles if suite is not None else ()
        name = maker.random.choice(list(names))
        family = [profile for profile in before if profile.name == name]
        if not family:
            continue  # what was made at random is not always right
        draft = draft_of(family[0])
        changed = {**draft.stated, **maker.changes(draft.stated)}
        found = check(draft, {key: line_of(key, changed.get(key)) for key in FIELDS})
        if found.errors or not found.changes:
            continue
        write_back(draft, found.changes, found.profiles)
        others = [profile for profile in before if profile.name != name]
        after = profiles(file)
        assert [profile for profile in after if profile.name == name] == [*found.profiles], seed
        assert [profile for profile in after if profile.name != name] == others, seed
        written += 1
    assert written > 50
