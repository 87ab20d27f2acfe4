"""Kills a process in the middle of its batches, and looks for what it had reported as stored.

As a program it is that process: `python -m tests.performance._kills FILE` captures 64
conversations at a time and writes the id of each to its output once it is acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import IO

from cortex_core import CaptureConversation, Cortex
from cortex_core.data import conversations
from tests.performance._bench import Bench

AT_ONCE = 64
TIMES = 20
LATEST_S = 0.3
"""After the first acknowledgement the process is killed at a moment within this time."""


async def capture_without_end(path: str) -> None:
    text = next(conversations(1)).content
    async with Cortex.open(path) as cortex:

        async def capture() -> None:
            captured = await cortex.send(
                CaptureConversation(title="kept", content=text, quality=0.9)
            )
            # Less than a pipe takes in one piece.
            os.write(sys.stdout.fileno(), f"{captured.unwrap().id}\n".encode())

        while True:
            await asyncio.gather(*(capture() for _ in range(AT_ONCE)))


def acknowledged(path: Path, after_s: float) -> list[str]:
    """Run the process, kill it so long after its first acknowledgement; what it acknowledged."""
    program = [sys.executable, "-m", "tests.performance._kills", str(path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
        output: IO[bytes] | None = process.stdout
        assert output is not None
        first = output.readline()
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()
        rest = output.read()
    # The last line may be cut off: then nobody read it whole.
    return (first + rest).decode().split("\n")[:-1]


def lost(bench: Bench) -> None:
    """How many acknowledged conversations are missing after the process was killed 20 times."""
    what = f"acknowledged captures lost, kill -9 {TIMES} times"
    if not bench.measurements.wants(what):
        return
    path = bench.file(1)
    moments = random.Random(11)
    written: list[str] = []
    missing = 0
    for _ in range(TIMES):
        written += acknowledged(path, moments.uniform(0, LATEST_S))
        with bench.core(path) as cortex:
            missing = bench.run(partial(_missing, cortex, written))
    assert written
    bench.measurements.ratio(what, missing, len(written), unit="captures", goal=0.0)


async def _missing(cortex: Cortex, ids: list[str]) -> int:
    found = [await cortex.conversations.get(id_) for id_ in ids]
    return sum(each is None for each in found)


if __name__ == "__main__":
    asyncio.run(capture_without_end(sys.argv[1]))
