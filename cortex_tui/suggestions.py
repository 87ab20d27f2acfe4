"""What a person may have meant who wrote a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.quantities import format_names
from cortex_tui.text import cut

_LEAST_LETTERS = 3
"""What is shorter is in too many words."""

_MOST_NAMES = 40
_MOST_CHARS = 60
"""Of a name: some are what a person wrote, and may be anything."""
_MOST_LISTED_CHARS = 1_000
"""Of all names together."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `word`, None if there is none that it can have meant.

    One that ends with it as a part, such as `session-json` for `json`, goes before one that is a
    letter off. Behind these come one that has it as another part, one that begins with it, one that
    contains it, and one with more mistyped letters.
    """
    import difflib  # not for commands in which nothing is wrong
    import re

    by_folded = {name.lower(): name for name in sorted(known, key=lambda name: (len(name), name))}
    folded = word.lower()
    if len(folded.strip("-")) >= _LEAST_LETTERS:
        # Of three letters, a wrong one is a third of the word: that is not likely the same one.
        one_off = [name for name in by_folded if _is_one_off(folded, name)]
        for likely in (
            (name for name in by_folded if re.split(r"[-_. ]", name)[-1] == folded),
            iter(difflib.get_close_matches(folded, one_off, n=1, cutoff=0.7)),
            (name for name in by_folded if folded in re.split(r"[-_. ]", name)),
            (name for name in by_folded if name.startswith(folded)),
            (name for name in by_folded if folded in name),
        ):
            if (near := next(likely, None)) is not None:
                return by_folded[near]
    found = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _is_one_off(one: str, other: str) -> bool:
    """Whether they are equal but for a letter that is missing or wrong, or two that are swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = _alike(one, other)
    one, other = one[begin:], other[begin:]
    end = _alike(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    unlike = (at for at, (letter, another) in enumerate(pairs) if letter != another)
    return next(unlike, min(len(one), len(other)))


def suggestion(word: str, known: Iterable[str]) -> str:
    """In brackets: the nearest known name, or where nothing is near, all of them."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f'(did you mean "{cut(near, _MOST_CHARS)}"?)'
    if not names:
        return "(there are none)"
    listed = format_names([cut(name, _MOST_CHARS) for name in names], _MOST_NAMES)
    listed = cut(listed, _MOST_LISTED_CHARS)
    return f"(expected {'one of ' if len(names) > 1 else ''}{listed})"
