"""Folders that are locked as long as their process lives."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cortex_tui.folders import new_locked


def test_nobody_deletes_a_folder_that_another_is_just_making(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(new_locked, [tmp_path] * 200))
    assert {folder for folder, _ in made} == set(tmp_path.resolve().iterdir())
    for _, lock in made:
        os.close(lock)
    last, lock = new_locked(tmp_path)
    assert list(tmp_path.resolve().iterdir()) == [last]
    os.close(lock)
