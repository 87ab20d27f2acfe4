"""Which packages take part in measuring: those that the user's code imports, and what those need.

Found by reading the code, without importing any of it. What is imported by a name that is computed
is not found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from importlib import metadata
from pathlib import Path

from cortex_tui.limits import MAX_SCANNED_BYTES
from cortex_tui.placement.cluster.versions import normalised
from cortex_tui.profiles.model import Profile, database_kind
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.protocol.programs import is_test
from cortex_tui.workloads.loading import roots_of
from cortex_tui.workloads.names import BUILT_IN, OVER_CORE

_RUNNER = ("msgspec", "uvloop")
"""What each runner imports of others."""
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)\])?")
_CODE = re.compile(r"""^"?([^/,"\n]+?)(?:\.[^/,"\n]*|/[^"\n]*?)?\.(?:py|so|pyd)"?,""", re.MULTILINE)
"""A line of a package's list of files; its first group is the module or the outermost package."""
_OF_EXTRA = re.compile(r""";.*\bextra\s*==\s*['"]([^'"]+)['"]""")


def needed_packages(plan: SessionPlan, python_path: Sequence[str]) -> frozenset[str]:
    """By their normalised names. `python_path` are the user's folders in `sys.path`.

    Reads files: not to be called on an event loop.
    """
    wanted: set[str] = set(_RUNNER)
    modules: set[str] = set()
    for profile in {run.profile.workload: run.profile for run in plan.runs}.values():
        wanted.update(_of_ours(profile))
        if profile.workload not in BUILT_IN:
            modules |= _imported(profile, python_path)
    if modules:
        wanted.update(_providers(modules))
    return frozenset(_with_requirements(wanted))


def _of_ours(profile: Profile) -> Iterator[str]:
    """What our own workloads import."""
    if is_test(profile):
        yield "pytest"
    if profile.workload in OVER_CORE:
        yield "aiosqlite"
        if database_kind(profile.database) == "postgresql":
            yield from ("psycopg", "psycopg-pool")


def _imported(profile: Profile, python_path: Sequence[str]) -> set[str]:
    """The first names of all modules outside of the user's folders that a workload can import,
    through whatever modules of the user."""
    roots = (*roots_of(profile.source), *python_path)
    if is_test(profile):
        waiting = [profile.source]
        waiting += (str(file) for file in Path(str(profile.params["rootdir"])).rglob("conftest.py"))
        names = []
    else:
        waiting, names = [], [profile.workload.partition(":")[0].partition(".")[0]]
    outside: set[str] = set()
    seen_names: set[str] = set()
    seen_files: set[str] = set()
    while waiting or names:
        for name in names:
            files = list(_files_of(name, roots))
            waiting += files
            if not files:
                outside.add(name)
        seen_names.update(names)
        read, waiting = set(waiting) - seen_files, []
        seen_files |= read
        names = list({name for file in read for name in _names_in(file)} - seen_names)
    return outside


def _files_of(name: str, roots: Iterable[str]) -> Iterator[str]:
    """The files of a module or package of that name in the first folder that has it."""
    for root in roots:
        place = os.path.join(root, name)
        if os.path.isfile(f"{place}.py"):
            yield f"{place}.py"
            return
        if os.path.isdir(place):
            files = [str(file) for file in Path(place).rglob("*.py")]
            if files:
                yield from files
                return


def _names_in(file: str) -> set[str]:
    """The first name of each module that a file imports from elsewhere than its own package."""
    try:
        with open(file, "rb") as opened:
            text = opened.read(MAX_SCANNED_BYTES)
    except OSError:
        return set()
    found: set[str] = set()
    for origin, names in _IMPORT.findall(text):
        for name in (origin or names).split(b","):
            first = name.strip().partition(b".")[0].partition(b" ")[0]
            if first:
                found.add(first.decode("utf-8", "replace"))
    return found


def _providers(modules: Set[str]) -> Iterator[str]:
    """The packages that have one of those modules.

    `metadata.packages_distributions` makes objects of all files of all packages: 15 MB for a
    moment, with 200 packages.
    """
    for package in metadata.distributions():
        declared = (package.read_text("top_level.txt") or "").split()
        if not modules.isdisjoint(declared or _top_levels(package.read_text("RECORD") or "")):
            yield package.metadata["Name"]


def _top_levels(record: str) -> set[str]:
    """The modules of a list of files, as it is written when a package is installed."""
    return {found[1] for found in _CODE.finditer(record)}


def _with_requirements(packages: Iterable[str]) -> set[str]:
    """With all that they need, as far as it is installed here."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()  # with the extra, "" for none
    waiting = [(normalised(name), "") for name in packages]
    while waiting:
        name, extra = package = waiting.pop()
        if package in seen:
            continue
        seen.add(package)
        try:
            requirements = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        for requirement in requirements:
            of_extra = _OF_EXTRA.search(requirement)
            if (of_extra[1] if of_extra else "") != extra:
                continue
            if matched := _REQUIREMENT.match(requirement):
                extras = (matched[2] or "").split(",")
                waiting += ((normalised(matched[1]), each.strip()) for each in ("", *extras))
    return found
