"""What an sdist and a wheel have to contain, and what is wrong with those that were built."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from email.parser import Parser
from pathlib import Path

from tools.release.shared_files import shared_files

ROOT = Path(__file__).resolve().parents[2]
NAME = "cortex_tui"
EXTRAS = {"cluster", "postgres", "web"}
_PLACES = {"cortex_tui/": "cortex_tui/", "core/cortex_core/": "cortex_core/"}
"""Where the folders of the project are in a wheel. The suites go into the package."""
_SUITES = ("profiles/", "cortex_tui/suites/")
_EVERYWHERE = {"/", "/root", "/usr", "/usr/local"}
_OF_INSTALLERS = ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
"""What the builder makes of pyproject.toml, below .dist-info."""

Files = Mapping[str, bytes]
"""By their paths within the artefact."""


class ReleaseError(Exception):
    """Why there is no release, in a line."""


def tracked_files(root: Path) -> dict[str, bytes]:
    """The files of the project as they are committed, if nothing else is in the work tree."""
    done = subprocess.run(
        ["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    return {name: (root / name).read_bytes() for name in done.stdout.split("\0") if name}


def expected_in_wheel(tracked: Files, version: str, date: str) -> dict[str, bytes]:
    """The packages, the suites, and what is shared with man and the shells."""
    found = {}
    for name, data in tracked.items():
        for folder, place in (*_PLACES.items(), _SUITES):
            if name.startswith(folder):
                found[place + name.removeprefix(folder)] = data
    for name, text in shared_files(version, date).items():
        found[f"{NAME}-{version}.data/data/{name}"] = text.encode()
    found[f"{NAME}-{version}.dist-info/licenses/LICENSE"] = tracked["LICENSE"]
    return found


def wheel_problems(wheel: Path, expected: Files, version: str) -> Iterator[str]:
    """A line for each thing that is wrong."""
    info = f"{NAME}-{version}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    made = {f"{info}/{name}": files.pop(f"{info}/{name}", None) for name in _OF_INSTALLERS}
    yield from (f"{name} is missing" for name, data in made.items() if data is None)
    yield from _differences(files, expected)
    metadata = made[f"{info}/METADATA"]
    if metadata is not None:
        yield from _metadata_problems(metadata, version)
    yield from _machine_problems(files | {name: data or b"" for name, data in made.items()})


def sdist_problems(sdist: Path, tracked: Files, version: str) -> Iterator[str]:
    """A line for each thing that is wrong: an sdist is the project as it is committed."""
    top = f"{NAME}-{version}/"
    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if not member.isdir()]
        opened = ((member.name, archive.extractfile(member)) for member in members)
        files = {name: file.read() for name, file in opened if file is not None}
    yield from (f"{name} is not in {top}" for name in files if not name.startswith(top))
    files = {name.removeprefix(top): data for name, data in files.items()}
    metadata = files.pop("PKG-INFO", None)
    if metadata is None:
        yield "PKG-INFO is missing"
    else:
        yield from _metadata_problems(metadata, version)
    yield from _differences(files, tracked)
    yield from _machine_problems(files)


def changelog_problems(tracked: Files, version: str) -> Iterator[str]:
    """The newest section has to be that of the version."""
    lines = tracked["CHANGELOG.md"].decode().splitlines()
    newest = next((line.removeprefix("## ") for line in lines if line.startswith("## ")), "none")
    if newest != version:
        yield f"CHANGELOG.md: expected {version} as its newest section, found {newest}"


def _differences(files: Files, expected: Files) -> Iterator[str]:
    yield from (f"{name} is missing" for name in sorted(expected.keys() - files.keys()))
    yield from (f"{name} should not be there" for name in sorted(files.keys() - expected.keys()))
    yield from (
        f"{name} is not what is committed"
        for name in sorted(expected.keys() & files.keys())
        if files[name] != expected[name]
    )


def _metadata_problems(data: bytes, version: str) -> Iterator[str]:
    metadata = Parser().parsestr(data.decode())
    if metadata["Version"] != version:
        yield f"metadata: expected version {version}, found {metadata['Version']}"
    if metadata["License-Expression"] != "MIT":
        yield f"metadata: expected the licence MIT, found {metadata['License-Expression']}"
    extras = set(metadata.get_all("Provides-Extra", []))
    if extras != EXTRAS:
        yield f"metadata: expected the extras {sorted(EXTRAS)}, found {sorted(extras)}"


def _machine_problems(files: Files) -> Iterator[str]:
    """Paths that only this machine has."""
    paths = {str(ROOT), str(Path.home()), sys.base_prefix} - _EVERYWHERE
    for name, data in sorted(files.items()):
        found = sorted(path for path in paths if path.encode() in data)
        for path in found:
            if not any(other.startswith(f"{path}/") for other in found):
                yield f"{name} has a path of this machine: {path}"
