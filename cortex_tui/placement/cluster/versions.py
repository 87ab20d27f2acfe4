"""Whether two machines have the same Python, packages and version of this program."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

import cortex_tui


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine measures with."""

    program: str
    """The version of this program, and `program_digest` of its files."""
    program_digest: str
    python: str
    """Such as `CPython 3.12.4`."""
    python_path: str
    """PYTHONPATH as it is there."""
    byte_order: str
    packages: dict[str, str]
    """The version of each, by its name in lower case with hyphens."""


class Difference(msgspec.Struct, frozen=True):
    """Something that a machine has in another version than this one; "" for not at all."""

    what: str
    here: str
    there: str
    must_agree: bool = False
    """Whether the two could not work together at all."""

    def __str__(self) -> str:
        return f"{self.what} {self.here or 'none'} here, {self.there or 'none'} there"


Found = Mapping[str, Sequence[Difference]]
"""What differs, by the names of the machines."""


def normalised(package: str) -> str:
    """A name of a package as names are compared."""
    return re.sub(r"[-_.]+", "-", package).lower()


def installed() -> Installed:
    """What this process has. Reads the metadata of all packages: some ms, on no event loop."""
    packages: dict[str, str] = {}
    for found in metadata.distributions():
        # The first that is found is the one that is imported.
        if name := found.metadata["Name"]:
            packages.setdefault(normalised(name), found.version)
    return Installed(
        program=cortex_tui.__version__,
        program_digest=_program_digest(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        python_path=os.environ.get("PYTHONPATH", ""),
        byte_order=sys.byteorder,
        packages=packages,
    )


@cache
def _program_digest() -> str:
    """Of all Python files of this program and its core, so that two checkouts of one version differ
    where their files do."""
    import cortex_core

    digest = hashlib.sha256()
    for package in (cortex_tui, cortex_core):
        folder = Path(str(package.__file__)).parent
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{folder.name}/{file.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def differences(here: Installed, there: Installed, needed: Collection[str]) -> list[Difference]:
    """What differs between them of all that takes part in measuring, what must agree first;
    `needed` are the packages that do, by their normalised names."""
    found = [
        Difference("cortex-tui", here.program, there.program, must_agree=True),
        Difference("byte order", here.byte_order, there.byte_order, must_agree=True),
        Difference("Python", here.python, there.python),
        *(
            Difference(name, here.packages.get(name, ""), there.packages.get(name, ""))
            for name in sorted(needed)
        ),
    ]
    if here.program == there.program:
        what = "the files of cortex-tui"
        found.append(Difference(what, here.program_digest, there.program_digest))
    return [each for each in found if each.here != each.there]


def refusal(found: Found, *, allowed: bool) -> str:
    """Why a session cannot be measured on these machines; "" where it can."""
    lines = list(_lines({name: [d for d in each if d.must_agree] for name, each in found.items()}))
    if lines:
        return f"every machine must have the same cortex-tui: {'; '.join(lines)}"
    lines = list(_lines(found))
    if lines and not allowed:
        return (
            f"the machines differ from this one: {'; '.join(lines)}; install the same versions, or "
            "allow what differs with --allow-differences"
        )
    return ""


def stated(found: Found) -> list[str]:
    """A line for each group of machines that differ in the same way."""
    return list(_lines(found))


def _lines(found: Found) -> Iterator[str]:
    machines: dict[str, list[str]] = {}
    for name, differing in found.items():
        if differing:
            machines.setdefault(", ".join(map(str, differing)), []).append(name)
    for text, names in machines.items():
        yield f"{', '.join(names)}: {text}"
