"""One target in a process of its own, with as many inputs as are asked for.

    python -m tests.fuzz.fuzzing TARGET INPUTS [--seed N] [--findings FOLDER] [--plain]

Where atheris is installed, inputs that reach new lines of the program are kept, and others made of
them. An input that is a fault is written to tests/fuzz/corpus/TARGET (or to the folder of findings
that is named), where `make test` finds it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import mmap
import os
import resource
import struct
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fuzz.target import Target

CORPUS = Path(__file__).parent / "corpus"
_MOST_MEMORY = 6 << 30
_MOST_FAULTS = 20
"""Of different kinds; what is broken in more ways is not tried any further."""
_LONGEST_NOTED = 1 << 20


class Progress:
    """A file in memory with how many inputs were tried, and the one that is: whoever watches the
    process has it even when the process is gone."""

    _HEADER = struct.Struct("=QI")

    def __init__(self, file: Path) -> None:
        with file.open("a+b") as opened:
            opened.truncate(self._HEADER.size + _LONGEST_NOTED)
            self._map = mmap.mmap(opened.fileno(), 0)

    def note(self, count: int, data: bytes) -> None:
        noted = data[:_LONGEST_NOTED]
        self._HEADER.pack_into(self._map, 0, count, len(noted))
        self._map[self._HEADER.size : self._HEADER.size + len(noted)] = noted

    @property
    def count(self) -> int:
        return int(self._HEADER.unpack_from(self._map)[0])

    @property
    def data(self) -> bytes:
        length = self._HEADER.unpack_from(self._map)[1]
        return self._map[self._HEADER.size : self._HEADER.size + length]


class Trial:
    """The inputs of one target: counted, and those that are faults kept, one of each kind."""

    def __init__(self, target: Target, inputs: int, findings: Path, progress: Progress) -> None:
        self._target = target
        self._inputs = inputs
        self._findings = findings
        self._progress = progress
        self._count = 0
        self._kinds: set[tuple[str, str]] = set()

    def take(self, data: bytes) -> None:
        """Tries an input. Ends the process after the last one."""
        from tests.fuzz.target import check

        self._progress.note(self._count, data)
        try:
            check(self._target, data)
        except BaseException as fault:
            if isinstance(fault, KeyboardInterrupt | SystemExit):
                raise
            self._keep(data, fault)
        self._count += 1
        if self._count >= self._inputs or len(self._kinds) >= _MOST_FAULTS:
            self.end()

    def end(self) -> None:
        """At once, whatever library would still like to do something."""
        self._progress.note(self._count, b"")
        print(f"{self._target.name}: {self._count} inputs, {len(self._kinds)} faults", flush=True)
        os._exit(1 if self._kinds else 0)

    def _keep(self, data: bytes, fault: BaseException) -> None:
        frames = traceback.extract_tb(fault.__traceback__)
        last = next((f for f in reversed(frames) if "site-packages" not in f.filename), frames[-1])
        kind = type(fault).__name__, f"{last.filename}:{last.lineno}"
        if kind in self._kinds:
            return
        self._kinds.add(kind)
        file = keep_finding(self._findings, self._target.name, data)
        print(f"FAULT of {self._target.name}: {kind[0]} at {kind[1]}, input in {file}", flush=True)
        traceback.print_exception(fault, file=sys.stdout, limit=-6)


def keep_finding(folder: Path, target: str, data: bytes) -> Path:
    """Writes an input that is a fault, and gives the file."""
    file = folder / target / hashlib.sha1(data).hexdigest()[:12]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def _first_inputs(target: Target, seeds: Sequence[bytes]) -> Iterator[bytes]:
    from tests.fuzz.mutating import grown

    yield from seeds
    yield from (file.read_bytes() for file in sorted((CORPUS / target.name).glob("*")))
    yield from grown(target, seeds)


def _plainly(trial: Trial, target: Target, seeds: Sequence[bytes], chance: Random) -> None:
    from tests.fuzz.mutating import mutated

    while True:
        trial.take(mutated(chance, target, seeds))


def _guided(
    atheris: Any, trial: Trial, target: Target, seeds: Sequence[bytes], chance: Random
) -> None:
    from tests.fuzz.mutating import LONGEST, mutated

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        roll = Random(seed)
        if target.shape != "json" and roll.random() < 0.4:
            return bytes(atheris.Mutate(data, most))
        return mutated(roll, target, [data, data, roll.choice(seeds)])[:most]

    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            keep_finding(Path(folder), "seeds", seed)
        options = (
            f"-seed={chance.randrange(1, 1 << 31)}", f"-max_len={LONGEST}", "-len_control=0",
            "-rss_limit_mb=0", "-timeout=3600", "-verbosity=0", f"-artifact_prefix={folder}/",
        )  # fmt: skip
        arguments = [sys.argv[0], *options, f"{folder}/seeds"]
        atheris.Setup(arguments, trial.take, custom_mutator=mutate)
        atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("inputs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=CORPUS)
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--plain", action="store_true")
    chosen = parser.parse_args()

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    atheris: Any = None
    if not chosen.plain and importlib.util.find_spec("atheris"):
        atheris = importlib.import_module("atheris")
        # What is to be watched must be imported here first.
        with atheris.instrument_imports(include=["cortex_tui", "cortex_core"]):
            registry = importlib.import_module("tests.fuzz.targets.registry")
    else:
        registry = importlib.import_module("tests.fuzz.targets.registry")
    target: Target = registry.TARGETS[chosen.target]
    seeds, chance = target.seeds(), Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        progress = Progress(chosen.progress or Path(folder) / "progress")
        trial = Trial(target, chosen.inputs, chosen.findings, progress)
        for data in _first_inputs(target, seeds):
            trial.take(data)
        if atheris is None:
            _plainly(trial, target, seeds, chance)
        else:
            _guided(atheris, trial, target, seeds, chance)


if __name__ == "__main__":
    main()
