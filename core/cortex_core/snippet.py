"""A few words of a text around what was searched for, with that marked; the same for every store.

It takes time in proportion to the text. Of a long one most is only looked through for what the
words begin with, and `check` is called every few thousand characters.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
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
_pieces = re.compile(rf"\S{{1,{_PIECE}}}").findall
"""Words; of longer ones, and of scripts without spaces, pieces."""

_REMEMBERED_MOST = 64
"""Characters between blanks whose hits are remembered."""

_blank = re.compile(r"\s").search
_not_blank = re.compile(r"\S").search


_Hit = tuple[int, int, tuple[str, ...]]
"""From where to where it goes, and its words. Making a tuple with names takes ten times as long."""


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
        # What is between blanks, and the hits in it. Texts repeat their words.
        self._remembered: dict[str, Sequence[_Hit]] = {}
        self._beginnings = sorted({_beginning(phrase.words[0]) for phrase in self._phrases})

    def of(self, title: str, content: str, check: Check = lambda: None) -> str:
        """Of the content where it holds something of the search, else of the title."""
        if not self._phrases:
            return _shown(title, None)
        place = self._best(content, check)
        check()
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
            hits = self._hits(part, check)
            if not hits:
                continue
            first, different = _densest(hits)
            if best is None or different > best.different:
                best = _Place(begin, hits, first, different)
            looked_at += 1
            if looked_at == _PARTS_MOST or best.different >= len(self._phrases):
                break
        return best

    def _hits(self, part: str, check: Check) -> Sequence[_Hit]:
        hits: list[_Hit] = []
        last = 0  # the end of the last hit
        pattern: re.Pattern[str] | None = None
        for begin, end in self._stretches(part):
            found: Iterable[_Hit] | None = self._remembered.get(part[begin:end])
            if found is None:
                # This takes long, and is seldom done: stretches are remembered.
                check()
                pattern = pattern or written_in(part)
                found = self._hits_from(pattern, part, begin, end)
            for start, stop, words in found:
                # Pairs of characters overlap: what is marked already is not marked again.
                if begin + stop > last:
                    start, last = max(begin + start, last), begin + stop
                    hits.append((start, last, words))
                    if len(hits) == _HITS_MOST:
                        return hits
        return hits

    def _hits_from(
        self, pattern: re.Pattern[str], part: str, begin: int, end: int
    ) -> Iterable[_Hit]:
        """The hits that begin in a stretch of a part; counted from where that begins."""
        found = self._found(pattern, part, begin, end)
        if self._longest > 1 or end - begin > _REMEMBERED_MOST:
            # Its hits depend on what is behind it, or it is not worth to be remembered.
            return found
        known = self._remembered[part[begin:end]] = tuple(found)
        return known

    def _found(self, pattern: re.Pattern[str], part: str, begin: int, end: int) -> Iterator[_Hit]:
        beginnings = tuple(phrase.words[0] for phrase in self._open)
        for match in pattern.finditer(part, begin, end):
            known = known_as(match[0])
            if not any(word in self._exact or word.startswith(beginnings) for word in known):
                continue
            own = list(terms_of(match))
            behind = islice(pattern.finditer(part, match.end()), self._longest - 1)
            found = [*own, *chain.from_iterable(map(terms_of, behind))]
            for number, term in enumerate(own):
                if size := self._size(found, number):
                    row = found[number : number + size]
                    words = tuple(each.word for each in row)
                    yield term.start - begin, row[-1].end - begin, words

    def _stretches(self, part: str) -> Iterator[tuple[int, int]]:
        """From where to where a part must be looked at word by word: between the blanks around
        what may begin a phrase."""
        is_ascii = part.isascii()
        folded = part.lower() if is_ascii else plain(part)
        has_signs = "_" in folded or "'" in folded or "’" in folded
        may_begin = self._may_begin_with_signs if has_signs else self._may_begin
        end = 0
        if is_ascii:
            while match := may_begin(folded, end):
                start, stop = match.span()
                begin = part.rfind(" ", end, start) + 1 or end
                end = part.find(" ", stop)
                if end < 0:
                    end = len(part)
                yield begin, end
        elif may_begin(folded):
            # Where, is not known: folding may have moved the places.
            while end < len(part):
                begin, blank = end, part.find(" ", end)
                end = len(part) if blank < 0 else blank + 1
                yield begin, end

    @cached_property
    def _may_begin(self) -> Callable[..., re.Match[str] | None]:
        return re.compile("|".join(self._beginnings)).search

    @cached_property
    def _may_begin_with_signs(self) -> Callable[..., re.Match[str] | None]:
        """The same for a text in which words may have signs between their letters."""
        return re.compile("|".join((*self._beginnings, "['’_]"))).search

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
    # The last letter of a stem may not be the text's: "tries" has the stem "try".
    return as_written or re.escape(word if len(word) < 3 else word[:-1])


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
    if len({words for _, _, words in hits}) == 1:
        return 0, 1
    best = (0, 0)
    counts: Counter[tuple[str, ...]] = Counter()
    behind = 0
    for number, (start, end, words) in enumerate(hits):
        edge = max(start + _SPAN, end)
        while behind < len(hits) and hits[behind][1] <= edge:
            counts[hits[behind][2]] += 1
            behind += 1
        if len(counts) > best[1]:
            best = (number, len(counts))
        counts[words] -= 1
        if counts[words] <= 0:
            del counts[words]
    return best


def _shown(text: str, place: _Place | None) -> str:
    """The words around a place of the text, those at its beginning without one."""
    focus = 0 if place is None else place.begin + place.hits[place.first][0]
    # Backwards: no more of it is looked at than is shown.
    before = text[max(0, focus - _AROUND) : focus][::-1]
    blank = _blank(before, 0, _PIECE)
    own = min(len(before), _PIECE) if blank is None else blank.start()
    first, far = focus - own, min(focus + _AROUND, len(text))
    wanted = SNIPPET_WORDS // 2 if place is None or place.different == 1 else _BEFORE_SEVERAL
    starts = _words(wanted)(before, own)
    if starts is None:
        wanted = len(_pieces(before, own))
        starts = _words(wanted)(before, own)
    ends = _words(SNIPPET_WORDS - wanted)(text, first, far)
    if ends is None:
        # What is missing behind is shown before.
        behind = len(_pieces(text, first, far))
        wanted = min(len(_pieces(before, own)), SNIPPET_WORDS - behind)
        starts = _words(wanted)(before, own)
        ends = _words(behind)(text, first, far)
    assert starts is not None
    assert ends is not None
    begin, end = focus - starts.end(), ends.end()
    if begin == first:
        word = _not_blank(text, begin, end)
        if word is None:
            return ""
        begin = word.start()
    marked = _marked(text, begin, end, place)
    before_it = "…" if _not_blank(text, 0, begin) else ""
    behind_it = "…" if _not_blank(text, end) else ""
    return f"{before_it}{marked}{behind_it}"


@cache
def _words(number: int) -> Callable[..., re.Match[str] | None]:
    """Finds this number of words, and what is between them."""
    return re.compile(rf"(?:\s*+\S{{1,{_PIECE}}}+){{{number}}}+").match


def _marked(text: str, begin: int, end: int, place: _Place | None) -> str:
    """What is between these places of the text, with the hits marked."""
    if place is None:
        return text[begin:end]
    marked: list[str] = []
    done, origin = begin, place.begin
    for hit_start, hit_end, _ in place.hits:
        start, stop = origin + hit_start, origin + hit_end
        if start >= end:
            break
        if start < done:
            start = done
        if stop > end:
            stop = end
        if start < stop:
            if start == done and marked:
                marked.pop()  # one mark for what has nothing between
            else:
                marked += (text[done:start], HIT_START)
            marked += (text[start:stop], HIT_END)
            done = stop
    marked.append(text[done:end])
    return "".join(marked)
