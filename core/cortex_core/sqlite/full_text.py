"""What a person types, as a query of FTS5 that it can neither break nor steer."""

from cortex_core.domain.similarity import words

WORDS_MOST = 32


def all_words(text: str) -> str | None:
    """A query for the rows that hold every word of `text`; None where it holds no word.

    Each run of non-blanks becomes a quoted string, in which only the quote itself is special
    and is doubled: operators, column filters, stars and brackets are then plain text. FTS5
    splits the string into words as it splits what is stored. NUL would end the query early,
    and half a surrogate pair cannot be bound; both separate words here.
    """
    runs = dict.fromkeys(_storable(text).split())
    return " ".join(f'"{run.replace(chr(34), chr(34) * 2)}"' for run in runs) or None


def _storable(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def any_word(text: str) -> str | None:
    """A query for the rows that hold at least one of the longest words of `text`; None where
    it holds none.

    FTS5 refuses an expression of more than 256 terms, and every term costs a walk through its
    matches. So the 32 longest words stand for the text: seldom is a long word a common one
    (Zipf's law of abbreviation).
    """
    longest = sorted(set(words(_storable(text))), key=lambda word: (-len(word), word))
    return " OR ".join(f'"{word}"' for word in longest[:WORDS_MOST]) or None
