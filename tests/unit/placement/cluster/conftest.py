"""For tests of clusters."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _small_code(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder is sent to each machine: let it not be that of this project."""
    monkeypatch.chdir(tmp_path_factory.mktemp("working"))
