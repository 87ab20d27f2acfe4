"""What surrounds the workbenches of a soak and can be made wrong: the disk and the wall clock."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_MB = 192


class Clock:
    """The wall clock of programs that are started with `environment`, which can be stepped.

    No monotonic clock is touched: the kernel never steps those either. A time namespace has no wall
    clock of its own, so that is a small library which is loaded before the others.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.step(0)
        self.why_not = "" if shutil.which("cc") else "no C compiler to build the clock with"
        self.environment: dict[str, str] = {}
        if not self.why_not:
            library, source = folder / "stepped_clock.so", Path(__file__).parent / "stepped_clock.c"
            build = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
            subprocess.run(build, check=True)
            self.environment = {"LD_PRELOAD": str(library), "SOAK_CLOCK": str(self._file)}

    def step(self, ahead_s: int) -> None:
        """How far the clock is ahead from now on."""
        self.ahead_s = ahead_s
        with self._file.open("r+b" if self._file.exists() else "xb") as file:
            file.write(struct.pack("=q", ahead_s))


class Disk:
    """A small file system, which can be filled to the last byte."""

    def __init__(self, folder: Path, why_not: str) -> None:
        self.why_not = why_not
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                piece = b"x" * size
                try:
                    while file.write(piece) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mounts it at a new folder; where that is not allowed it is a usual one that never fills."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "soak", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        yield Disk(folder, mounted.stderr.strip())
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
