"""Text from outside, made harmless: it can be encoded, and no terminal obeys it."""

from __future__ import annotations

import unicodedata
from typing import Any

from cortex_tui.limits import MAX_REASON_CHARS

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_UNSPACED = {"Mn", "Me", "Cf"}


def encodable(value: Any) -> Any:
    """The value with every text in it such that UTF-8 has it: what has no place there is escaped.

    For plain data: dicts, lists, texts, bytes, numbers.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(item) for item in value]
    return value


def cut(text: str, most: int) -> str:
    """The first `most` characters of a text, and how many more there were."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most:,} characters more)"


def quoted(text: str, most: int = 60) -> str:
    """What a person wrote, in quotes as an error repeats it: on one line, and not endless."""
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")


def as_reason(text: str) -> str:
    """Why something went wrong, where the text may repeat what a file or another process has sent:
    one line, and not endless."""
    return one_line(cut(text, MAX_REASON_CHARS))


def shortened(value: Any, most: int) -> Any:
    """Plain data with every text in it cut after `most` characters."""
    if isinstance(value, str):
        return cut(value, most)
    if isinstance(value, dict):
        return {shortened(key, most): shortened(item, most) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(item, most) for item in value]
    return value


def one_line(text: str) -> str:
    """`text` on one line: control, format and unpaired characters are replaced by what shows them.

    Escape becomes `␛`, a line feed `␊`, a right-to-left override `\\u{202e}`.
    """
    # What Python calls printable has none of the characters that are hidden, be it ASCII or not.
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def lines(text: str) -> str:
    """As `one_line`, but for the line feeds, which stay."""
    return "\n".join(map(one_line, text.split("\n")))


def cell_width(text: str) -> int:
    """How many cells of a terminal a line takes: wide characters two, combining marks none."""
    if _is_plain(text):
        return len(text)
    return sum(map(_cells, text))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _cells(character: str) -> int:
    if unicodedata.category(character) in _UNSPACED:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(character) in _HIDDEN:
        return f"\\u{{{code:x}}}"
    return character
