"""The installed workbench on a pseudo-terminal, driven by keys, for the performance scripts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.terminal_environment import terminal_environment


class Workbench:
    """A program on a terminal of its own, whose output is read as fast as it comes."""

    def __init__(self, command: Sequence[str], folder: Path, columns: int, rows: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started_ns = time.perf_counter_ns()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # Unless a script wants it, what was open before does not come back.
            env={"CORTEX_TUI_STATE": "", **terminal_environment(TERM="xterm-256color")},
        )
        os.close(slave)
        self._seen = bytearray()
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str, timeout_s: float = 30.0) -> int:
        """Waits until the program has written `text`; when that was seen, in ns."""
        wanted = text.encode()
        with self._arrived:
            if not self._arrived.wait_for(lambda: wanted in self._seen, timeout_s):
                shown = self._seen[-2_000:].decode(errors="replace")
                raise TimeoutError(f"{text!r} was not shown in {timeout_s:.0f} s, but: {shown!r}")
            return time.perf_counter_ns()

    def forget(self) -> None:
        """Of what was written, the next `wait_for` sees only what comes from now on."""
        with self._arrived:
            self._seen.clear()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(self._master, 65536):
                with self._arrived:
                    self._seen += data
                    self._arrived.notify_all()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@contextmanager
def workbench(
    command: Sequence[str], folder: Path, *, columns: int = 120, rows: int = 40
) -> Iterator[Workbench]:
    """Starts a program on a terminal and ends it in any case."""
    bench = Workbench(command, folder, columns, rows)
    try:
        yield bench
    finally:
        bench.close()
