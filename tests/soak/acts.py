"""What is done to the workbenches of a soak: sessions, the library, and a fault in each.

Four workbenches share one store. `long` measures one session over the whole time; `busy` has one
session after the other, in a runner of its own; `agents` the same on two agents with their guards;
`reborn` is killed again and again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from tests.e2e.processes import descendants_of, listed, wait_until_gone
from tests.soak.books import Booked, Ending, Store, operations_of, problems_of
from tests.soak.desk import PATIENCE_S, Desk
from tests.soak.subject import PROFILES, Ledger
from tests.soak.surroundings import Clock, Disk

STALL_S = 10.0
SUSPENDED_S = (2.0, 6.0)
STEPS_S = (3_600, -3_600, 90_000, -90_000, 7)
"""How far the wall clock is then ahead of the true one."""
REFUSED = "save refused"
"""A save that the screen did not confirm, but gave a reason for: nothing is lost by it."""
SIZES = ((60, 15), (80, 24), (200, 60), (40, 8), (133, 43))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done, or found."""

    at_s: float
    desk: str
    kind: str
    text: str = ""


class Soak:
    """Carries out acts in a random order that the seed decides."""

    def __init__(
        self,
        desks: dict[str, Desk],
        *,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        disk: Disk,
        random: Random,
        began_s: float,
    ) -> None:
        self.desks = desks
        self.events: list[Event] = []
        self.booked: list[Booked] = []
        self.names: dict[str, str] = {}
        """Further names that the screen has confirmed, of which sessions."""
        self.problems: list[str] = []
        self._store, self._ledger, self._clock, self._disk = store, ledger, clock, disk
        self._random, self._began_s = random, began_s
        self._long_files: set[str] = set()
        self._sessions = 0
        self._acts: dict[str, Callable[[], None]] = {
            "no fault": self._no_fault,
            "key x": lambda: self._session("busy", "quick", self._stop, "stopped"),
            "runner killed": lambda: self._session(
                "busy", "quick", self._kill_runner, "runner lost"
            ),
            "shard killed": lambda: self._session(
                "busy", "shared", self._kill_runner, "shard lost"
            ),
            "agent's runner killed": lambda: self._session(
                "agents", "shared", self._kill_runner, "shard lost"
            ),
            "session on agents": lambda: self._session("agents", "quick", self._look),
            "terminal not read": lambda: self._session(self._either(), "quick", self._stall),
            "runner suspended": lambda: self._session(
                self._either(), "quick", self._suspend_runner
            ),
            "workbench suspended": lambda: self._session(
                self._either(), "quick", self._suspend_workbench
            ),
            "terminal resized": lambda: self._session("busy", "quick", self._resize),
            "long: terminal not read": lambda: self._fault("long", self._stall),
            "long: runner suspended": lambda: self._fault("long", self._suspend_runner),
            "long: workbench suspended": lambda: self._fault("long", self._suspend_workbench),
            "long: terminal resized": lambda: self._fault("long", self._resize),
            "a core session": lambda: self._session("busy", "core", self._look),
            "clock stepped": lambda: self._session("busy", "shared", self._step_clock),
            "workbench killed": lambda: self._end("killed"),
            "terminal closed": lambda: self._end("hung up"),
        }
        if not disk.why_not:
            self._acts["disk full"] = lambda: self._session("busy", "quick", self._fill_disk)
            self._acts["disk full at the end"] = lambda: self._session(
                "busy", "quick", self._fill_disk_at_the_end
            )

    def run(self, seconds: float) -> None:
        """Begins the long session, and carries out acts until that time is over."""
        self._begin_long()
        # What is done for the first time takes memory once: it comes before any is judged. The last
        # is the first, and only the second one without a fault has another session to compare with.
        waiting = [
            "session on agents", "long: terminal resized", "terminal resized",
            "no fault", "no fault",
        ]  # fmt: skip
        while time.monotonic() - self._began_s < seconds:
            if not waiting:
                waiting = self._random.sample(sorted(self._acts), len(self._acts))
            name = waiting.pop()
            try:
                self._acts[name]()
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                self.find(f"{name}: {error}")
                self._restore()
        self._clock.step(0)
        try:
            self._end_long()
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            self.find(f"the end of the long session: {error}")
            self._restore()

    def find(self, problem: str) -> None:
        self.problems.append(problem)
        self._note("-", "problem", problem)

    def _note(self, desk: str, kind: str, text: str = "") -> None:
        self.events.append(Event(time.monotonic() - self._began_s, desk, kind, text))
        print(f"{self.events[-1].at_s:7.1f} {desk:7} {kind} {text}", flush=True)

    def _either(self) -> str:
        return self._random.choice(["busy", "agents"])

    def _restore(self) -> None:
        """Brings each desk back to its table after a problem; one that does not come is opened
        anew."""
        self._disk.free()
        for desk in self.desks.values():
            if desk.name != "long" and not desk.comes_back():
                self._note(desk.name, "opened anew")
                desk.close()
                desk.open()

    # --- sessions -------------------------------------------------------------------------------

    def _begin_long(self) -> None:
        before = self._ledger.files()
        self.desks["long"].begin("long")
        self._long_files = self._ledger.files() - before

    def _end_long(self) -> None:
        desk = self.desks["long"]
        desk.workbench.press("x")
        desk.wait_for_end()
        self._save(desk, "long")
        self._book("long", "long", "stopped", self._long_files)

    def _session(
        self, desk: str, suite: str, fault: Callable[[Desk], int], ending: Ending = "whole"
    ) -> None:
        """A session with a fault in it, which is saved and booked."""
        self._sessions += 1
        name = f"s-{self._sessions:04}"
        at = self.desks[desk]
        before = self._ledger.files()
        at.begin(suite)
        shown = at.shown_operations(suite)
        killed = fault(at)
        self._note(desk, "ended", f"{name}: {at.wait_for_end()}")
        self._save(at, name)
        self._book(name, suite, ending, self._ledger.files() - before, shown, killed)

    def _save(self, desk: Desk, name: str) -> None:
        for reason in desk.save(name):
            self._note(desk.name, REFUSED, f"{name}: {reason}")

    def _book(
        self,
        ref: str,
        suite: str,
        ending: Ending,
        files: set[str],
        shown: dict[str, float] | None = None,
        killed: int = 0,
    ) -> Booked:
        document = self._store.document("show", ref)
        counts = self._ledger.counts(files)
        booked = Booked(ref, suite, ending, counts, shown or {}, killed, document["runs"])
        self.booked.append(booked)
        for problem in problems_of(booked, document):
            self.find(problem)
        return booked

    def _no_fault(self) -> None:
        """A session, and what is done in the library with it and with the one before."""
        self._session("busy", "quick", self._look)
        desk, newest = self.desks["busy"], self.booked[-1]
        there = [each for each in self.booked if not each.deleted and each.ref.startswith("s-")]
        other = self._random.choice(there)
        desk.tag(other.ref, tag := f"t{len(self.booked)}")
        other.tags.append(tag)
        desk.note(newest.ref, note := f"note of {newest.ref}")
        newest.note = note
        desk.look_at_stored(other.ref, self._random)
        if other is not newest:
            desk.compare(newest.ref, other.ref)
        desk.delete(other.ref, undo=True)
        self._note("busy", "library", f"tag, note, look, compare, delete and undo: {other.ref}")
        if other is not newest:
            desk.delete(other.ref, undo=False)
            other.deleted = True
            self.names = {name: ref for name, ref in self.names.items() if ref != other.ref}

    def _end(self, ending: Ending) -> None:
        """The workbench itself ends in the middle of a session, and another one is opened."""
        desk = self.desks["reborn"]
        known, before = self._store.sessions(), self._ledger.files()
        desk.begin("cut")
        session, stored = self._wait_until_stored(set(known))
        pid = desk.pid
        started = {pid, *descendants_of(pid)}
        desk.pid = 0
        if ending == "killed":
            os.kill(pid, signal.SIGKILL)
        else:
            desk.terminal.hang_up()
        self._note("reborn", "workbench killed" if ending == "killed" else "terminal closed")
        wait_until_gone(started)
        desk.close()
        booked = self._book(session, "cut", ending, self._ledger.files() - before, stored)
        done = sum(each.succeeded for each in booked.counts)
        lost = done - sum(operations_of(booked.runs).values())
        self._note("reborn", "read", f"{session}: {done} operations were done, {lost} not stored")
        desk.open()
        # So that it is not the oldest one without a name at some time.
        named = self._store.call("save", session, name := f"r-{len(self.booked):04}")
        assert named.returncode == 0, named.stderr
        booked.ref = name

    def _wait_until_stored(self, known: set[str]) -> tuple[str, dict[str, float]]:
        """The session that was not known, once each of its profiles has operations on disk."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            for session in self._store.sessions().keys() - known:
                stored = operations_of(self._store.document("show", session)["runs"])
                if len(stored) == len(PROFILES["cut"]) and all(stored.values()):
                    return session, {name: float(number) for name, number in stored.items()}
            assert time.monotonic() < give_up, "nothing was stored"

    # --- faults ---------------------------------------------------------------------------------

    def _fault(self, desk: str, fault: Callable[[Desk], int]) -> None:
        fault(self.desks[desk])
        self.desks[desk].look_around(self._random)

    def _look(self, desk: Desk) -> int:
        desk.look_around(self._random)
        return 0

    def _stop(self, desk: Desk) -> int:
        desk.workbench.press("x")
        return 0

    def _kill_runner(self, desk: Desk) -> int:
        """One of those that measure, not one that waits."""
        pid = self._random.choice(self._at_work(desk))
        os.kill(pid, signal.SIGKILL)
        self._note(desk.name, "runner killed", f"process {pid}")
        return pid

    def _at_work(self, desk: Desk) -> list[int]:
        """Its runners that have counted in the newest files."""
        counting = {count.pid for count in self._ledger.counts(self._ledger.files())}
        found = sorted(descendants_of(desk.pid) & counting)
        assert found, f"no runner of {desk.name} is at work: {listed()}"
        return found

    def _stall(self, desk: Desk) -> int:
        reader = desk.terminal.reader
        self._note(desk.name, "terminal not read", f"{STALL_S:.0f} s")
        with suspended(reader):
            time.sleep(STALL_S)
        return 0

    def _suspend_runner(self, desk: Desk) -> int:
        pid = self._random.choice(self._at_work(desk))
        return self._suspend(desk, pid, "runner suspended")

    def _suspend_workbench(self, desk: Desk) -> int:
        return self._suspend(desk, desk.pid, "workbench suspended")

    def _suspend(self, desk: Desk, pid: int, kind: str) -> int:
        for_s = self._random.uniform(*SUSPENDED_S)
        self._note(desk.name, kind, f"{for_s:.1f} s")
        with suspended(pid):
            time.sleep(for_s)
        return 0

    def _resize(self, desk: Desk) -> int:
        self._note(desk.name, "terminal resized")
        for width, height in SIZES:
            desk.terminal.resize(width, height)
            time.sleep(self._random.uniform(0, 0.5))
        desk.fit()
        return 0

    def _step_clock(self, desk: Desk) -> int:
        ahead_s = self._random.choice([each for each in STEPS_S if each != self._clock.ahead_s])
        self._clock.step(ahead_s)
        self._note(desk.name, "clock stepped", f"to {ahead_s:+} s")
        return 0

    def _fill_disk(self, desk: Desk) -> int:
        self._disk.fill()
        self._note(desk.name, "disk full")
        # What the log of writes has room for is stored all the same.
        desk.terminal.wait_until(
            lambda screen: "not stored" in screen or screen.lstrip().startswith("finished")
        )
        if reason := desk.try_to_save(name := f"full-{self._sessions:04}"):
            self._note(desk.name, REFUSED, f"{name}: {reason}")
            if "is full" not in reason:
                self.find(f"{name} was refused on a full disk for another reason: {reason}")
        else:
            self.names[name] = f"s-{self._sessions:04}"
        self._disk.free()
        self._note(desk.name, "disk free")
        desk.terminal.wait_until(lambda screen: "not stored" not in screen)
        return 0

    def _fill_disk_at_the_end(self, desk: Desk) -> int:
        self._disk.fill()
        self._note(desk.name, "disk full", "until the session has ended")
        desk.wait_for_end()
        self._disk.free()
        self._note(desk.name, "disk free")
        return 0


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
