"""The checks of `make release` on the contents: each finds what it is there to find."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.release.contents import (
    ROOT,
    changelog_problems,
    expected_in_wheel,
    sdist_problems,
    wheel_problems,
)

VERSION = "1.2.3"
INFO = f"cortex_tui-{VERSION}.dist-info"
DATA = f"cortex_tui-{VERSION}.data/data"
METADATA = (
    f"Metadata-Version: 2.4\nName: cortex-tui\nVersion: {VERSION}\nLicense-Expression: MIT\n"
    "Provides-Extra: web\nProvides-Extra: postgres\nProvides-Extra: cluster\n"
).encode()

TRACKED = {
    "CHANGELOG.md": f"# Changelog\n\n## {VERSION}\n\n## 1.0.0\n".encode(),
    "LICENSE": b"MIT",
    "core/cortex_core/__init__.py": b"",
    "core/cortex_core/py.typed": b"",
    "cortex_tui/__init__.py": b"one = 1\n",
    "cortex_tui/py.typed": b"",
    "profiles/search.toml": b"[profile.a]\n",
    "tests/unit/test_it.py": b"",
}
WHEEL = {
    **expected_in_wheel(TRACKED, VERSION, "2026-03-31"),
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/RECORD": b"",
    f"{INFO}/WHEEL": b"",
    f"{INFO}/entry_points.txt": b"",
}
SDIST = {**TRACKED, "PKG-INFO": METADATA}

Files = dict[str, bytes]


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {each: data for each, data in files.items() if each != name}


def with_file(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: data}


def unchanged(files: Files) -> Files:
    return files


def problems_of_wheel(folder: Path, files: Files) -> list[str]:
    wheel = folder / "it.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    expected = expected_in_wheel(TRACKED, VERSION, "2026-03-31")
    return list(wheel_problems(wheel, expected, VERSION))


def problems_of_sdist(folder: Path, files: Files, top: str = f"cortex_tui-{VERSION}") -> list[str]:
    sdist = folder / "it.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return list(sdist_problems(sdist, TRACKED, VERSION))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (unchanged, []),
        (without("cortex_tui/py.typed"), ["cortex_tui/py.typed is missing"]),
        (without("cortex_tui/suites/search.toml"), ["cortex_tui/suites/search.toml is missing"]),
        (without(f"{INFO}/licenses/LICENSE"), [f"{INFO}/licenses/LICENSE is missing"]),
        (without(f"{INFO}/entry_points.txt"), [f"{INFO}/entry_points.txt is missing"]),
        (without(f"{INFO}/METADATA"), [f"{INFO}/METADATA is missing"]),
        (
            without(f"{DATA}/share/man/man1/cortex-tui-run.1"),
            [f"{DATA}/share/man/man1/cortex-tui-run.1 is missing"],
        ),
        (
            without(f"{DATA}/share/zsh/site-functions/_cortex-tui"),
            [f"{DATA}/share/zsh/site-functions/_cortex-tui is missing"],
        ),
        (with_file("tests/test_it.py", b""), ["tests/test_it.py should not be there"]),
        (
            with_file("cortex_tui/__pycache__/a.pyc", b""),
            ["cortex_tui/__pycache__/a.pyc should not be there"],
        ),
        (
            with_file("cortex_tui/__init__.py", b"two = 2\n"),
            ["cortex_tui/__init__.py is not what is committed"],
        ),
        (
            with_file(f"{INFO}/RECORD", f"{ROOT}/cortex_tui/__init__.py".encode()),
            [f"{INFO}/RECORD has a path of this machine: {ROOT}"],
        ),
        (
            with_file(f"{INFO}/METADATA", METADATA.replace(VERSION.encode(), b"1.0.0")),
            [f"metadata: expected version {VERSION}, found 1.0.0"],
        ),
        (
            with_file(f"{INFO}/METADATA", METADATA.replace(b"MIT", b"GPL-3.0-only")),
            ["metadata: expected the licence MIT, found GPL-3.0-only"],
        ),
        (
            with_file(f"{INFO}/METADATA", METADATA.replace(b"Provides-Extra: web\n", b"")),
            ["metadata: expected the extras ['cluster', 'postgres', 'web'], "
             "found ['cluster', 'postgres']"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_wheel_is_reported(
    change: Callable[[Files], Files], expected: list[str], tmp_path: Path
) -> None:
    assert problems_of_wheel(tmp_path, change(WHEEL)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (unchanged, []),
        (without("LICENSE"), ["LICENSE is missing"]),
        (without("tests/unit/test_it.py"), ["tests/unit/test_it.py is missing"]),
        (without("PKG-INFO"), ["PKG-INFO is missing"]),
        (with_file("notes.txt", b"mine"), ["notes.txt should not be there"]),
        (with_file("LICENSE", b"other"), ["LICENSE is not what is committed"]),
        (
            with_file("LICENSE", str(ROOT).encode()),
            ["LICENSE is not what is committed", f"LICENSE has a path of this machine: {ROOT}"],
        ),
        (
            with_file("PKG-INFO", METADATA.replace(VERSION.encode(), b"1.0.0")),
            [f"metadata: expected version {VERSION}, found 1.0.0"],
        ),
    ],
)
def test_what_is_wrong_with_an_sdist_is_reported(
    change: Callable[[Files], Files], expected: list[str], tmp_path: Path
) -> None:
    assert problems_of_sdist(tmp_path, change(SDIST)) == expected


def test_an_sdist_has_one_folder_of_its_name(tmp_path: Path) -> None:
    found = problems_of_sdist(tmp_path, SDIST, top="elsewhere")
    assert f"elsewhere/LICENSE is not in cortex_tui-{VERSION}/" in found


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (VERSION, []),
        ("1.2.4", [f"CHANGELOG.md: expected 1.2.4 as its newest section, found {VERSION}"]),
    ],
)
def test_the_newest_section_of_the_changelog_is_that_of_the_version(
    version: str, expected: list[str]
) -> None:
    assert list(changelog_problems(TRACKED, version)) == expected
