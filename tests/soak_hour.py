"""Runs the installed workbench for an hour, with faults: `python tests/soak_hour.py --report DIR`.

Four workbenches in terminals are driven by keys. What the screens confirm and what the workloads
count is kept outside of the tool, and at the end the store must have all of it. The memory of each
process is sampled every second and must be flat. Exit code 1 where something was found.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from random import Random

from tests.e2e.processes import listed
from tests.soak import report
from tests.soak.acts import Soak
from tests.soak.books import Store, problems_at_the_end
from tests.soak.desk import Desk
from tests.soak.report import Found, growing
from tests.soak.sampling import Sampler
from tests.soak.subject import Ledger, write_suites
from tests.soak.surroundings import Clock, Disk, small_disk

OPTIONS = {
    "long": (),
    "busy": (),
    "reborn": (),
    "agents": ("--cluster", "agents:2", "--loose-clock"),
}


def soak(minutes: float, seed: int, out: Path) -> Found:
    """Runs it; what it found is written into the folder `out`, too."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        home = Path(name)
        with small_disk(home / "disk") as disk:
            found = _soak(minutes, seed, out, home, disk)
    for file, of in (("events", found.events), ("booked", found.booked)):
        text = json.dumps([asdict(each) for each in of], indent=1)
        (out / f"{file}.json").write_text(text, encoding="utf-8")
    (out / "soak.svg").write_text(report.svg(found), encoding="utf-8")
    (out / "soak.md").write_text(report.page(found, "soak.svg"), encoding="utf-8")
    return found


def _soak(minutes: float, seed: int, out: Path, home: Path, disk: Disk) -> Found:
    clock, ledger = Clock(home), Ledger(home / "ledger")
    write_suites(home, ledger)
    store = Store(home / "disk" / "snapshots.db")
    desks = {
        name: Desk(name, home, store.path, clock, options) for name, options in OPTIONS.items()
    }
    began_s = time.monotonic()
    acts = Soak(
        desks, store=store, ledger=ledger, clock=clock, disk=disk, random=Random(seed),
        began_s=began_s,
    )  # fmt: skip
    with (
        (out / "samples.jsonl").open("w", encoding="utf-8") as lines,
        ExitStack() as opened,
    ):
        sampler = Sampler(lines, began_s, lambda: _open_ones(desks), store.path.parent)
        for desk in desks.values():
            desk.open()
            opened.callback(desk.close)
        # Before terminals are closed: what runs in them could not store what it has.
        opened.callback(disk.free)
        with sampler:
            acts.run(minutes * 60)
            length_s = time.monotonic() - began_s
        for desk in desks.values():
            try:
                desk.workbench.leave()
            except AssertionError as error:
                acts.find(f"{desk.name} could not be left: {error}")
    for problem in (*problems_at_the_end(store, acts.booked, acts.names), *_left(home)):
        acts.find(problem)
    missing = (("clock stepped", clock.why_not), ("disk full", disk.why_not))
    return Found(
        length_s=length_s, samples=sampler.samples, store=sampler.store, events=acts.events,
        booked=acts.booked, problems=acts.problems, seed=seed, commit=_commit(),
        missing=[f"{what}: {why}" for what, why in missing if why],
        key_times_s=[taken_s for desk in desks.values() for taken_s in desk.key_times_s],
    )  # fmt: skip


def _open_ones(desks: dict[str, Desk]) -> dict[str, int]:
    return {name: pid for name, desk in desks.items() if (pid := desk.pid)}


def _left(home: Path) -> list[str]:
    """What is left behind: processes, and databases of sessions."""
    wanted = f"SOAK_CLOCK={home}".encode()
    found = []
    for process in listed():
        try:
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        except OSError:
            continue
        if wanted in environment:
            found.append(f"still there: {process}")
    return found + [f"left behind: {each}" for each in home.glob("disk/scratch/*")]


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description="A soak of the workbench, with faults.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, required=True, help="a folder for what is found")
    options = parser.parse_args()
    found = soak(options.minutes, options.seed, options.report)
    problems = [*found.problems, *growing(found)]
    print(f"{len(problems)} problems; the report is {options.report / 'soak.md'}")
    for problem in problems:
        print(f"- {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    # Ended from outside, it closes its terminals and its disk like at its end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
