"""A few words of a text, with those marked that were searched for, as FTS5 gives them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cortex_core.search import HIT_END, HIT_START, SNIPPET_WORDS
from cortex_core.tokens import split

LONG = 4_000
"""Characters above which a text is looked at in parts, so that the time for a snippet of a long
text is that of finding its first hit."""

_OVERLAP = 500
"""Characters that a part shares with each neighbour: room for the words around a hit."""

_tokens = re.compile(r"[^\W_]+").finditer


def snippet(title: str, content: str, wanted: Sequence[Sequence[str]]) -> str:
    """Of the content where it holds one of the phrases, else of the title."""
    for begin, end in _parts(content, wanted):
        part = content[begin:end]
        if hits := _hits(part, wanted):
            return _shown(part, hits, goes_before=begin > 0, goes_after=end < len(content))
    return _shown(title, _hits(title, wanted))


def _parts(text: str, wanted: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """From where to where the parts of a text go that may hold a hit."""
    if len(text) <= LONG:
        yield 0, len(text)
        return
    first_words = [re.escape(phrase[0]) for phrase in wanted if phrase]
    if not first_words:
        return
    may_hold = re.compile("|".join(first_words)).search
    for at in range(0, len(text), LONG):
        begin, end = max(0, at - _OVERLAP), min(at + LONG + _OVERLAP, len(text))
        # A word that the edge cuts would be taken for a whole one.
        while 0 < begin < at and text[begin - 1].isalnum():
            begin += 1
        while at + LONG < end < len(text) and text[end].isalnum():
            end -= 1
        part = text[begin:end]
        if may_hold(part.lower() if part.isascii() else " ".join(split(part))):
            yield begin, end


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


def _shown(
    text: str,
    hits: Sequence[tuple[int, int]],
    *,
    goes_before: bool = False,
    goes_after: bool = False,
) -> str:
    """The words around the first hit; whether the text is a part of a longer one."""
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
    before = "…" if first or goes_before else ""
    after = "…" if last < len(words) - 1 or goes_after else ""
    return f"{before}{marked}{after}"
