"""What each process of the soak holds, every second, as the kernel counts it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

PERIOD_S = 1.0

_ROLES = {
    "cortex_tui.runner.process": "runner",
    "cortex_tui.placement.cluster": "agent",
    "cortex-tui agent": "agent",
}
"""Parts of command lines."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment. Sizes in bytes."""

    at_s: float
    desk: str
    role: str
    """workbench, runner, guard, agent or other."""
    pid: int
    rss: int
    pss: int
    swap: int
    descriptors: int
    threads: int


class Sampler:
    """A thread that reads `/proc` and writes a line for each process into a file."""

    def __init__(
        self,
        out: TextIO,
        began_s: float,
        workbenches: Callable[[], Mapping[str, int]],
        folder: Path,
    ) -> None:
        """`workbenches` has the process of each desk, `folder` what is measured as its store."""
        self.samples: list[Sample] = []
        self.store: list[tuple[float, float]] = []
        """Seconds and bytes."""
        self._out, self._began_s = out, began_s
        self._workbenches, self._folder = workbenches, folder
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._end.wait(PERIOD_S):
            at_s = time.monotonic() - self._began_s
            self.store.append((at_s, float(_size_of(self._folder))))
            for desk, pid in self._workbenches().items():
                for role, process in _family(pid):
                    if (sample := _sample_of(at_s, desk, role, process)) is not None:
                        self.samples.append(sample)
                        print(json.dumps(asdict(sample)), file=self._out)


def _family(pid: int) -> Iterator[tuple[str, int]]:
    """The process and all that it has started, with what they are."""
    waiting = [("workbench", pid)]
    while waiting:
        role, process = waiting.pop()
        yield role, process
        for child in _children_of(process):
            there = _role_of(child)
            # A guard forks its agent, so they have the same command line.
            if there == "agent" and role != "guard":
                there = "guard"
            waiting.append((there, child))


def _role_of(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "other"
    return next((role for part, role in _ROLES.items() if part in command), "other")


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:  # it has ended meanwhile
        pass
    return found


def _sample_of(at_s: float, desk: str, role: str, pid: int) -> Sample | None:
    """None where the process has ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return Sample(
            at_s=at_s, desk=desk, role=role, pid=pid,
            rss=sizes["Rss"], pss=sizes["Pss"], swap=sizes["Swap"],
            descriptors=_descriptors_of(pid),
            threads=len(list(Path(f"/proc/{pid}/task").iterdir())),
        )  # fmt: skip
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _descriptors_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _size_of(folder: Path) -> int:
    """Bytes of its files: the database, and its log of writes."""
    total = 0
    for file in folder.glob("snapshots.db*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total
