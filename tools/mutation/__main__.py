"""`make mutate`: tries mutants and lists those that no test notices, with what they change.

Survivors that docs/mutants.md explains are counted, and not listed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tools.mutation.explained import Change, change_of, explained
from tools.mutation.mutants import PACKAGES, Module, copied, difference, function_of, mutated
from tools.mutation.trial import KILLED, SLOW, few_examples, tried

PROJECT = Path(__file__).parents[2]
COPY = PROJECT / "build" / "mutation"
PAGE = PROJECT / "docs" / "mutants.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--since", metavar="COMMIT", help="only modules changed since this commit")
    parser.add_argument("--examples", type=int, default=25, help="of each property test (25)")
    parser.add_argument("--tests", help="a file or folder of tests (those of the mutants' package)")
    parser.add_argument("--folder", type=Path, default=COPY, help="of the copy (build/mutation)")
    parser.add_argument("pattern", nargs="*", help="only mutants whose names match")
    options = parser.parse_args()
    paths = _modules(options.since)
    copy = options.folder.absolute()
    copied(PROJECT, copy)
    os.chdir(copy)
    sys.path.insert(0, str(copy / "src"))
    few_examples(options.examples)
    modules = mutated(copy, paths, options.pattern)
    if not modules:
        print("No mutant matches.")
        return 0
    known = explained(PAGE)
    unnoticed = 0
    for tests in dict.fromkeys(module.tests for module in modules):
        these = [module for module in modules if module.tests == tests]
        unnoticed += _tried(these, options.tests or tests, known)
    return 1 if unnoticed else 0


def _modules(since: str | None) -> list[Path]:
    folders = [package.code for package in PACKAGES]
    if since is None:
        found = [each for folder in folders for each in (PROJECT / folder).glob("*.py")]
        return sorted(each.relative_to(PROJECT) for each in found)
    command = ["git", "diff", "--name-only", "--diff-filter=d", since, "--", *folders]
    names = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in names.splitlines() if name.endswith(".py")]


def _tried(modules: list[Module], tests: str, known: Mapping[Change, str]) -> int:
    """Try them, print what became of them. How many were neither noticed nor are explained."""
    log = Path("results.txt").absolute()
    log.touch()
    before = len(log.read_text("utf-8").splitlines())

    def report(mutant: str, verdict: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            print(mutant, verdict, sep="\t", file=file, flush=True)

    started = time.monotonic()
    tried(modules, tests, report)
    verdicts = dict(line.split("\t") for line in log.read_text("utf-8").splitlines()[before:])
    unnoticed = 0
    for module in modules:
        count = Counter(verdicts[mutant] for mutant in module.mutants)
        changes = {
            each: change_of(function_of(each), difference(module, each)) for each in module.mutants
        }
        left = [each for each in module.mutants if verdicts[each] not in (KILLED, SLOW)]
        new = {mutant: changes[mutant] for mutant in left if changes[mutant] not in known}
        count["of these explained"] = len(left) - len(new)
        counted = ", ".join(f"{number} {verdict}" for verdict, number in count.items() if number)
        print(f"\n{module.name}: {len(module.mutants)} mutants, {counted}")
        for mutant, change in new.items():
            print(f"\n{mutant}: {verdicts[mutant]}\n{change.shown()}")
        for mutant in module.mutants:
            if mutant not in left and changes[mutant] in known:
                print(f"\n{mutant}: explained, yet {verdicts[mutant]}\n{changes[mutant].shown()}")
        unnoticed += len(new)
    print(f"\n{tests}: {time.monotonic() - started:.0f} s", flush=True)
    return unnoticed


if __name__ == "__main__":
    sys.exit(main())
