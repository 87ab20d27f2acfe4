"""`run --against` where the working tree has profiles that the revision lacks."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.program import call, git, write_suite

SHORT = ("--repeat", "2", "--duration", "100ms")
VISIT = """
    [profile.visit]
    workload = "bench:visit"
"""
CODE = """
    async def visit():
        await asyncio.sleep(0.001)
"""


def test_they_are_left_out_and_reported_and_the_others_compared(folder: Path) -> None:
    git(folder, "init", "--quiet", "--initial-branch=main")
    write_suite(folder, VISIT, code=CODE)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    more = "".join(VISIT.replace("visit]", f"{name}]") for name in ("extra", "new"))
    write_suite(folder, VISIT + more, code=CODE)
    reports = ("--json", "out.json", "--export", "junit=found.xml", "--export", "markdown=found.md")
    done = call(folder, "run", "shop", "--against", "main", *SHORT, *reports)
    assert done.returncode in (0, 1, 4), done.stderr
    left_out = "main has no profile shop.extra, shop.new: they are left out"
    assert left_out in done.stderr.splitlines()
    assert done.stdout.count(left_out) == 1
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert {run["profile"] for run in document["runs"]} == {"shop.visit"}
    (compared,) = document["comparisons"]
    assert [each["profile"] for each in compared["profiles"]] == ["shop.visit"]
    assert left_out in compared["notes"]
    for name in ("found.xml", "found.md"):
        assert "shop.extra" in (folder / name).read_text(encoding="utf-8"), name
    none = call(folder, "run", "shop.extra", "--against", "main", *SHORT)
    assert none.returncode == 2
    assert "main has no profile shop.extra: nothing is left to compare" in none.stderr
