"""A person's own editor, in the terminal of the workbench."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from textual.app import App, SuspendNotSupported

from cortex_tui.profiles.suite_lines import line_of_profile
from cortex_tui.text import one_line

_WITH_PLUS = frozenset(
    [
        *("emacs", "emacsclient", "jed", "jmacs", "joe", "kak", "mg", "micro", "nano", "ne"),
        *("nvi", "nvim", "pico", "vi", "view", "vim", "vim.basic", "vim.tiny", "vis"),
    ]
)
"""Editors that take `+12 FILE`."""
_WITH_COLON = frozenset(("helix", "hx", "subl", "zed"))
"""Editors that take `FILE:12`."""
_WITH_GOTO = frozenset(("code", "code-insiders", "codium", "cursor", "windsurf"))
"""Editors that take `--goto FILE:12`."""


def edit_in_terminal(app: App[Any], file: Path, profile: str) -> str:
    """Opens the file at a profile, or with "" at its top, until the editor ends.

    What went wrong, in a sentence, or "".
    """
    editor = chosen_editor(os.environ)
    if not editor:
        return "No editor is set: leave, export EDITOR=vim (or VISUAL), and launch again."
    try:
        line = line_of_profile(file.read_text("utf-8", "replace"), profile) if profile else 1
        command = command_line(editor, file, line)
        with app.suspend():
            failed = run_editor(command)
    except OSError as error:
        return one_line(f"{file} cannot be read: {error.strerror or error}.")
    except ValueError as error:
        return one_line(f"The editor {editor} cannot be started: {error}.")
    except SuspendNotSupported:
        return one_line(f"This terminal cannot be given to an editor: open {file} in another one.")
    app.refresh(layout=True)
    return one_line(f"The editor failed: {failed}.") if failed else ""


def chosen_editor(environment: Mapping[str, str]) -> str:
    """The value of VISUAL, or else of EDITOR; "" where both are empty."""
    return environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip()


def command_line(editor: str, file: Path, line: int) -> list[str]:
    """What opens the file at the line, or at its top where the editor is not known.

    Raises ValueError where `editor` has a quote that is not closed.
    """
    words = shlex.split(editor)
    name = Path(words[0]).name if words else ""
    if name in _WITH_PLUS:
        return [*words, f"+{line}", str(file)]
    if name in _WITH_COLON:
        return [*words, f"{file}:{line}"]
    if name in _WITH_GOTO:
        return [*words, "--goto", f"{file}:{line}"]
    return [*words, str(file)]


def run_editor(command: list[str]) -> str:
    """Runs it in this terminal until it ends; why it failed, "" if it did not."""
    with _interrupts_are_the_editors():
        try:
            code = subprocess.run(command, check=False).returncode
        except OSError as error:
            return f"{command[0]}: {error.strerror or error}"
    if code < 0:
        return f"{command[0]} was ended by {signal.Signals(-code).name}"
    return f"{command[0]} ended with exit code {code}" if code else ""


@contextmanager
def _interrupts_are_the_editors() -> Iterator[None]:
    """Within it, Ctrl+C means the editor: the terminal sends it to this program, too."""

    def ignore(number: int, frame: FrameType | None) -> None:
        """Not SIG_IGN, which the editor would inherit."""

    before = {number: signal.signal(number, ignore) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
