"""A real terminal for tests: a private tmux server with one window, keys in, the screen out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.e2e.processes import children_of
from tests.e2e.tmux_control import ControlClient
from tests.patience import PATIENCE_S
from tests.terminal_environment import terminal_environment

MISSING = "" if shutil.which("tmux") else "tmux is not installed"
"""Why there is no terminal to be had here; empty if there is."""

_POLL_S = 0.03

PROMPT = "ready>"


class Terminal:
    """A window with a shell in it. Everything typed goes to what runs in the foreground."""

    def __init__(
        self,
        folder: Path,
        *,
        width: int = 80,
        height: int = 24,
        environment: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`patience_s` is how long anything may take before it is given up."""
        self._patience_s = patience_s
        # A folder of its own with a short name: paths of sockets may not be long.
        self._server = tempfile.TemporaryDirectory(prefix="tmux-")
        self._environment = terminal_environment(PS1=f"{PROMPT} ") | dict(environment or {})
        self._call(
            *("new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(folder)),
            *("env", f"PS1={PROMPT} ", "sh"),
        )
        # Waiting asks for the screen many times a second: a process for each would cost more than
        # the program that is waited for.
        self._control = ControlClient(self._command("-C", "attach", "-f", "no-output,ignore-size"),
                                      self._environment, patience_s)  # fmt: skip
        self.wait_until(lambda screen: PROMPT in screen)

    def close(self) -> None:
        """Ends the server, and with it whatever still runs in the window."""
        self._call("kill-server", check=False)
        self._control.close()
        self._server.cleanup()

    def hang_up(self) -> None:
        """Closes the window, as a person closes a terminal."""
        self._call("kill-session")

    def run(self, command: Sequence[str | Path]) -> None:
        """Types a command line and enters it."""
        self.type(shlex.join(str(word) for word in command))
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys in tmux's names: `j`, `Space`, `Enter`, `Escape`, `C-c`, `Up`."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Text as it stands, control characters included."""
        self.type_bytes(text.encode())

    def type_bytes(self, data: bytes) -> None:
        """Bytes as they are, whether they are text or not."""
        self._tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def paste(self, text: str) -> None:
        """Text as a terminal pastes it: in brackets, if the program has asked for that."""
        self._call("load-buffer", "-", text=text)
        self._tmux("paste-buffer", "-p", "-d")

    def click(self, column: int, row: int) -> None:
        """Press and release of the left button; columns and rows are counted from 0."""
        at = f"{column + 1};{row + 1}"
        self.type(f"\x1b[<0;{at}M")
        self.type(f"\x1b[<0;{at}m")

    def let_programs_copy(self) -> None:
        """Has the terminal take what programs send for the clipboard, as a person has to allow."""
        self._tmux("set-option", "-s", "set-clipboard", "on")

    def wait_for_clipboard(self, part: str) -> str:
        """What was copied, once `part` is in it."""
        found = ""

        def met(screen: str) -> bool:
            nonlocal found
            found = self._tmux("show-buffer", check=False)
            return part in found

        self.wait_until(met)
        return found

    def resize(self, width: int, height: int) -> None:
        # By a client of its own each time: the server puts those together that come at once.
        self._call("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *, styled: bool = False) -> str:
        """What stands on the screen; with `styled`, its escape sequences too."""
        return self._tmux("capture-pane", "-p", *(["-e"] if styled else []))

    def line(self, part: str) -> str:
        """The first line of the screen in which `part` stands; empty if there is none."""
        return next((line for line in self.screen().splitlines() if part in line), "")

    def wait_until(self, met: Callable[[str], object], deadline_s: float | None = None) -> str:
        """The first screen for which `met` is true; AssertionError shows the one that was last."""
        deadline_s = self._patience_s if deadline_s is None else deadline_s
        give_up = time.monotonic() + deadline_s
        while True:
            screen = self.screen()
            if met(screen):
                return screen
            if time.monotonic() > give_up:
                raise AssertionError(f"waited {deadline_s:.0f} s in vain; the screen:\n{screen}")
            time.sleep(_POLL_S)

    def wait_for(self, *parts: str) -> str:
        """The first screen on which all of the parts stand."""
        return self.wait_until(lambda screen: all(part in screen for part in parts))

    def wait_for_shell(self) -> str:
        """Waits until the program has ended and the shell asks for the next command.

        What then stands on the screen, and above it.
        """
        self.wait_until(lambda screen: not self.modes()["alternate_on"] and self._is_asked(screen))
        return self._tmux("capture-pane", "-p", "-S", "-")

    def _is_asked(self, screen: str) -> bool:
        """Whether the prompt is the last line, with the cursor behind it.

        The cursor is below it where an entered line is not read yet: what was typed then would
        stand before the next prompt.
        """
        lines = screen.rstrip().splitlines()
        cursor = self._tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return lines[-1:] == [PROMPT] and cursor == [str(len(PROMPT) + 1), str(len(lines) - 1)]

    def modes(self) -> dict[str, bool]:
        """What a program may leave behind: the other screen, a hidden cursor, mouse reports."""
        names = ("alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag", "keypad_flag")
        flags = self._tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in names))
        return {name: flag == "1" for name, flag in zip(names, flags.split(), strict=True)}

    @property
    def reader(self) -> int:
        """The process that reads what programs write: while it is stopped, nobody does."""
        return int(self._tmux("display-message", "-p", "#{pid}"))

    @property
    def pid(self) -> int:
        """The process of the program in the foreground: what the shell has started."""
        (child,) = children_of(int(self._tmux("display-message", "-p", "#{pane_pid}")))
        return child

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done, output = self._control.ask(arguments)
        if check and not done:
            raise AssertionError(f"tmux {arguments[0]}: {output.strip()}")
        return output if done else ""

    def _call(self, *arguments: str, check: bool = True, text: str = "") -> None:
        """By a client of its own: what ends the server, or takes more than one line."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=self._patience_s,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr.strip()}")

    def _command(self, *arguments: str) -> list[str]:
        return ["tmux", "-u", "-S", f"{self._server.name}/s", "-f", os.devnull, *arguments]
