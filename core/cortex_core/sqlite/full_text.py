"""What a person types, as a query of FTS5 that it can neither break nor steer."""


def all_words(text: str) -> str | None:
    """A query for the rows that hold every word of `text`; None where it holds no word.

    Each run of non-blanks becomes a quoted string, in which only the quote itself is special
    and is doubled: operators, column filters, stars and brackets are then plain text. FTS5
    splits the string into words as it splits what is stored. NUL would end the query early,
    and half a surrogate pair cannot be bound; both separate words here.
    """
    words = dict.fromkeys(_storable(text).split())
    return " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"' for word in words) or None


def _storable(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
