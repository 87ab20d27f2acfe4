"""The reference profiles, all of them together on one loop, in this process."""

from __future__ import annotations

import gc
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Database, Length, Profile
from cortex_tui.protocol.messages import Message, RunFinished, Samples
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from cortex_tui.runner.session import Session

SUITES = ("mediator", "repository", "search")


def reference_profiles(database: Database, stop: Length, warmup: Length) -> list[Profile]:
    catalog = load_catalog(working_folder=Path(__file__).parent)
    return [
        msgspec.structs.replace(profile, database=database, stop=stop, warmup=warmup)
        for profile in catalog.profiles
        if profile.suite in SUITES
    ]


class Outcome(NamedTuple):
    """What a session came to, by the full names of its profiles."""

    operations: dict[str, int]
    errors: dict[str, dict[str, int]]
    reasons: dict[str, str]


async def run_together(
    profiles: Sequence[Profile], folder: Path, addresses: Mapping[str, str] = {}
) -> Outcome:
    """Runs the profiles as one session; `folder` holds its scratch and cache folders."""
    messages: list[Message] = []
    scratch, cache = folder / "scratch", folder / "cache"
    scratch.mkdir(exist_ok=True)
    cache.mkdir(exist_ok=True)
    runs = tuple(RunPlan(number, profile) for number, profile in enumerate(profiles))
    plan = SessionPlan(
        session="together",
        runs=runs,
        scratch=str(scratch),
        cache=str(cache),
        addresses=dict(addresses),
    )
    await Session(plan, messages.extend).run()
    operations: Counter[str] = Counter()
    errors: dict[str, Counter[str]] = {}
    reasons = {}
    for message in messages:
        if isinstance(message, Samples):
            name = profiles[message.run].full_name
            operations[name] += len(message.service) // 8
            errors.setdefault(name, Counter()).update(message.errors)
        elif isinstance(message, RunFinished):
            name = profiles[message.run].full_name
            reasons[name] = message.reason if message.state == "failed" else ""
    return Outcome(
        dict(operations),
        {name: dict(counts) for name, counts in errors.items() if counts},
        {name: reason for name, reason in reasons.items() if reason},
    )


class Usage(NamedTuple):
    """What this process holds. Without /proc descriptors and memory are 0."""

    threads: int
    descriptors: int
    resident_bytes: int


def usage() -> Usage:
    gc.collect()
    # The threads of the loop's own executor stay, a handful at most, until the loop is closed.
    threads = sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())
    if not os.path.isdir("/proc/self/fd"):
        return Usage(threads, 0, 0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = len(os.listdir("/proc/self/fd"))
    return Usage(threads, descriptors, pages * os.sysconf("SC_PAGE_SIZE"))
