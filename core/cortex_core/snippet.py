"""A few words of a text around what was searched for, with that marked; the same for every store.

It takes time in proportion to the text. Of a long one most is only looked through for what the
words begin with, and `check` is called every few thousand characters.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from cortex_core.search import HIT_END, HIT_START, SNIPPET_WORDS, Check
from cortex_core.text_query import Phrase
from cortex_core.words import NAMED, Term, known_as, plain, terms_of, written_in

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

_PIECE = 24
_as_shown = re.compile(rf"\S{{1,{_PIECE}}}").finditer
"""A word; of a longer one, and of scripts without spaces, a piece."""

_blank = re.compile(r"\s").search
_not_blank = re.compile(r"\S").search


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
        # The hits in a written word alone, None where no phrase begins. Texts repeat their words.
        self._alone: dict[str, tuple[_Hit, ...] | None] = {}
        beginnings = "|".join(sorted({_beginning(p.words[0]) for p in self._phrases}))
        self._may_begin = re.compile(beginnings).search

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
            folded = part.lower() if part.isascii() else plain(part)
            if not self._may_begin(folded):
                continue
            hits = list(islice(self._hits(part, folded), _HITS_MOST))
            if not hits:
                continue
            first, different = _densest(hits)
            if best is None or different > best.different:
                best = _Place(begin, hits, first, different)
            looked_at += 1
            if looked_at == _PARTS_MOST or best.different >= len(self._phrases):
                break
        return best

    def _hits(self, part: str, folded: str) -> Iterator[_Hit]:
        alone = self._alone
        pattern = written_in(part)
        behind_most = self._longest - 1
        last = 0  # the end of the last hit
        for begin, end in self._stretches(part, folded):
            for match in pattern.finditer(part, begin, end):
                raw = match[0]
                if raw not in alone:
                    alone[raw] = self._hits_from(match, ()) if self._begins(raw) else None
                if (found := alone[raw]) is None:
                    continue
                at = match.start()
                if behind_most:
                    behind = islice(pattern.finditer(part, match.end()), behind_most)
                    found = self._hits_from(match, behind)
                for start, stop, words in found:
                    # Pairs of characters overlap: what is marked already is not marked again.
                    if at + stop > last:
                        start, last = max(at + start, last), at + stop
                        yield _Hit(start, last, words)

    def _begins(self, raw: str) -> bool:
        """Whether a phrase may begin at a word as it is written."""
        beginnings = tuple(phrase.words[0] for phrase in self._open)
        return any(word in self._exact or word.startswith(beginnings) for word in known_as(raw))

    def _hits_from(self, match: re.Match[str], behind: Iterable[re.Match[str]]) -> tuple[_Hit, ...]:
        """The hits that begin in a written word, before others; counted from where it begins."""
        at = match.start()
        own = list(terms_of(match))
        found = [*own, *chain.from_iterable(map(terms_of, behind))]
        hits: list[_Hit] = []
        for number, term in enumerate(own):
            if size := self._size(found, number):
                row = found[number : number + size]
                words = tuple(each.word for each in row)
                hits.append(_Hit(term.start - at, row[-1].end - at, words))
        return tuple(hits)

    def _stretches(self, part: str, folded: str) -> Iterator[tuple[int, int]]:
        """From where to where a part must be looked at word by word: between the blanks around
        what may begin a phrase."""
        if not part.isascii():
            # Folding may have moved the places.
            yield 0, len(part)
            return
        end = 0
        while match := self._may_begin(folded, end):
            begin = part.rfind(" ", end, match.start()) + 1 or end
            blank = part.find(" ", match.end())
            end = len(part) if blank < 0 else blank
            yield begin, end

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
    """What the folded text has where it has a word with this stem, as a regular expression."""
    as_written = next((re.escape(name) for name, term in NAMED.items() if term == word), None)
    # The stem of a short word may change its third letter: "tries" has the stem "try".
    return as_written or re.escape(word[: 2 if len(word) <= 3 else 3])


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """From where to where the parts of a text go; no edge cuts a word, if it is not too long."""
    if len(text) <= PART:
        yield 0, len(text)
        return
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
    found = _blank(text, begin, end)
    return found.start() if found else None


def _densest(hits: Sequence[_Hit]) -> tuple[int, int]:
    """The number of the hit with the most different hits in the characters from it on, and how
    many those are."""
    if len({hit.words for hit in hits}) == 1:
        return 0, 1
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
    focus = 0 if place is None else place.begin + place.hits[place.first].start
    # Backwards: no more of it is looked at than is shown.
    before = text[max(0, focus - _AROUND) : focus][::-1]
    blank = _blank(before, 0, _PIECE)
    own = min(len(before), _PIECE) if blank is None else blank.start()
    far = min(focus + _AROUND, len(text))
    ends = [match.end() for match in islice(_as_shown(text, focus - own, far), SNIPPET_WORDS)]
    if not ends:
        return ""
    wanted = SNIPPET_WORDS // 2 if place is None or place.different == 1 else _BEFORE_SEVERAL
    most = max(wanted, SNIPPET_WORDS - len(ends))
    starts = [focus - match.end() for match in islice(_as_shown(before, own), most)]
    begin = starts[-1] if starts else next(_as_shown(text, focus - own)).start()
    end = ends[min(SNIPPET_WORDS - len(starts), len(ends)) - 1]
    marked: list[str] = []
    done = begin
    for hit_start, hit_end in _marks(place):
        start, stop = max(hit_start, done), min(hit_end, end)
        if start < stop:
            if start == done and marked:
                marked.pop()  # one mark for what has nothing between
            else:
                marked += (text[done:start], HIT_START)
            marked += (text[start:stop], HIT_END)
            done = stop
    marked.append(text[done:end])
    before_it = "…" if _not_blank(text, 0, begin) else ""
    behind_it = "…" if _not_blank(text, end) else ""
    return f"{before_it}{''.join(marked)}{behind_it}"


def _marks(place: _Place | None) -> Iterator[tuple[int, int]]:
    """From where to where the hits of a place go in its text."""
    if place is not None:
        for start, end, _ in place.hits:
            yield place.begin + start, place.begin + end
