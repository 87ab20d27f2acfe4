"""Commands as a reader types them: one after the other, in one folder, in one shell's state."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.ports import free_port

_DEVELOPERS = re.compile(
    r"CORTEX_TUI_|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|COLORTERM|PYTEST|GIT_|PS1|ENV$|PROMPT_COMMAND"
    r"|VIRTUAL_ENV|TMUX|TEXTUAL|LC_|LANG|PYTHON(?!PYCACHE)|XDG_|PAGER|MAN"
)
"""Variables that must not decide what a page's commands do."""

_WITH_STATE = """\
if [ -f {state} ]; then . {state}; fi
set -a
{command}
"""
"""A command in the folder and with the variables that the one before it left behind."""

_KEEPING_STATE = """\
keep_state() {{
    local status=$?
    {{ export -p; printf "cd %q\\n" "$PWD"; }} > {state}
    exit $status
}}
trap keep_state EXIT
{command}
"""
"""A command whose folder and variables are those of the next one."""


@dataclass(frozen=True)
class Done:
    code: int | None
    """The exit code; None if it was killed since it took too long."""
    output: str
    """What it printed to stdout and stderr, as in a terminal."""


class Shell:
    """What a page's commands share. `close` ends everything that they started."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.folder = base / "work"
        self._state = base / "state.sh"
        self._outputs = base / "outputs"
        for folder in (self.home, self.folder, self._outputs):
            folder.mkdir()
        (self.home / ".gitconfig").write_text(
            "[user]\nname = Reader\nemail = reader@example.org\n[init]\ndefaultBranch = main\n"
            "[advice]\ndetachedHead = false\n",
            encoding="utf-8",
        )
        self.environment = environment(self.home) | {"PORT": str(free_port())}
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, command: str, stdin: str = "") -> Done:
        """Runs a command to its end, with the folder and the variables of the one before it."""
        process, output = self._start(self._keeping_state(command), stdin)
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._end(process)
            code = None
        return Done(code, output.read_text(encoding="utf-8", errors="replace"))

    def start(self, command: str, until: str) -> Done:
        """Starts what runs until `close`; returns when it has printed `until`."""
        process, output = self._start(self._with_state(command), "")
        give_up = time.monotonic() + PATIENCE_S
        while True:
            code = process.poll()
            printed = output.read_text(encoding="utf-8", errors="replace")
            if code is not None or until in printed:
                return Done(0 if code is None else code, printed)
            if time.monotonic() > give_up:
                return Done(None, printed)
            time.sleep(0.02)

    def script(self, command: str) -> Path:
        """A file for bash that does what `run` does, for a terminal."""
        path = self._outputs / "command.sh"
        path.write_text(self._keeping_state(command), encoding="utf-8")
        return path

    def close(self) -> None:
        for process in self._started:
            self._end(process)

    def _keeping_state(self, command: str) -> str:
        state = shlex.quote(str(self._state))
        return self._with_state(_KEEPING_STATE.format(state=state, command=command))

    def _with_state(self, command: str) -> str:
        return _WITH_STATE.format(state=shlex.quote(str(self._state)), command=command)

    def _start(self, script: str, stdin: str) -> tuple[subprocess.Popen[bytes], Path]:
        output = self._outputs / f"{len(self._started)}.txt"
        given = output.with_suffix(".in")
        given.write_text(stdin, encoding="utf-8")
        # Files, not pipes: a program that stays in the background would keep a pipe open.
        with output.open("wb") as written, given.open("rb") as read:
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdin=read,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(process)
        return process, output

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(5)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait()


def environment(home: Path) -> dict[str, str]:
    """A reader's with this home: the installed command on PATH, nothing of the developer."""
    kept = {key: value for key, value in os.environ.items() if not _DEVELOPERS.match(key)}
    programs = Path(sys.executable).parent
    return kept | {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "EXAMPLES": str(Path(__file__).with_name("examples")),
    }


def split(text: str) -> list[tuple[int, str]]:
    """Commands of a script with their first lines, counted from 0; blank lines and comments not.

    A command ends where bash sees a whole one: after the last line of a here-document or of a loop.
    """
    found: list[tuple[int, str]] = []
    begin, command = 0, ""
    for at, line in enumerate(text.splitlines()):
        if not command:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            begin = at
        command += f"{line}\n"
        if line.endswith("\\") or _is_partial(command):
            continue
        found.append((begin, command))
        command = ""
    return [*found, (begin, command)] if command else found


def _is_partial(command: str) -> bool:
    if not re.search(r"<<|['\"({]|\b(if|for|while|until|case|do|then)\b", command):
        return False
    checked = subprocess.run(
        ["bash", "-n", "-c", command],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        check=False,
    )
    # A here-document without its end is a warning only.
    return bool(checked.stderr)
