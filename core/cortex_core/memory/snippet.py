"""A few words of a text, with those marked that were searched for, as FTS5 gives them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from cortex_core.memory.bm25 import split
from cortex_core.search import HIT_END, HIT_START, SNIPPET_WORDS

_tokens = re.compile(r"[^\W_]+").finditer


def snippet(title: str, content: str, wanted: Sequence[Sequence[str]]) -> str:
    """Of the content where it holds one of the phrases, else of the title."""
    runs = _hits(content, wanted)
    return _shown(content, runs) if runs else _shown(title, _hits(title, wanted))


def _hits(text: str, wanted: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """From which to which character each hit goes; hits that overlap are one."""
    tokens = [(m.start(), m.end(), "".join(split(m.group()))) for m in _tokens(text)]
    words = [word for _, _, word in tokens]
    found: list[tuple[int, int]] = []
    last = 0  # the number of the first word behind the last hit
    for first in range(len(words)):
        ends = [
            first + len(phrase)
            for phrase in wanted
            if words[first : first + len(phrase)] == list(phrase)
        ]
        if not ends:
            continue
        end = max(ends)
        if found and first < last:
            found[-1] = (found[-1][0], tokens[max(end, last) - 1][1])
        else:
            found.append((tokens[first][0], tokens[end - 1][1]))
        last = max(end, last)
    return found


def _shown(text: str, hits: Sequence[tuple[int, int]]) -> str:
    """The words around the first hit."""
    words = [m.span() for m in re.finditer(r"\S+", text)]
    if not words:
        return ""
    at = next((n for n, (_, end) in enumerate(words) if hits and end > hits[0][0]), 0)
    first = max(0, min(at - SNIPPET_WORDS // 2, len(words) - SNIPPET_WORDS))
    last = min(first + SNIPPET_WORDS, len(words)) - 1
    begin, end = words[first][0], words[last][1]
    inside = [edge for hit in hits if begin <= hit[0] and hit[1] <= end for edge in hit]
    pieces = [text[a:b] for a, b in pairwise([begin, *inside, end])]
    marked = "".join(
        f"{HIT_START}{piece}{HIT_END}" if n % 2 else piece for n, piece in enumerate(pieces)
    )
    before = "…" if first else ""
    after = "…" if last < len(words) - 1 else ""
    return f"{before}{marked}{after}"
