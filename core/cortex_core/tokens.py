"""Words as FTS5's unicode61 tokenizer finds them, for both stores."""

import re
import unicodedata

_words = re.compile(r"[^\W_]+").findall


def split(text: str) -> list[str]:
    """The words of a text as FTS5's unicode61 sees them: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _words("".join(c for c in decomposed if not unicodedata.combining(c)))


def phrases(text: str) -> list[list[str]]:
    """What is searched for: each run of non-blanks, as the words that it holds in a row."""
    runs = dict.fromkeys(text.replace("\0", " ").split())
    return [words for words in map(split, runs) if words]
