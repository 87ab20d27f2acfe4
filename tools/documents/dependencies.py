"""The tables of docs/readiness.md: which packages are needed, and under which licences.

`python -m tools.documents.dependencies` prints them, from the metadata of what is installed.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "cortex-tui"
EXTRAS = ("", "web", "postgres", "cluster")
"""What a user may install; "" is the program without extras."""
BY_CLASSIFIER = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def licence_of(name: str) -> str:
    """As its metadata states it: the SPDX expression, else the classifiers, else the text."""
    metadata = importlib.metadata.metadata(name)
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = metadata.get_all("Classifier") or []
    last = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    known = sorted({BY_CLASSIFIER[each] for each in last if each in BY_CLASSIFIER})
    text = metadata["License"].strip() if "License" in metadata else ""
    return " OR ".join(known) or (text if text and "\n" not in text else "not stated")


def needed_by(name: str, extras: Iterable[str] = ()) -> dict[str, frozenset[str]]:
    """The installed packages that it requires with those extras, each with its own extras."""
    found: dict[str, frozenset[str]] = {}
    for line in importlib.metadata.requires(name) or ():
        wanted = Requirement(line)
        if wanted.marker is None or any(
            wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        ):
            package = canonicalize_name(wanted.name)
            found[package] = found.get(package, frozenset()) | wanted.extras
    return found


def direct() -> dict[str, str]:
    """By package that the program names itself: the extra that brings it, "" for always."""
    found: dict[str, str] = {}
    for extra in EXTRAS:
        for package in needed_by(PROGRAM, (extra,)):
            found.setdefault(package, extra)
    return found


def indirect() -> dict[str, str]:
    """The same for what those need, and what that needs."""
    named, found = direct(), dict[str, str]()
    for extra in EXTRAS:
        waiting = list(needed_by(PROGRAM, (extra,)).items())
        seen: set[tuple[str, frozenset[str]]] = set()
        while waiting:
            package, extras = waiting.pop()
            if (package, extras) in seen:
                continue
            seen.add((package, extras))
            if package not in named:
                found.setdefault(package, extra)
            waiting += needed_by(package, extras).items()
    return found


def direct_table(packages: Mapping[str, str]) -> list[str]:
    lines = ["| package | with | licence | tested |", "|---|---|---|---|"]
    for package, extra in sorted(packages.items(), key=lambda each: (EXTRAS.index(each[1]), each)):
        version = importlib.metadata.version(package)
        comes = f"`{extra}`" if extra else "always"
        lines.append(f"| {package} | {comes} | {licence_of(package)} | {version} |")
    return lines


def licence_table(packages: Mapping[str, str]) -> list[str]:
    """By licence, the packages; those of an extra have its name behind them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for package, extra in sorted(packages.items()):
        found[licence_of(package)].append(f"{package} (`{extra}`)" if extra else package)
    rows = [f"| {licence} | {', '.join(names)} |" for licence, names in sorted(found.items())]
    return ["| licence | packages |", "|---|---|", *rows]


def main() -> None:
    lines = [*direct_table(direct()), "", *licence_table(indirect())]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
