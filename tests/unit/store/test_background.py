"""A store on a thread of its own: order, errors, and a file that changes meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Store
from tests.patience import PATIENCE_S
from tests.unit.store.samples import session


async def _begin(store: Store) -> None:
    await store.begin_session(session("20260101T000000-abc"))


async def _ids(store: Store) -> list[str]:
    return [entry.id for entry in await store.list_sessions()]


def test_work_is_done_in_the_order_in_which_it_was_asked_for(tmp_path: Path) -> None:
    background = BackgroundStore(tmp_path / "s.db")
    before = background.read(_ids)
    background.write(_begin)
    after = background.read(_ids)
    assert (before.result(PATIENCE_S), after.result(PATIENCE_S)) == ([], ["20260101T000000-abc"])
    background.close()


def test_reading_makes_no_file_and_runs_on_another_thread(tmp_path: Path) -> None:
    background = BackgroundStore(tmp_path / "s.db")

    async def where(store: Store) -> str:
        return threading.current_thread().name

    assert background.read(where).result(PATIENCE_S) != threading.current_thread().name
    assert not list(tmp_path.iterdir())
    background.close()


def test_a_file_that_cannot_be_opened_is_opened_again_once_it_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    file.write_bytes(b"no database at all" * 100)
    background = BackgroundStore(file)
    with pytest.raises(SnapshotError, match=r"s\.db: it is no SQLite database"):
        background.read(_ids).result(PATIENCE_S)
    file.unlink()
    assert background.read(_ids).result(PATIENCE_S) == []
    background.close()


def test_after_the_end_nothing_more_is_taken(tmp_path: Path) -> None:
    background = BackgroundStore(tmp_path / "s.db")
    background.close()
    with pytest.raises(RuntimeError):
        background.read(_ids)
