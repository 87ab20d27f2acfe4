"""The code blocks of a page, and what the comments before them ask for.

A page is Markdown. Its fenced blocks are, by their language:

- with `title="FILE"`: the content of that file, whatever the language;
- `console`: lines that begin with `$ ` are commands, the others an example of their output;
- `sh`: commands;
- `python`: a script;
- `toml`: a suite, which has to be valid; `json`: a document, which has to be valid;
- `text`, `mermaid` and `diff`: for people only.

Comments on the lines before a block, such as `<!-- exit 1 -->`, change that:

- `not run: REASON`: the block is not run;
- `needs: NAME …`: it is run only where postgres, chromium, tmux, ssh, or a Python package is there;
  as the first line of a page it counts for all of it;
- `exit N`: the last command ends with this exit code, and not with 0; `exit N M`: every command
  ends with one of these, where it depends on what is measured;
- `output`: what the commands print has to be what is shown; `...` stands for anything;
- `background` or `background: TEXT`: the commands run until the end of the page, and the next block
  begins when they have printed the text;
- `keys: j "finished" q`: the command is started in a terminal, and the keys are pressed there; what
  is quoted is a regular expression that is waited for;
- `before: COMMANDS`: these run first; readers do not see them.

Commands find suites that measure quickly in `$EXAMPLES`, a free port in `$PORT`, and with `needs:
postgres` the address of a server in `$DATABASE_URL`.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

RUN = frozenset({"console", "sh", "python", "toml", "json"})
READ = frozenset({"text", "mermaid", "diff"})
"""Languages of blocks that nothing is done with."""

_DIRECTIVES = frozenset({"not run", "needs", "exit", "output", "background", "keys", "before"})
_WITH_VALUE = frozenset({"not run", "needs", "exit", "keys", "before"})

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`]*)$")
_TITLE = re.compile(r'title="([^"]*)"')
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_DIRECTIVE = re.compile(r"(not run|\w+)\b\s*:?\s*(.*)", re.DOTALL)
_CONTAINER = re.compile(r"([-*+]|\d+[.)])\s|[!?]{3}")
"""What a line begins with whose indented continuation is text, not code."""


class PageError(Exception):
    """A page that cannot be run, or whose block failed; the text begins with page and line."""

    def __init__(self, page: str, line: int, what: str) -> None:
        super().__init__(f"{page}:{line}: {what}")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its first line of content, counted from 1."""

    line: int
    language: str
    text: str
    title: str | None = None
    directives: dict[str, str] = field(default_factory=dict)

    @property
    def why_not_run(self) -> str | None:
        """The reason that the page gives for not running it."""
        return self.directives.get("not run")


@dataclass(frozen=True)
class Page:
    name: str
    needs: str
    """What all of it needs, such as `postgres`; empty for nothing."""
    blocks: tuple[Block, ...]


def read_page(path: Path, root: Path) -> Page:
    return parse(path.read_text(encoding="utf-8"), str(path.relative_to(root)))


def parse(text: str, name: str) -> Page:
    """The blocks of a page in their order; PageError for one that the conventions do not know."""
    lines = text.splitlines()
    first = _COMMENT.fullmatch(lines[0].strip()) if lines else None
    needs = first[1].strip() if first else ""
    blocks: list[Block] = []
    outside: list[str] = []
    begin = 0
    while begin < len(lines):
        opened = _FENCE.match(lines[begin])
        if opened is None:
            outside.append(lines[begin])
            begin += 1
            continue
        end = _end_of_block(lines, begin, opened["fence"], name)
        content = textwrap.dedent("".join(f"{line}\n" for line in lines[begin + 1 : end]))
        directives = _directives_before(lines[:begin], name)
        blocks.append(_block(begin + 2, opened["info"], content, directives, name))
        outside += [""] * (end + 1 - begin)
        begin = end + 1
    _refuse_indented_code(outside, name)
    return Page(
        name,
        needs.removeprefix("needs:").strip() if needs.startswith("needs:") else "",
        tuple(blocks),
    )


def _end_of_block(lines: list[str], begin: int, fence: str, name: str) -> int:
    for at in range(begin + 1, len(lines)):
        if lines[at].strip() == fence:
            return at
    raise PageError(name, begin + 1, "the block has no end")


def _block(line: int, info: str, text: str, directives: dict[str, str], name: str) -> Block:
    language = info.split()[0] if info.strip() else ""
    title = _TITLE.search(info)
    block = Block(line, language, text, title[1] if title else None, directives)
    if block.title is None and language not in RUN | READ and block.why_not_run is None:
        kinds = ", ".join(sorted(RUN | READ))
        raise PageError(
            name,
            line - 1,
            f"expected one of {kinds}, a title, or `<!-- not run: REASON -->` before the block; "
            f"its language is {language!r}",
        )
    return block


def _directives_before(lines: list[str], name: str) -> dict[str, str]:
    """Those of the comments that end on the line before the block, and on the lines before them."""
    found: dict[str, str] = {}
    while lines and lines[-1].rstrip().endswith("-->"):
        begin = next(at for at in range(len(lines) - 1, -1, -1) if "<!--" in lines[at])
        comment = _COMMENT.fullmatch("\n".join(lines[begin:]).strip())
        if comment is None:
            break
        key, value = _directive(comment[1], name, begin + 1)
        found[key] = value
        lines = lines[:begin]
    return found


def _directive(comment: str, name: str, line: int) -> tuple[str, str]:
    parts = _DIRECTIVE.fullmatch(comment.strip())
    key, value = (parts[1], textwrap.dedent(parts[2]).strip()) if parts else ("", "")
    if key not in _DIRECTIVES:
        known = ", ".join(sorted(_DIRECTIVES))
        raise PageError(name, line, f"expected one of {known}; there is {comment.strip()!r}")
    if key in _WITH_VALUE and not value:
        raise PageError(
            name, line, f"`{key}` needs {'a reason' if key == 'not run' else 'a value'}"
        )
    return key, value


def _refuse_indented_code(lines: list[str], name: str) -> None:
    """Code that is only indented would be shown, but not run."""
    before = container = ""
    for at, line in enumerate(lines, 1):
        if line.startswith("    ") and line.strip():
            if not before.strip() and not _CONTAINER.match(container):
                raise PageError(name, at, f"an indented code block; write a fenced one: {line!r}")
        elif line.strip() and (not line.startswith(" ") or not container):
            container = line
        before = line
