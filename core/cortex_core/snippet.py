"""A few words of a text around what was searched for, with that marked; the same for every store.

It takes time in proportion to the text. Of a long one most is only looked through for what the
words begin with, and `check` is called every few thousand characters.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from cortex_core.search import HIT_END, HIT_START, SNIPPET_WORDS, Check
from cortex_core.text_query import Phrase
from cortex_core.words import NAMED, Term, known_as, plain, terms_of, written

PART = 4_000
"""Characters that are looked at in one go."""

_OVERLAP = 200
"""Characters that a part shares with the one before: room for a phrase."""

_PARTS_MOST = 4
"""The best place is chosen among this number of parts with hits."""

_HITS_MOST = 100
"""Hits of a part that are looked at."""

_SPAN = 160
"""Characters within which hits are shown together."""

_BEFORE_SEVERAL = 3
"""How many words stand before the first of several hits, to leave room for the others."""

_AROUND = 300
"""Characters before and behind a hit in which the words to show are looked for."""

_as_shown = re.compile(r"\S{1,24}").finditer
"""A word; of a longer one, and of scripts without spaces, a piece."""


class _Hit(NamedTuple):
    start: int
    end: int
    words: tuple[str, ...]


class _Place(NamedTuple):
    """A part of the text with its hits; the one to show first, and how many different ones are
    close behind it."""

    begin: int
    hits: Sequence[_Hit]
    first: int
    different: int


class _Begins(dict[str, bool]):
    """Whether a phrase may begin at a word as it is written. Texts repeat their words."""

    def __init__(self, exact: Mapping[str, object], beginnings: Iterable[Phrase]) -> None:
        self._exact = exact
        self._open = tuple(phrase.words[0] for phrase in beginnings)

    def __missing__(self, raw: str) -> bool:
        begins = self[raw] = any(
            word in self._exact or word.startswith(self._open) for word in known_as(raw)
        )
        return begins


class Snippets:
    """Makes the snippets of one search for `phrases`."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = tuple(phrases)
        self._exact: dict[str, list[Phrase]] = {}
        self._open: list[Phrase] = []
        for phrase in self._phrases:
            if phrase.open and len(phrase.words) == 1:
                self._open.append(phrase)
            else:
                self._exact.setdefault(phrase.words[0], []).append(phrase)
        self._longest = max((len(phrase.words) for phrase in self._phrases), default=0)
        self._begins = _Begins(self._exact, self._open)
        beginnings = "|".join(sorted({_beginning(p.words[0]) for p in self._phrases}))
        self._may_begin = re.compile(beginnings, re.IGNORECASE).search

    def of(self, title: str, content: str, check: Check = lambda: None) -> str:
        """Of the content where it holds something of the search, else of the title."""
        if not self._phrases:
            return _shown(title, None)
        place = self._best(content, check)
        if place is not None:
            return _shown(content, place)
        return _shown(title, self._best(title, check))

    def _best(self, text: str, check: Check) -> _Place | None:
        """The place with the most different hits, the first of equals."""
        best: _Place | None = None
        looked_at = 0
        for begin, end in _parts(text):
            check()
            part = text[begin:end]
            if not self._may_begin(part if part.isascii() else plain(part)):
                continue
            hits = list(islice(self._hits(part), _HITS_MOST))
            if not hits:
                continue
            first, different = _densest(hits)
            if best is None or different > best.different:
                best = _Place(begin, hits, first, different)
            looked_at += 1
            if looked_at == _PARTS_MOST or best.different >= len(self._phrases):
                break
        return best

    def _hits(self, part: str) -> Iterator[_Hit]:
        matches = list(written(part))
        last = 0  # the end of the last hit
        begins = self._begins
        for number in [n for n, match in enumerate(matches) if begins[match[0]]]:
            own = list(terms_of(matches[number]))
            behind = matches[number + 1 : number + self._longest]
            found = [*own, *chain.from_iterable(map(terms_of, behind))]
            for at, term in enumerate(own):
                if (size := self._size(found, at)) == 0:
                    continue
                row = found[at : at + size]
                if row[-1].end > last:
                    # Pairs of characters overlap: what is marked already is not marked again.
                    begin, last = max(term.start, last), row[-1].end
                    yield _Hit(begin, last, tuple(each.word for each in row))

    def _size(self, found: Sequence[Term], at: int) -> int:
        """How many words the longest phrase that begins here has; 0 where none does."""
        term = found[at]
        size = 0
        for phrase in self._exact.get(term.word, ()):
            length = len(phrase.words)
            if length > size and _follows(phrase, [each.word for each in found[at : at + length]]):
                size = length
        if size == 0 and any(term.word.startswith(phrase.words[0]) for phrase in self._open):
            size = 1
        if size == 0 and any(self._is_in(term.parts, begin) for begin in range(len(term.parts))):
            size = 1
        return size

    def _is_in(self, parts: Sequence[str], begin: int) -> bool:
        """Whether a phrase begins at this part of a name."""
        return any(
            _follows(phrase, parts[begin : begin + len(phrase.words)])
            for phrase in (*self._exact.get(parts[begin], ()), *self._open)
        )


def _follows(phrase: Phrase, words: Sequence[str]) -> bool:
    *before, last = phrase.words
    if len(words) != len(phrase.words) or before != list(words[:-1]):
        return False
    return words[-1].startswith(last) if phrase.open else words[-1] == last


def _beginning(word: str) -> str:
    """What the text has where it has a word with this stem, as a regular expression."""
    as_written = next((re.escape(name) for name, term in NAMED.items() if term == word), None)
    # The stem of a short word may change its third letter: "tries" has the stem "try".
    return as_written or re.escape(word[: 2 if len(word) <= 3 else 3])


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """From where to where the parts of a text go; no edge cuts a word, if it is not too long."""
    begin = end = 0
    while end < len(text):
        end = min(begin + PART, len(text))
        space = _space(text, end, min(end + _OVERLAP, len(text)))
        end = end if space is None else space
        yield begin, end
        space = _space(text, max(end - _OVERLAP, begin + 1), end)
        begin = end if space is None else space


def _space(text: str, begin: int, end: int) -> int | None:
    """Where the first blank between these is."""
    if end == len(text) and begin == end:
        return None
    found = re.compile(r"\s").search(text, begin, end)
    return found.start() if found else None


def _densest(hits: Sequence[_Hit]) -> tuple[int, int]:
    """The number of the hit with the most different hits in the characters from it on, and how
    many those are."""
    best = (0, 0)
    counts: Counter[tuple[str, ...]] = Counter()
    behind = 0
    for number, hit in enumerate(hits):
        while behind < len(hits) and hits[behind].end <= max(hit.start + _SPAN, hit.end):
            counts[hits[behind].words] += 1
            behind += 1
        if len(counts) > best[1]:
            best = (number, len(counts))
        counts[hit.words] -= 1
        if counts[hit.words] <= 0:
            del counts[hit.words]
    return best


def _shown(text: str, place: _Place | None) -> str:
    """The words around a place of the text, those at its beginning without one."""
    marks = (
        [] if place is None else [(place.begin + h.start, place.begin + h.end) for h in place.hits]
    )
    focus = 0 if place is None else marks[place.first][0]
    near = max(0, focus - _AROUND)
    pieces = [m.span() for m in _as_shown(text, near, min(focus + _AROUND, len(text)))]
    if not pieces:
        return ""
    at = next((n for n, (_, end) in enumerate(pieces) if end > focus), len(pieces) - 1)
    before = SNIPPET_WORDS // 2 if place is None or place.different == 1 else _BEFORE_SEVERAL
    first = max(0, min(at - before, len(pieces) - SNIPPET_WORDS))
    begin, end = pieces[first][0], pieces[min(first + SNIPPET_WORDS, len(pieces)) - 1][1]
    marked: list[str] = []
    done = begin
    for start, stop in marks:
        start, stop = max(start, done), min(stop, end)
        if start < stop:
            if start == done and marked:
                marked.pop()  # one mark for what has nothing between
            else:
                marked += (text[done:start], HIT_START)
            marked += (text[start:stop], HIT_END)
            done = stop
    marked.append(text[done:end])
    left_out = ("…" if rest.strip() else "" for rest in (text[:begin], text[end:]))
    return "".join(marked).join(left_out)
