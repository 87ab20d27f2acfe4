from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.tui.parsed_once import parsed_once
from tests.tui.settling import drawn_when_settled, every_frame_drawn, settled


@pytest.fixture(autouse=True)
def wait_until_settled() -> Iterator[None]:
    """Have Textual's pilot wait for that after each key and in each pause.

    Of itself it takes for idle what has used less than a millisecond of the processor in 20 ms:
    three such waits a key, and wrong where another process has the processor meanwhile.
    """
    with (
        patch("textual.app.wait_for_idle", settled),
        patch("textual.pilot.wait_for_idle", settled),
        drawn_when_settled(),
    ):
        yield


@pytest.fixture
def every_frame(wait_until_settled: None) -> Iterator[None]:
    """For tests of what is drawn, and in which steps."""
    with every_frame_drawn():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a store that is not there yet."""
    return tmp_path / "snapshots.db"


@pytest.fixture(autouse=True)
def parse_style_sheets_once() -> Iterator[None]:
    with parsed_once():
        yield
