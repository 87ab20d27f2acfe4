"""A page from top to bottom: its files are written, its commands run, its outputs compared."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cortex_tui.profiles.loader import load_catalog
from tests import postgres_server
from tests.documents.blocks import READ, Block, Page, PageError
from tests.documents.shell import Done, Shell, split
from tests.e2e import terminal
from tests.e2e.terminal import PROMPT, Terminal

_PROGRAMS = {"chromium": "chromium", "man": "man", "ssh": "sshd"}
_KEYS = {
    "space": "Space",
    "enter": "Enter",
    "esc": "Escape",
    "tab": "Tab",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "pgup": "PageUp",
    "pgdn": "PageDown",
}
_SETTLED_S = 2.0
"""How long the screen is waited for after a key; a live one never comes to rest."""

_EXIT_CODE = re.compile(rf"^(?:{PROMPT} )*exit=(\d+)", re.MULTILINE)
"""A key that the program left to the shell may bring a second prompt."""


@dataclass(frozen=True)
class Command:
    line: int
    """Where it stands in the page."""
    text: str
    shown: str = ""
    """The example of its output."""


Printed = Callable[[Command, str], None]


def missing(needs: str) -> str | None:
    """The first of what is needed that is not there, as a reason; None if all of it is."""
    for name in needs.split():
        reason: str | None
        if name == "postgres":
            reason = postgres_server.why_not()
        elif name == "tmux":
            reason = terminal.MISSING or None
        elif name in _PROGRAMS:
            reason = None if shutil.which(_PROGRAMS[name]) else f"{name} is not installed"
        else:
            reason = None if importlib.util.find_spec(name) else f"{name} is not installed"
        if reason is not None:
            return reason
    return None


@contextmanager
def shell_in(base: Path) -> Iterator[Shell]:
    shell = Shell(base)
    try:
        yield shell
    finally:
        shell.close()


def run_page(
    page: Page,
    base: Path,
    database: Callable[[], str],
    printed: Printed | None = None,
) -> list[str]:
    """Runs the blocks of a page in a fresh folder; PageError for the first one that fails.

    `database` starts a PostgreSQL server for blocks that need one, and returns its address, which
    their commands have as `DATABASE_URL`. `printed` is called with what each command of a console
    printed. The skipped blocks, each with its reason, are returned.
    """
    skipped: list[str] = []
    with shell_in(base) as shell:
        for block in page.blocks:
            if block.why_not_run is not None:
                continue
            needs = f"{page.needs} {block.directives.get('needs', '')}"
            reason = missing(needs)
            if reason is not None:
                skipped.append(f"{page.name}:{block.line}: {reason}")
                continue
            if "postgres" in needs.split():
                shell.environment["DATABASE_URL"] = database()
            _run_block(block, page.name, shell, printed)
    return skipped


def _run_block(block: Block, page: str, shell: Shell, printed: Printed | None) -> None:
    if "before" in block.directives:
        for _, text in split(block.directives["before"]):
            _expect(shell.run(text), Command(block.line, text), page, 0)
    if block.title is not None:
        _write(block, page, shell)
    elif block.language == "python":
        done = shell.run("python -", block.text)
        _expect(done, Command(block.line, "the script"), page, *_exit_codes(block))
    elif block.language == "toml":
        _check_suite(block, page, shell)
    elif block.language == "json":
        try:
            json.loads(block.text)
        except ValueError as error:
            raise PageError(page, block.line, f"expected JSON: {error}") from None
    elif block.language not in READ:
        _run_commands(block, page, shell, printed)


def _write(block: Block, page: str, shell: Shell) -> None:
    assert block.title is not None
    named = Path(block.title.replace("~", str(shell.home), 1))
    path = shell.folder / named
    if ".." in named.parts or not (
        path.is_relative_to(shell.folder) or path.is_relative_to(shell.home)
    ):
        raise PageError(page, block.line, f"expected a file below the folder: {block.title}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


def _check_suite(block: Block, page: str, shell: Shell) -> None:
    nothing_shipped = shell.home / "suites"
    nothing_shipped.mkdir(exist_ok=True)
    file = shell.home / "suite.toml"
    file.write_text(block.text, encoding="utf-8")
    catalog = load_catalog([file], shipped=nothing_shipped)
    if catalog.problems or not catalog.profiles:
        errors = "\n".join(str(problem) for problem in catalog.problems)
        raise PageError(page, block.line, f"expected a valid suite:\n{errors or 'no profiles'}")


def _run_commands(block: Block, page: str, shell: Shell, printed: Printed | None) -> None:
    commands = commands_of(block, page)
    for at, command in enumerate(commands):
        if "keys" in block.directives:
            done = _in_terminal(command.text, block.directives["keys"], shell)
        elif "background" in block.directives:
            done = shell.start(command.text, block.directives["background"])
        else:
            done = shell.run(command.text)
        _expect(done, command, page, *_exit_codes(block, last=at == len(commands) - 1))
        if printed is not None:
            printed(command, done.output)
        if "output" in block.directives and not matches(command.shown, done.output):
            raise PageError(
                page,
                command.line,
                f"`{command.text.strip()}` prints something else:\n{done.output}\n"
                f"instead of:\n{command.shown}",
            )


def commands_of(block: Block, page: str = "") -> list[Command]:
    """The commands of a `console` or `sh` block; none for other languages."""
    if block.language == "sh":
        return [Command(block.line + at, text) for at, text in split(block.text)]
    if block.language != "console":
        return []
    found: list[Command] = []
    lines = block.text.splitlines()
    if lines and not lines[0].startswith("$ "):
        raise PageError(page, block.line, f"expected `$ ` and a command: {lines[0]!r}")
    at = 0
    while at < len(lines):
        begin, text = at, lines[at].removeprefix("$ ")
        while at + 1 < len(lines) and (text.endswith("\\") or lines[at + 1].startswith("> ")):
            at += 1
            text += "\n" + lines[at].removeprefix("> ")
        at += 1
        shown = at
        while at < len(lines) and not lines[at].startswith("$ "):
            at += 1
        found.append(Command(block.line + begin, text, "\n".join(lines[shown:at])))
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether what was printed is what is shown, in which `...` stands for anything.

    On a line of its own it stands for any number of lines, also none. Spaces at the ends of lines,
    and blank lines at the ends of the text, do not count.
    """

    def lines_of(text: str) -> list[str]:
        return [line.rstrip() for line in text.strip("\n").splitlines()]

    pattern = ""
    for line in lines_of(shown):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("...")) + r"\n"
    return bool(re.fullmatch(pattern, "".join(f"{line}\n" for line in lines_of(printed))))


def _in_terminal(command: str, keys: str, shell: Shell) -> Done:
    """Presses one key after the other, each when the screen has come to rest or 2 s are over."""
    window = Terminal(shell.folder, width=120, height=40, environment=shell.environment)
    try:
        window.run(["bash", shell.script(command)])
        window.wait_until(lambda _: window.modes()["alternate_on"])
        for key in shlex.split(keys, posix=False):
            if key.startswith('"'):
                awaited = re.compile(key.strip('"'))
                window.wait_until(awaited.search)
            else:
                _settle(window)
                window.press(_KEYS.get(key, re.sub(r"^ctrl\+", "C-", key)))
        window.wait_for_shell()
        window.type("echo exit=$?")
        window.press("Enter")
        screen = window.wait_until(_EXIT_CODE.findall)
    except AssertionError as error:
        return Done(None, str(error))
    finally:
        window.close()
    return Done(int(_EXIT_CODE.findall(screen)[-1]), screen)


def _settle(window: Terminal) -> None:
    give_up = time.monotonic() + _SETTLED_S
    before = ""
    while (now := window.screen()) != before and time.monotonic() < give_up:
        before = now
        time.sleep(0.1)


def _exit_codes(block: Block, *, last: bool = True) -> list[int]:
    """The codes with which a command may end: several are for all of a block, one for the last."""
    codes = [int(code) for code in block.directives.get("exit", "0").split()]
    return codes if last or len(codes) > 1 else [0]


def _expect(done: Done, command: Command, page: str, *codes: int) -> None:
    if done.code in codes:
        return
    how = "took too long" if done.code is None else f"ended with exit code {done.code}"
    expected = " or ".join(map(str, codes))
    raise PageError(
        page, command.line, f"`{command.text.strip()}` {how}, expected {expected}:\n{done.output}"
    )
