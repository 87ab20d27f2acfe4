"""Texts of anybody's on their way to a terminal or a browser."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from typing import Any

from cortex_tui.formats.port import FormatError, Origin, Recording
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.report.summary import summary
from cortex_tui.results.stored import from_stored
from cortex_tui.text import cell_width, lines, one_line
from tests.fuzz.target import Target, harmless
from tests.unit.formats.recordings import recording, run

_WORDS = tuple(
    word.encode()
    for word in ("\x1b[2J", "\x9b31m", "\u202e", "\u2067", "\u200f", "\0", "\x7f", "\ufeff",
                 "\u00ad", "\U000e0041", "</bdi>", "<script>", "]]>", "&", '"', "|", "`", "\\")
)  # fmt: skip
_SHOWN = [name for name in ("html", "markdown", "junit") if name in FORMATS]


def _one_line(data: bytes) -> None:
    for text in (data.decode("utf-8", "replace"), data.decode("utf-8", "surrogateescape")):
        shown = one_line(text)
        harmless(shown)
        assert one_line(shown) == shown
        harmless(lines(text), lines=True)
        assert 0 <= cell_width(shown) <= 2 * len(shown)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[f"{tag} {sorted(name for name, _ in attrs)}"] += 1


def _tags(document: bytes) -> Counter[str]:
    parser = _Tags()
    parser.feed(document.decode())
    return parser.found


@cache
def _document() -> Any:
    small = recording(run())
    write = FORMATS["session-json"].write
    assert write is not None
    document = json.loads(write(small))
    first = document["runs"][0]
    document["runs"][0] = {
        **first, "state": "failed", "reason": "reason", "warnings": ["warning"],
        "tracebacks": {"E": "traceback"}, "errors": {"E": 2}, "traceback": "own", "tags": ["tag"],
        "params": {"size": "param"}, "partial": "", "marks": [{"offset_ns": 5, "text": "mark"}],
        "summary": "summary", "neighbours": ["neighbour"], "variant": "v",
    }  # fmt: skip
    document["note"] = "note"
    return document


_PLACES = ("reason", "warning", "traceback", "own", "E", "tag", "param", "mark", "summary",
           "neighbour", "note", "size")  # fmt: skip


def _with(text: str) -> Recording:
    """A session that has the text in every place that is anybody's."""
    document = json.dumps(_document())
    for place in _PLACES:
        document = document.replace(json.dumps(place), json.dumps(text))
    # Names of keys must stay as they are.
    fixed = {**json.loads(document)}
    for name in ("note",):
        fixed[name] = text
    stored = read_file(json.dumps(fixed).encode(), Origin("x.json"), "session-json")
    return Recording(from_stored(stored), stored.intervals)


def _shown(data: bytes) -> None:
    """No text adds a tag to a report or an escape to a terminal."""
    text = data.decode("utf-8", "replace")
    hostile = _with(text)
    harmless(summary(hostile.result.view()), lines=True)
    for name in _SHOWN:
        write = FORMATS[name].write
        assert write is not None
        written = write(hostile)
        harmless(written.decode().replace("\n", ""), lines=False)
        if name == "html":
            assert _tags(written) == _tags(write(_with("a plain text"))), "it has other tags"
        if name == "junit":
            ET.fromstring(written)


TARGETS = (
    Target(
        "one-line", _one_line,
        lambda: [b"a plain line", "漢字 é 한\u0301".encode(), b"\x1b[31mred"],
        words=_WORDS, thousands=60,
    ),
    Target(
        "shown-texts", _shown, lambda: [b"a plain text", *_WORDS], (FormatError,), words=_WORDS,
        thousands=2,
    ),
)  # fmt: skip
