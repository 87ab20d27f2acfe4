"""Findings on the interpreter, the packages, the disk and the code."""

from __future__ import annotations

from collections.abc import Iterator

from cortex_tui.environment.findings.finding import Facts, Finding, unknown
from cortex_tui.environment.place import NETWORK_FILE_SYSTEMS, VOLATILE_FILE_SYSTEMS

_LITTLE_BYTES = 1_000_000_000


def software_findings(facts: Facts) -> Iterator[Finding]:
    yield _python(facts)
    if facts.get("slowed_by"):
        yield Finding(
            "warning", "settings", ", ".join(facts["slowed_by"]),
            "Python does more than it would in production: everything is measured slower.",
            "Unset them, and run without coverage or a debugger.",
        )  # fmt: skip
    if facts.get("differences"):
        yield Finding(
            "warning", "versions", "; ".join(facts["differences"]),
            "What is measured there may be other code than here.",
            "Install the same versions on all machines.",
        )  # fmt: skip
    yield _loop(facts)
    yield _packages(facts)
    yield _file_system(facts)
    yield _space(facts)
    yield _git(facts)


def _python(facts: Facts) -> Finding:
    version = facts.get("python")
    if not version:
        return unknown("Python")
    what = f"{facts.get('implementation', 'Python')} {version}"
    if facts.get("gil") is False:
        what += ", without the GIL"
    if facts.get("python_debug"):
        return Finding(
            "warning", "Python", f"{what}, a debug build",
            "It is several times slower, for some code more than for other.",
            "Measure with a release build.",
        )  # fmt: skip
    if facts.get("python_optimised") is False:
        return Finding(
            "warning", "Python", f"{what}, built without optimisation",
            "It is several times slower, for some code more than for other.",
            "Measure with a build that has -O2 or more.",
        )  # fmt: skip
    if facts.get("python_profile_guided") is False:
        return Finding(
            "note", "Python", f"{what}, built without profile-guided optimisation",
            "It is slower than the Python of most distributions, usually by 10 to 20 %.",
            "Compare only runs of the same build; build with --enable-optimizations.",
        )  # fmt: skip
    return Finding("ok", "Python", what)


def _loop(facts: Facts) -> Finding:
    version = facts.get("packages", {}).get("uvloop")
    if version:
        return Finding("ok", "loop", f"uvloop {version}, or asyncio with --loop asyncio")
    return Finding(
        "note", "loop", "asyncio: uvloop is not installed",
        "asyncio's own loop is measured, which is slower than uvloop.",
        "Install uvloop if production uses it.",
    )  # fmt: skip


def _packages(facts: Facts) -> Finding:
    packages = facts.get("packages")
    if not packages:
        return unknown("packages", "no metadata of installed packages")
    what = ", ".join(f"{name} {version}" for name, version in packages.items())
    sqlite = facts.get("sqlite")
    return Finding("ok", "packages", f"{what}{f', SQLite {sqlite}' if sqlite else ''}")


def _file_system(facts: Facts) -> Finding:
    kind = facts.get("file_system")
    if not kind:
        return unknown("disk")
    if kind in VOLATILE_FILE_SYSTEMS:
        return Finding(
            "warning", "disk", f"the store is on {kind}, in memory",
            "A database there never waits for a disk: writes seem faster than they are.",
            "Name a --store on a real disk.",
        )  # fmt: skip
    if kind in NETWORK_FILE_SYSTEMS:
        return Finding(
            "warning", "disk", f"the store is on {kind}, a network file system",
            "A database there waits for the network, and SQLite's locks may not hold.",
            "Name a --store on a local disk.",
        )  # fmt: skip
    if kind == "overlay":
        return Finding(
            "note", "disk", "the store is on overlay, the layers of a container",
            "The first write to a file copies it.",
            "Put the store on a volume.",
        )  # fmt: skip
    return Finding("ok", "disk", f"the store is on {kind}")


def _space(facts: Facts) -> Finding:
    free = facts.get("free_bytes")
    if free is None:
        return unknown("disk space")
    what = f"{free / 1e9:,.1f} GB free"
    if free >= _LITTLE_BYTES:
        return Finding("ok", "disk space", what)
    return Finding(
        "warning", "disk space", what,
        "Writes fail when the disk is full, and are slow long before.",
        "Free some space, or name a --store elsewhere.",
    )  # fmt: skip


def _git(facts: Facts) -> Finding:
    commit = facts.get("git_commit")
    if not commit:
        return Finding(
            "note", "code", "no git commit here",
            "The result does not show what was measured.",
            "Start it in the repository of the code.",
        )  # fmt: skip
    branch = facts.get("git_branch")
    what = f"{commit[:12]}{f' on {branch}' if branch else ''}"
    if facts.get("git_dirty"):
        return Finding(
            "note", "code", f"{what}, with changes that are not committed",
            "The code that was measured differs from the commit that is stored with the result.",
            "Commit before a run that is to be compared.",
        )  # fmt: skip
    return Finding("ok", "code", what)
