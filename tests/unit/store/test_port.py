"""A store is opened by its URL, and a kind of store is added by one entry."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

import pytest

from cortex_tui.session.writer import SessionWriter
from cortex_tui.store import port
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
from cortex_tui.store.port import Mode, Store, check_can_save, open_store
from cortex_tui.store.records import (
    SessionBatch,
    SessionEnd,
    SessionEntry,
    SessionRecord,
    SessionVerdict,
    SnapshotEntry,
    StoredSession,
)
from tests.unit.results.test_matrix import measure, session
from tests.unit.session.messages import profile
from tests.unit.store import samples


class MemoryStore:
    """A store of another kind: what is written is kept by session."""

    notice = ""

    def __init__(self) -> None:
        self.sessions: dict[str, SessionRecord] = {}
        self.ends: dict[str, SessionEnd] = {}
        self.batches: dict[str, list[SessionBatch]] = {}
        self.names: dict[str, SnapshotEntry] = {}

    async def begin_session(self, record: SessionRecord) -> None:
        self.sessions[record.id] = record

    async def write(self, batch: SessionBatch) -> None:
        self.batches.setdefault(batch.session, []).append(batch)

    async def finish_session(self, session: str, state: SessionEnd) -> None:
        self.ends[session] = state

    async def name_snapshot(
        self,
        name: str,
        session: str,
        run: int | None = None,
        note: str = "",
        tags: tuple[str, ...] = (),
    ) -> None:
        await self.check_name(name)
        self.names[name] = SnapshotEntry(name=name, session=session, run=run, note=note, tags=tags)

    async def check_name(self, name: str) -> None:
        if checked_name(name) in self.names:
            raise SnapshotError(f"the name {name!r} is taken")

    async def set_baseline(self, name: str, ref: str) -> str:
        raise NotImplementedError

    async def change_tags(
        self, ref: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[str, ...]:
        raise NotImplementedError

    async def set_note(self, ref: str, note: str) -> None:
        raise NotImplementedError

    async def remove(self, ref: str, *, within: int | None = None) -> Removed:
        raise NotImplementedError

    async def restore(self, ref: str = "") -> Restored | None:
        return None

    async def collect(self, keep: Keep, *, dry_run: bool = False) -> Collected:
        return Collected()

    async def list_removed(self) -> list[RemovedEntry]:
        return []

    async def measured(self, profile: str) -> list[MeasuredRun]:
        return []

    async def profiles(self) -> list[str]:
        return []

    async def acknowledge(self, change: Acknowledgement) -> None:
        raise NotImplementedError

    async def acknowledgements(self, profile: str) -> list[Acknowledgement]:
        return []

    async def put_noise(self, records: Sequence[NoiseRecord]) -> None:
        raise NotImplementedError

    async def noise(self) -> list[NoiseRecord]:
        return []

    async def prune_unsaved(self, keep: int = 50, needed: Collection[str] = ()) -> int:
        return 0

    async def list_snapshots(self) -> list[SnapshotEntry]:
        return list(self.names.values())

    async def list_sessions(self) -> list[SessionEntry]:
        return [
            SessionEntry(id=record.id, started_at=record.started_at, state="finished")
            for record in self.sessions.values()
        ]

    async def verdicts(self, sessions: Sequence[str]) -> dict[str, SessionVerdict]:
        return {}

    async def find(self, ref: str) -> tuple[str, int | None]:
        return self.names[ref].session, self.names[ref].run

    async def load(self, ref: str) -> StoredSession:
        record = self.sessions[self.names[ref].session]
        return StoredSession(session=record, state=self.ends.get(record.id, "running"))

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_a_kind_of_store_from_outside_keeps_a_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = MemoryStore()

    async def opener(place: str, mode: Mode) -> Store:
        assert (place, mode) == ("here", "write")
        return kept

    monkeypatch.setitem(port.STORES, "memory", opener)
    fold, writer = session(profile("p")), SessionWriter("memory://here")
    fold.environment = {"python": "3.11"}
    await writer.begin()
    measure(fold, 0, 1_000, count=100)
    await writer.save(fold, "main", None, "a note")
    await writer.close()
    assert writer.error == ""
    assert kept.sessions[fold.plan.session].environment == {"python": "3.11"}
    assert kept.names["main"].note == "a note"
    (run,) = kept.batches[fold.plan.session][-1].runs
    assert run.service.count == 100


class FullAtFirst(MemoryStore):
    """Its first write fails, and the second one, if it begins meanwhile, ends after that."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.failing, self.failed, self.rest = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write(self, batch: SessionBatch) -> None:
        self.begun += 1
        if self.begun == 1:
            self.failing.set()
            await self.failed.wait()
            raise SnapshotError("the disk is full")
        await self.rest.wait()
        await super().write(batch)


async def test_a_write_that_fails_is_not_covered_up_by_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = FullAtFirst()

    async def opener(place: str, mode: Mode) -> Store:
        return kept

    monkeypatch.setitem(port.STORES, "memory", opener)
    fold, writer = session(profile("p")), SessionWriter("memory://here")
    await writer.begin()
    measure(fold, 0, 1_000, count=100)
    first = asyncio.ensure_future(writer.write(fold))
    await kept.failing.wait()
    second = asyncio.ensure_future(writer.save(fold, "main", None, ""))
    for _ in range(10):
        await asyncio.sleep(0)
    kept.failed.set()
    await first
    kept.rest.set()
    await second
    assert writer.has_all_of(fold)
    (run,) = kept.batches[fold.plan.session][-1].runs
    assert run.service.count == 100
    assert "main" in kept.names


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
async def test_a_file_is_opened_by_its_path_or_by_its_url(tmp_path: Path, form: str) -> None:
    path = tmp_path / "snapshots.db"
    async with await open_store(form.format(path)) as store:
        await store.begin_session(samples.session())
    async with await open_store(form.format(path), "read") as store:
        assert [entry.id for entry in await store.list_sessions()] == ["s1"]


async def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(SnapshotError, match="no kind of store 'mongodb': expected sqlite://"):
        await open_store("mongodb://localhost")


def test_whether_a_session_can_be_saved_is_asked_of_any_kind() -> None:
    with pytest.raises(SnapshotError, match="no kind of store"):
        check_can_save("mongodb://localhost", "main")


def test_a_store_is_written_where_its_file_and_the_folder_that_there_is_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, refused = tmp_path / "store.db", set[Path]()
    monkeypatch.setattr("os.access", lambda place, mode: place not in refused)
    assert port.cannot_store(file) == ""
    file.write_bytes(b"")
    refused.add(file)
    assert port.cannot_store(f"sqlite:///{file}") == f"{file} cannot be written"
    assert port.cannot_store(tmp_path / "other.db") == ""
    refused.add(tmp_path)
    assert port.cannot_store(tmp_path / "new" / "other.db") == f"{tmp_path} cannot be written"
    assert port.cannot_store("elsewhere://x") == ""
