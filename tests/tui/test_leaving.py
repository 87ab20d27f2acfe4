"""Leaving a workbench that runs in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tests.terminal_environment import terminal_environment

PROGRAM = """
import sys
from pathlib import Path
from cortex_tui.tui.launch import launch
from tests.tui.samples import CATALOG, running
from tests.tui.stand_in import StandIn

class Told(StandIn):
    def close(self):
        super().close()
        Path(sys.argv[1]).write_text(f"closed {self.closed}")

outcome = launch(CATALOG, lambda loop: Told(running()))
print("left with", outcome.exit_code, outcome.view and outcome.view.session)
sys.exit(outcome.exit_code)
"""
ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A program in a pseudo-terminal of 80x24 cells."""

    def __init__(self, written: Path) -> None:
        self.written = written
        self.output = b""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            variables = terminal_environment(TERM="xterm-256color", PYTHONPATH=f"{ROOT}")
            os.execve(sys.executable, [sys.executable, "-c", PROGRAM, str(written)], variables)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_until(self, text: bytes) -> None:
        end = time.monotonic() + PATIENCE_S
        while text not in self.output:
            assert time.monotonic() < end, self.output[-2_000:]
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self._master, 65_536)
                except OSError:  # closed at the other end: nothing more will come
                    assert text in self.output, self.output[-2_000:]

    def write(self, text: bytes) -> None:
        os.write(self._master, text)

    def hang_up(self) -> None:
        os.close(self._master)
        self._master = -1

    def exit_code(self) -> int:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        pytest.fail("the program is still running")

    def close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path / "written")
    try:
        opened.read_until(b"running")
        yield opened
    finally:
        opened.close()


def test_quitting_restores_the_terminal_and_returns_the_last_view(terminal: Terminal) -> None:
    terminal.write(b"q")
    terminal.read_until(b"Press q again")
    terminal.write(b"q")
    terminal.read_until(b"left with 0 20250131T120530-abc")
    assert b"\x1b[?1049l" in terminal.output
    assert terminal.exit_code() == 0
    assert terminal.written.read_text() == "closed 1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_as_cleanly(terminal: Terminal, number: int) -> None:
    os.kill(terminal.pid, number)
    terminal.read_until(b"left with 130")
    assert b"\x1b[?1049l" in terminal.output
    assert terminal.exit_code() == 130
    assert terminal.written.read_text() == "closed 1"


def test_it_does_not_outlive_its_terminal(terminal: Terminal) -> None:
    terminal.hang_up()
    assert terminal.exit_code() == 130
    assert terminal.written.read_text() == "closed 1"
