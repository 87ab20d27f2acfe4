"""Folders that are locked as long as their process lives."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cortex_tui.folders import delete_unlocked, make_locked


def test_nobody_deletes_a_folder_that_another_is_just_making(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()

    def make(number: int) -> int:
        delete_unlocked(tmp_path)
        return make_locked(tmp_path / str(number))

    with ThreadPoolExecutor(8) as threads:
        locks = list(threads.map(make, range(200)))
    assert {folder.name for folder in tmp_path.iterdir()} == set(map(str, range(200)))
    for lock in locks:
        os.close(lock)
    delete_unlocked(tmp_path)
    assert list(tmp_path.iterdir()) == []
