"""What a person types into a search, as a value that every store translates."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise

import msgspec

from cortex_core.stems import stem, stems_begun
from cortex_core.words import TERM_MOST, Run, pairs, runs

PHRASES_MOST = 32
"""How many words and phrases of a text are searched for; what comes behind is left out."""

_COMMON = """
a about an and any are as at be been but by can could did do does for from had has have how i if
in into is it its me my no not of on or our should so some than that the their them then there
these they this those to was we were what when where which who whom whose why will with would
you your
"""
COMMON = frozenset(_COMMON.split())
"""English words that nearly every text has: they are searched for only where nothing else is."""

_COMMON_STEMS = frozenset(map(stem, COMMON))

JOINED_WORTH = 0.35
"""What counts a word that two neighbours of a search make together, of what it would if it had been
searched for. From 0.15 to 0.5 it answers one or two more of the 80 questions that the search is
tuned on; with 1 as many as without."""

_TYPED_LEAST = 2

_quoted = re.compile(r'["“”„]([^"“”„]*)["“”]')


class Phrase(msgspec.Struct, frozen=True):
    """Words that follow each other, as `cortex_core.words` gives them; mostly it is one. If it
    is `open`, a longer word that begins with the last one counts as well."""

    words: tuple[str, ...]
    open: bool = False


Group = tuple[Phrase, ...]
"""Phrases of which a text holds the group with any."""


class Step(msgspec.Struct, frozen=True):
    """What a text must hold: at least `least` of the `groups`, and every phrase of `required`. A
    text holds a group if it holds one of its phrases. The score of a text is that of all that it
    holds, times what the share of the groups that it holds counts (`share_counts`).

    `unfinished` stands for the last group where no text at all holds that: a word that was not
    typed to its end. Where not all groups are wanted, a text may hold one of the `joined` words in
    place of a group; they add `JOINED_WORTH` of their score.
    """

    groups: tuple[Group, ...]
    least: int
    required: tuple[Phrase, ...] = ()
    unfinished: tuple[Phrase, ...] = ()
    joined: tuple[Phrase, ...] = ()

    @property
    def wants_all(self) -> bool:
        return self.least == len(self.groups)

    @property
    def found_by(self) -> tuple[Group, ...]:
        """Where not all are wanted: what a text must hold one of."""
        return (*self.groups, *((phrase,) for phrase in self.joined))

    def is_joined(self, group: Group) -> bool:
        return group[0] in self.joined

    def worth(self, phrase: Phrase) -> float:
        """What the score of a phrase is multiplied by."""
        return JOINED_WORTH if phrase in self.joined else 1.0

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All that a text may be found by, which a snippet marks."""
        return tuple(dict.fromkeys((*self.required, *chain.from_iterable(self.found_by))))

    def finished(self) -> "Step":
        """The step with what stands for its last group in place of that."""
        groups = (*self.groups[:-1], self.unfinished)
        return Step(groups, self.least, self.required, joined=self.joined)


def share_counts(number: int, groups: int) -> float:
    """What the score of a text is multiplied by that holds a number of the groups: 0 to 1. A text
    that holds but a joined word counts as one that holds a group."""
    return math.sqrt(max(number, 1) / groups)


class TextQuery(msgspec.Struct, frozen=True):
    """What is searched for. `every` is all of it; `quoted` are those of every that a hit cannot be
    without; `plain` are the words of the others as written, but for the common ones, and
    `is_typing` says that the last of these may not be finished."""

    every: tuple[Phrase, ...] = ()
    quoted: tuple[Phrase, ...] = ()
    plain: tuple[tuple[Run, ...], ...] = ()
    is_typing: bool = False

    @property
    def typed(self) -> tuple[Phrase, ...]:
        """What may stand for the last of every, which may not be a finished word."""
        return _typed(self.plain[-1], self.every) if self.is_typing else ()

    @property
    def any(self) -> tuple[Phrase, ...]:
        """What is not quoted word by word, which makes up for hits that hold everything."""
        return _unique(each for found in self.plain for each in _alone(found))

    @property
    def joined(self) -> tuple[Phrase, ...]:
        """Neighbours among these words written as one: `contextmanager` for "context manager"."""
        written = (run for found in self.plain for run in found)
        words = (
            Phrase((stem(f"{one.text}{other.text}"[:TERM_MOST]),))
            for one, other in pairwise(written)
            if not one.unspaced and not other.unspaced
        )
        alone = self.any
        return tuple(phrase for phrase in _unique(words) if phrase not in alone)

    def steps(self) -> Iterator[Step]:
        """The steps of a search, each only where the ones before left room for hits, which come
        behind theirs: all; all, with what the last word may become; any. Without steps nothing is
        searched for.

        Most searches end with the first step, so the next ones are thought of when they are asked
        for: they take three times as long.
        """
        if not self.every:
            return
        groups: list[Group] = [(phrase,) for phrase in self.every]
        yield Step(tuple(groups), len(groups))
        typed = self.typed
        if typed:
            yield Step((*groups[:-1], typed), len(groups))
        words: list[Group] = [(phrase,) for phrase in self.any]
        if len(words) > 1 or (words and self.quoted):
            joined = self.joined if len(words) > 1 else ()
            yield Step(tuple(words), 1, self.quoted, typed, joined)


def parse(text: str) -> TextQuery:
    """The query that a person means by a text. It knows no operators but quotes around words
    that follow each other, and no text breaks it."""
    quoted = [_quotation(inside) for inside in _quoted.findall(text)]
    rest = _quoted.sub(" ", text)
    typing = rest == rest.rstrip()
    written = [found for chunk in rest.split() if (found := tuple(runs(chunk)))]
    rarer = [found for found in written if not _is_common(found)]
    if not rarer and not any(quoted):
        rarer = written
    plain = [phrase for found in rarer for phrase in _phrases(found)]
    every = _unique(phrase for phrase in (*quoted, *plain) if phrase is not None)
    return TextQuery(
        every=every,
        quoted=_unique(phrase for phrase in quoted if phrase is not None),
        plain=tuple(rarer),
        is_typing=typing and rarer[-1:] == written[-1:] != [],
    )


def _unique(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(phrases))[:PHRASES_MOST]


def _is_common(found: Sequence[Run]) -> bool:
    return len(found) == 1 and found[0].text in COMMON


def _quotation(text: str) -> Phrase | None:
    found = list(runs(text))
    if not found:
        return None
    # Of a run without spaces that is longer than what counts, the end is not known: what is quoted
    # is looked for up to there.
    long = (at for at, run in enumerate(found, 1) if run.unspaced and len(run.text) == TERM_MOST)
    found = found[: next(long, None)]
    # As they are indexed: the last character of a run without spaces stands before what follows.
    before = [
        word
        for run in found[:-1]
        for word in (*_words(run), *([run.text[-1]] if run.unspaced and len(run.text) > 1 else ()))
    ]
    return Phrase((*before, *_words(found[-1])), open=_is_one_character(found[-1]))


def _words(run: Run) -> list[str]:
    return pairs(run.text) or [run.text] if run.unspaced else [stem(run.text)]


def _is_one_character(run: Run) -> bool:
    """Whether it is a character of which only the pairs that begin with it are indexed."""
    return run.unspaced and len(run.text) == 1


def _phrases(found: Iterable[Run]) -> Iterator[Phrase]:
    """Words with signs between them follow each other; a script without spaces ends a phrase."""
    for unspaced, row in groupby(found, key=lambda run: run.unspaced):
        if unspaced:
            yield from (Phrase(tuple(_words(run)), open=_is_one_character(run)) for run in row)
        else:
            yield Phrase(tuple(stem(run.text) for run in row))


def _alone(found: Iterable[Run]) -> Iterator[Phrase]:
    """Each word for itself, and the parts of names."""
    for run in found:
        for word in (*_words(run), *run.parts):
            if word not in _COMMON_STEMS:
                yield Phrase((word,), open=_is_one_character(run))


def _typed(last: Sequence[Run], every: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """What may become of words that are being typed: any word that begins so, the word itself,
    and the one whose ending was begun ("cachin": "cach" is what is indexed of "caching")."""
    written = last[-1].text
    if any(run.unspaced for run in last) or len(written) < _TYPED_LEAST:
        return ()
    before = tuple(stem(run.text) for run in last[:-1])
    if not every or every[-1].words != (*before, stem(written)):
        return ()
    ends = [end for end in (stem(written), *stems_begun(written)) if not end.startswith(written)]
    exact = (Phrase((*before, end)) for end in dict.fromkeys(ends))
    return (Phrase((*before, written), open=True), *exact)
