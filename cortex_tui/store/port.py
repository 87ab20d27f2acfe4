"""What a store of sessions must do, and how one is opened: by a URL, from a registry of kinds.

A store belongs to the loop on which it was opened. Each call is one transaction, so that a batch is
stored whole or not at all, whatever ends the process; and each may be made again after an error.
To add a kind of store, add its opener to `STORES` under the scheme of its URLs. It has every call
of `Store`, with all of its arguments: none of them is left out for a store that does not know it.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, Self, cast

from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import (
    Acknowledgement,
    Collected,
    Keep,
    MeasuredRun,
    NoiseRecord,
    Removed,
    RemovedEntry,
    Restored,
)
from cortex_tui.store.names import checked_name
from cortex_tui.store.records import (
    SessionBatch,
    SessionEnd,
    SessionEntry,
    SessionRecord,
    SessionVerdict,
    SnapshotEntry,
    StoredSession,
)

Mode = Literal["read", "write"]


class Store(Protocol):
    """Every call may raise SnapshotError, whose text says what, where and what to do."""

    @property
    def notice(self) -> str:
        """What a reader should know of the way in which it had to be opened, or ""."""

    async def begin_session(self, record: SessionRecord) -> None:
        """Makes the session known, or what is known of it newer."""

    async def write(self, batch: SessionBatch) -> None:
        """Writes what has changed. The same batch may be written again, after an error or not."""

    async def finish_session(self, session: str, state: SessionEnd) -> None:
        """Notes that nothing more will be written of the session."""

    async def name_snapshot(
        self,
        name: str,
        session: str,
        run: int | None = None,
        note: str = "",
        tags: tuple[str, ...] = (),
    ) -> None:
        """Points a new name at a stored session, or at one run of it.

        Note and tags are added to those that the session has.
        """

    async def check_name(self, name: str) -> None:
        """Raises what `name_snapshot` would raise because of the name."""

    async def set_baseline(self, name: str, ref: str) -> str:
        """Points a baseline at what `ref` means, and returns the session that it was pointed at
        before, "" for a new one. The name must be free or a baseline's."""

    async def change_tags(
        self, ref: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Adds tags to a session and takes others away; returns all that it has then."""

    async def set_note(self, ref: str, note: str) -> None:
        """Writes the note of a session in place of the one it has; "" takes it away."""

    async def remove(self, ref: str, *, within: int | None = None) -> Removed:
        """Takes a name away, and the session with its last one, unless it is running; or a session
        with all its names. `within` is the number of an earlier removal that this is a part of."""

    async def restore(self, ref: str = "") -> Restored | None:
        """Takes the last removal back, or the last that took `ref`, a name or the start of a
        session's id; None where there is nothing to restore."""

    async def collect(self, keep: Keep, *, dry_run: bool = False) -> Collected:
        """Deletes for good what was removed, and unsaved sessions that nothing keeps; then gives
        the space back to the disk. A `dry_run` only returns what would go."""

    async def prune_unsaved(self, keep: int = 50, needed: Collection[str] = ()) -> int:
        """Deletes sessions without name, tag or note but the newest `keep`, and those whose ids
        are `needed`; returns how many. Each session begins with this call, so that `needed` has to
        be understood by every store: one without it would delete a baseline that is in use."""

    async def list_snapshots(self) -> list[SnapshotEntry]:
        """All names but removed ones, the newest first."""

    async def list_sessions(self) -> list[SessionEntry]:
        """All sessions but removed ones, saved or not, the newest first."""

    async def verdicts(self, sessions: Sequence[str]) -> dict[str, SessionVerdict]:
        """What the runs of each of these sessions come to."""

    async def list_removed(self) -> list[RemovedEntry]:
        """What can be restored, the newest removal first."""

    async def find(self, ref: str) -> tuple[str, int | None]:
        """The session that is meant, and which run of it, None for the whole. As everywhere, `ref`
        is a name, or the start of a session's id."""

    async def load(self, ref: str) -> StoredSession:
        """What is stored under a snapshot's name, or of the session whose id begins with `ref`."""

    async def measured(self, profile: str) -> list[MeasuredRun]:
        """The runs of a profile in few numbers, the oldest first; also those of which it can only
        be said why they are unreadable."""

    async def profiles(self) -> list[str]:
        """The names of all profiles of which there is a run."""

    async def acknowledge(self, change: Acknowledgement) -> None:
        """Keeps a note on a change in a history; an empty one takes it away."""

    async def acknowledgements(self, profile: str) -> list[Acknowledgement]:
        """The notes on changes of a profile, the oldest first."""

    async def put_noise(self, records: Sequence[NoiseRecord]) -> None:
        """Keeps noise floors, each in place of an earlier one of the same profile and machine."""

    async def noise(self) -> list[NoiseRecord]:
        """All noise floors. One that cannot be read has the reason, and nothing else: it keeps
        nobody from the others."""

    async def close(self) -> None:
        """Ends the connection; what was written stays. May be called twice."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...


Opener = Callable[[str, Mode], Awaitable[Store]]
"""Opens what follows the scheme in a URL. For reading, nothing is ever made or changed."""


async def _open_sqlite(place: str, mode: Mode) -> Store:
    # Imported when it is needed: listing profiles must not pay for a database.
    module = import_module("cortex_tui.store.sqlite.store")
    open_it = module.SqliteStore.open if mode == "write" else module.SqliteStore.open_for_reading
    return cast(Store, await open_it(Path(place)))


STORES: dict[str, Opener] = {"sqlite": _open_sqlite}
"""The kinds of stores, by the scheme of their URLs."""

_URL = re.compile(r"([a-z][a-z0-9+]*)://(.*)", re.DOTALL)


async def open_store(url: str | Path, mode: Mode = "write") -> Store:
    """Opens a store: `sqlite:///folder/file.db`, another kind's URL, or the path of a SQLite file.

    Raises SnapshotError, also for a kind that there is not.
    """
    scheme, place = _parts(url)
    opener = STORES.get(scheme)
    if opener is None:
        known = ", ".join(f"{name}://" for name in sorted(STORES))
        raise SnapshotError(
            f"{url}: there is no kind of store {scheme!r}: expected {known} or a path"
        )
    return await opener(place, mode)


def _parts(url: str | Path) -> tuple[str, str]:
    """The kind of a store, and where it is."""
    match = _URL.fullmatch(str(url))
    if match is None:
        return "sqlite", str(url)
    # Three slashes: no host, and a path from the working folder, as SQLAlchemy writes it.
    return match[1], match[2].removeprefix("/") if match[1] == "sqlite" else match[2]


def state_of(url: str | Path) -> object:
    """Something that is another after each write to the store, by whatever process, without opening
    it: of a SQLite file, time and size of the file and of its write-ahead log. None where that
    cannot be known. May block where the disk does."""
    scheme, place = _parts(url)
    return _state_of_sqlite(place) if scheme == "sqlite" else None


def _state_of_sqlite(place: str) -> object:
    found = []
    for file in (place, f"{place}-wal"):
        try:
            status = os.stat(file)
        except OSError:
            continue
        # A log without a page comes and goes with readers.
        if status.st_size:
            found.append((file, status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def cannot_store(url: str | Path) -> str:
    """Why nothing could be stored there, as far as that is known without trying; else "". May block
    where the disk does."""
    scheme, place = _parts(url)
    return _cannot_store_sqlite(Path(place).absolute()) if scheme == "sqlite" else ""


def _cannot_store_sqlite(file: Path) -> str:
    # SQLite keeps files next to its own; folders that are missing are made.
    folder = next(each for each in file.parents if os.path.exists(each))
    places = (folder, file) if os.path.exists(file) else (folder,)
    refused = [place for place in places if not os.access(place, os.W_OK)]
    return f"{refused[0]} cannot be written" if refused else ""


def check_can_save(url: str | Path, name: str) -> None:
    """Raises SnapshotError if a session could not be saved in that store under that name.

    Makes the store if there is none. For callers without a running loop; blocks.
    """

    async def check() -> None:
        async with await open_store(url) as store:
            await store.check_name(name)

    checked_name(name)
    asyncio.run(check())
