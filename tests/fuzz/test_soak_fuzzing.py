"""A million inputs over all targets, each target in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fuzz.fuzzing import CORPUS, Progress, keep_finding
from tests.fuzz.targets.registry import TARGETS

THOUSANDS = int(os.environ.get("FUZZ_THOUSANDS", "1000"))
"""Of inputs in all."""
SEED = int(os.environ.get("FUZZ_SEED", "0")) or int(time.time())
_STUCK_S = 300.0
"""Without a further input, a process is taken for stuck. Each input has its own limit, of processor
time: this one is for what no signal can interrupt, and for a busy machine."""


class Tried(NamedTuple):
    target: str
    inputs: int
    seconds: float
    fault: str
    """What the process printed where it found any, or why it ended; "" where all is well."""


def shares() -> dict[str, int]:
    """How many inputs each target gets, a million in all unless another number is asked for."""
    thousands = sum(target.thousands for target in TARGETS.values())
    return {
        name: -(-target.thousands * THOUSANDS * 1_000 // thousands)
        for name, target in TARGETS.items()
    }


def tried(name: str, inputs: int) -> Tried:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder) / "progress", Path(folder) / "output"
        command = [
            sys.executable, "-m", "tests.fuzz.fuzzing", name, str(inputs), "--seed", str(SEED),
            "--progress", str(file),
        ]  # fmt: skip
        progress = Progress(file)
        with output.open("wb") as opened:
            process = subprocess.Popen(
                command,
                stdout=opened,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": folder},
            )
        ending = _ending(process, progress)
        printed = output.read_text(errors="replace")
        fault = ""
        if ending and progress.data:
            fault = f"{ending} with {keep_finding(CORPUS, name, progress.data)}\n{printed[-3_000:]}"
        elif ending or process.returncode:
            fault = f"{ending}\n{printed[-6_000:]}"
        return Tried(name, progress.count, time.monotonic() - began, fault)


def _ending(process: subprocess.Popen[bytes], progress: Progress) -> str:
    """Why a process ended before its time, or had to be; "" where it came to its end."""
    count, since = -1, time.monotonic()
    while True:
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if progress.count != count:
                count, since = progress.count, time.monotonic()
            elif time.monotonic() - since > _STUCK_S:
                process.kill()
                process.wait()
                return f"it was stuck for {_STUCK_S:g} s"
        else:
            # 1 is for faults that were found, which are kept and printed.
            return "" if code in (0, 1) else f"its process ended with {code}"


@pytest.mark.soak
def test_a_million_inputs_are_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = shares()
    # The slowest begin first, so that no processor waits for another at the end.
    order = sorted(wanted, key=lambda name: name.startswith(("store", "link-visitor", "shown")))
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        results = list(pool.map(lambda name: tried(name, wanted[name]), reversed(order)))
    with capsys.disabled():
        print(f"\nseed {SEED}")
        for result in results:
            print(f"{result.inputs:>9,} inputs {result.seconds:7.1f} s  {result.target}")
        print(f"{sum(result.inputs for result in results):>9,} inputs")
    faults = [f"{result.target}: {result.fault}" for result in results if result.fault]
    assert not faults, "\n\n".join(faults)
    assert sum(result.inputs for result in results) >= THOUSANDS * 1_000
    assert all(result.inputs >= wanted[result.target] for result in results)
