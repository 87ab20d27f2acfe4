from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from tests.e2e import terminal
from tests.e2e.pytest_projects import NO_OTHERS
from tests.e2e.terminal import Terminal
from tests.e2e.workbench import Workbench


class OpenTerminal(Protocol):
    def __call__(
        self,
        *,
        width: int = 80,
        height: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> Terminal: ...


@pytest.fixture(autouse=True)
def nothing_of_the_developer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has chosen or left open must not decide what is seen here."""
    monkeypatch.setenv("CORTEX_TUI_STATE", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working folder."""
    return tmp_path


@pytest.fixture
def open_terminal(folder: Path) -> Iterator[OpenTerminal]:
    """Opens terminals in the working folder, closed when the test is over."""
    if terminal.MISSING:
        pytest.skip(terminal.MISSING)
    opened: list[Terminal] = []

    def make(
        *, width: int = 80, height: int = 24, environment: Mapping[str, str] | None = None
    ) -> Terminal:
        made = Terminal(folder, width=width, height=height, environment=environment)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()


Launch = Callable[..., Workbench]


@pytest.fixture
def launch(open_terminal: OpenTerminal) -> Launch:
    """`launch(*OPTIONS)`: the workbench in a terminal of 80x24."""

    def make(*options: str | Path) -> Workbench:
        return Workbench(open_terminal(), *options)

    return make


@pytest.fixture
def without_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all plugins that are installed here, a test has those that it names.

    To load them takes each of the three processes of a session longer than all else that it does.
    """
    monkeypatch.setenv(NO_OTHERS, "1")
