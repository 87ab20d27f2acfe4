"""A client of tmux that stays: many commands through one process (tmux's control mode)."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence


class ControlClient:
    """Sends one command after the other to a server, and reads its answer to each.

    An answer is lines between `%begin TIME NUMBER FLAGS` and `%end` or `%error` with the same
    three; FLAGS is 1 for commands of this client. Between answers, lines that begin with `%` report
    what happens in the server: they are passed over.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], patience_s: float
    ) -> None:
        """`patience_s` is how long an answer may take."""
        self._patience_s = patience_s
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self._unread = b""

    def ask(self, words: Sequence[str]) -> tuple[bool, str]:
        """Whether the command succeeded, and what it printed. No word may have a line break."""
        give_up = time.monotonic() + self._patience_s
        self._to.write(" ".join(map(_quoted, words)).encode() + b"\n")
        begin = b""
        while not (begin.startswith(b"%begin ") and begin.endswith(b" 1")):
            begin = self._line(give_up)
        mark = begin.removeprefix(b"%begin")
        lines: list[bytes] = []
        while (line := self._line(give_up)) not in (b"%end" + mark, b"%error" + mark):
            lines.append(line + b"\n")
        return line.startswith(b"%end"), b"".join(lines).decode()

    def close(self) -> None:
        """Ends it. (It does not always see that its server has ended.)"""
        self._process.kill()
        self._to.close()
        self._from.close()
        self._process.wait()

    def _line(self, give_up: float) -> bytes:
        while b"\n" not in self._unread:
            left_s = give_up - time.monotonic()
            if left_s <= 0 or not select.select([self._from], [], [], left_s)[0]:
                raise AssertionError(f"tmux has not answered for {self._patience_s:g} s")
            read = os.read(self._from.fileno(), 65_536)
            assert read, "tmux has ended"
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _quoted(word: str) -> str:
    """As tmux's own parser reads it: all but the quote stands for itself."""
    assert "\n" not in word
    return "'" + word.replace("'", "'\\''") + "'"
