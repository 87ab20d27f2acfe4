"""The words of a text, for every store: what is indexed, what is searched and what a snippet marks.

- Words are folded: full width and ligatures (NFKC), case, and the accents of Latin, Greek,
  Cyrillic, Hebrew and Arabic. Vowel signs of other scripts stay: there they make the word.
- English inflections are one word (`cortex_core.stems`), and so are "parser's" and "parser".
- A name is found as a whole and by its parts: "getUserName" and "get_user_name" are the word
  "getusername", and both have the parts get, user and name; "utf8" has utf and 8.
- C++, C#, F#, J# and .NET are words of their own.
- Scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean, whose
  words grow at their ends, are indexed by overlapping pairs of characters.

All of it takes time in proportion to the text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from cortex_core.stems import stem

TERM_MOST = 64
"""Characters of a word that count: the rest of a longer one is not looked at."""

REPEATS_MOST = 256
"""How often a word of one text is indexed. More change no rank (bm25 has 99.5 % of its most by
then) and would let one long text hold a search; but a phrase whose words occur more often is
found only up to there. PostgreSQL has the same limit for a lexeme."""

PART_MOST = 50_000
"""Characters of a text that are looked through at once: two milliseconds."""

_CACHED_MOST = 50_000

NAMED = {"c++": "cplusplus", "c#": "csharp", "f#": "fsharp", "j#": "jsharp", ".net": "dotnet"}
"""Words with signs in them, and how they are indexed."""

_CONTRACTED = "['’](?:[stdmSTDM]|re|ve|ll|RE|VE|LL)"

_PARTS = "\0"

_BEYOND = 0x10000
_MARKS_END = 0x1F000
"""Where the marks of Unicode end, but for selectors of variants."""

_bare_words = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_plain_words = re.compile(rf"[A-Za-z0-9]\w*(?:{_CONTRACTED}(?!\w))?", re.ASCII)
_ascii_words = re.compile(
    r"[Cc]\+\+(?!\+)|[CcFfJj]#|\.NET(?![A-Za-z0-9])|(?<![A-Za-z0-9])\.[Nn]et(?![A-Za-z0-9])"
    rf"|{_plain_words.pattern}",
    re.ASCII,
)

_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u1100-\u11ff"
    "\u3005\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff"
    "\uff66-\uffdc\U00020000-\U0003ffff"
)
_blank = re.compile(r"\s").search
_is_unspaced = re.compile(f"[{_UNSPACED}]").match

_parts = re.compile(r"[A-Z]+s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").findall

_accents = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+"
)


class Term(NamedTuple):
    """A word of a text: folded, from which to which character of the text it goes, and the words
    that it is made of if it is a name."""

    word: str
    start: int
    end: int
    parts: tuple[str, ...] = ()


def terms(text: str) -> Iterator[Term]:
    """The words of a text in their order, one at a time."""
    for match in written_in(text).finditer(text):
        yield from terms_of(match)


def written_in(text: str) -> re.Pattern[str]:
    """What finds the words of this text as they are written; a run of a script without spaces is
    one."""
    if not text.isascii():
        return _any_words()
    # Each thing more that is looked for costs as much as the words alone.
    if "+" in text or "#" in text or ".n" in text or ".N" in text:
        return _ascii_words
    return _plain_words if "'" in text else _bare_words


def terms_of(match: re.Match[str]) -> Iterator[Term]:
    """The words that a written word is indexed as."""
    words, _, parts = _known[match.group()].partition(_PARTS)
    start, end = match.span()
    if " " not in words:
        if words:
            yield Term(words, start, end, tuple(parts.split()))
    elif _is_unspaced(match.group()):
        for number, pair in enumerate(words.split()):
            at = min(start + number, end - 1)
            yield Term(pair, at, min(at + len(pair), end))
    else:  # such as "½", folded to 1 and 2
        yield from (Term(word, start, end) for word in words.split())


def index_text(text: str) -> str:
    """What a full text index stores of a text: its words with a blank between them, in their
    order, then the parts of its names.

    A word has only lower case, digits and characters beyond ASCII, so a tokenizer that splits at
    blanks gives the same words back. Only the first 256 times that a word occurs are there.
    """
    known = [_known[word] for part in _parts_of(text) for word in part]
    joined = " ".join(known)
    if _PARTS in joined or not text.isascii():
        divided = [each.partition(_PARTS) for each in known]
        words = [word for word, _, _ in divided if word]
        joined = " ".join([*words, *(parts for _, _, parts in divided if parts)])
    return joined if joined.count(" ") < REPEATS_MOST else _fewer(joined.split())


class Run(NamedTuple):
    """A word folded but not stemmed, with the words that it is made of if it is a name; or a run
    of a script without spaces."""

    text: str
    unspaced: bool
    parts: tuple[str, ...]


def runs(text: str) -> Iterator[Run]:
    """The words of a text, as a query needs them."""
    for match in written_in(text).finditer(text):
        raw = match.group()
        unspaced = bool(_is_unspaced(raw))
        parts = () if unspaced else tuple(_known[raw].partition(_PARTS)[2].split())
        for word in _folded(raw).split():
            yield Run(word[:TERM_MOST], unspaced, parts)


def known_as(raw: str) -> tuple[str, ...]:
    """The words that a written word is indexed as, and those of its parts."""
    return tuple(_known[raw].replace(_PARTS, " ").split())


def pairs(run: str) -> list[str]:
    """The overlapping pairs of characters by which a run of at least two is found."""
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _parts_of(text: str) -> Iterator[list[str]]:
    """The words of a text as they are written, a part of the text at a time: looking through all of
    a long one would keep Python's lock from the other threads."""
    find = written_in(text).findall
    begin = 0
    while len(text) - begin > PART_MOST:
        blank = _blank(text, begin + PART_MOST // 2, begin + PART_MOST)
        end = begin + PART_MOST if blank is None else blank.start()
        yield find(text, begin, end)
        begin = end
    yield find(text, begin)


def _fewer(words: list[str]) -> str:
    """The words, each at most REPEATS_MOST times: the first ones."""
    counted: Counter[str] = Counter()
    for begin in range(0, len(words), PART_MOST):
        counted.update(words[begin : begin + PART_MOST])
    often = {word for word, times in counted.items() if times > REPEATS_MOST}
    if not often:
        return " ".join(words)
    left = dict.fromkeys(often, REPEATS_MOST)
    kept = []
    for word in words:
        if word in left:
            if not left[word]:
                continue
            left[word] -= 1
        kept.append(word)
    return " ".join(kept)


@cache
def _any_words() -> re.Pattern[str]:
    # Marks belong to the word that they are in, but `\w` does not have them.
    marks = [
        chr(code)
        for code in range(0x300, _MARKS_END)
        if unicodedata.category(chr(code))[0] == "M" and not _is_unspaced(chr(code))
    ]
    # In a set of its own, what lies beyond 16 bits is looked for one by one: only where it may be.
    near = "".join(mark for mark in marks if ord(mark) < _BEYOND)
    far = "".join(mark for mark in marks if ord(mark) >= _BEYOND)
    any_mark = rf"[{near}]+|(?=[{chr(_BEYOND)}-{chr(_MARKS_END)}])[{far}]+"
    # An underscore does not belong to a word with signs here either, and no word begins with one:
    # words are the same whatever else a text has.
    return re.compile(
        r"[CcＣｃ][+＋]{2}(?![+＋])|[CcFfJjＣｃＦｆＪｊ][#＃]|\.NET(?![^\W_])|(?<![^\W_])\.[Nn]et(?![^\W_])"
        rf"|[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|{any_mark})(?:[^\W{_UNSPACED}]+|{any_mark})*"
        rf"(?:{_CONTRACTED}(?!\w))?"
    )


class _Known(dict[str, str]):
    """The folded words of a word as written, with blanks between them; behind _PARTS those of its
    parts, if it has any. Texts repeat their words: looking one up costs a twentieth of taking it
    apart."""

    def __missing__(self, raw: str) -> str:
        words, parts = _taken_apart(raw)
        known = f"{words}{_PARTS}{parts}" if parts else words
        if len(raw) <= TERM_MOST:
            if len(self) >= _CACHED_MOST:
                self.clear()
            self[raw] = known
        return known


_known = _Known()


def _taken_apart(raw: str) -> tuple[str, str]:
    if _is_unspaced(raw):
        run = _folded(raw)
        # The last character is indexed too: a search for it alone looks for what begins with it.
        return " ".join([*pairs(run), run[-1:]]), ""
    words = _folded(raw).split()
    if len(words) != 1:
        return " ".join(stem(word[:TERM_MOST]) for word in words), ""
    parts = [word for part in _divided(raw) for word in _folded(part).split()]
    if len(parts) < 2:
        parts = []
    return stem(words[0][:TERM_MOST]), " ".join(stem(part[:TERM_MOST]) for part in parts)


def _divided(raw: str) -> list[str]:
    """The parts of a name as written: "HTTPServer" has two, "URLs" one."""
    name = re.split("['’]", raw, maxsplit=1)[0]
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    parts = _parts(name) if name.isascii() else _other_parts(name)
    # "a1b2c3d4" and its like are no names.
    return [] if len(parts) > 4 and len(name) < 2.5 * len(parts) else parts


def _other_parts(name: str) -> list[str]:
    """The parts of a name that has letters beyond ASCII."""
    divided = "".join(
        f"_{after}" if before.islower() and after.isupper() else after
        for before, after in pairwise(f"_{name}")
    )
    return re.findall(r"\d+|[^\d_]+", divided)


def plain(text: str) -> str:
    """A text without case, width and accents."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    text = _accents.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text)


def _folded(raw: str) -> str:
    """A word as written without what folding takes away; several where folding divides it."""
    word = raw.casefold() if raw.isascii() else plain(raw)
    if word in NAMED:
        return NAMED[word]
    if "'" in word or "’" in word:
        word = word.replace("’", "'").removesuffix("'s").replace("'", "")
    word = word.replace("_", "")
    return word if word.isalnum() else " ".join(written_in(word).findall(word))
