"""The words of conversations in memory, and where each is."""

from collections.abc import Iterable

from cortex_core.domain.conversation import Conversation
from cortex_core.domain.relevance import TITLE_BOOST
from cortex_core.search import Check
from cortex_core.text_query import Phrase
from cortex_core.words import index_text


class Document:
    """The words of a title and of a content, and where each is."""

    __slots__ = ("_places", "length")

    def __init__(self, title: str, content: str) -> None:
        indexed = [index_text(text).split() for text in (title, content)]
        self.length = sum(map(len, indexed))
        self._places: list[dict[str, list[int]]] = []
        for words in indexed:
            places: dict[str, list[int]] = {}
            for at, word in enumerate(words):
                places.setdefault(word, []).append(at)
            self._places.append(places)

    @property
    def words(self) -> set[str]:
        return {word for places in self._places for word in places}

    def times(self, phrase: Phrase) -> float:
        """How often the phrase occurs; in the title it counts more."""
        title, content = (_times(places, phrase) for places in self._places)
        return TITLE_BOOST * title + content


class Documents:
    """The documents of conversations, each made when it is first searched."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Conversation, Document]] = {}

    def of(
        self, conversations: Iterable[Conversation], check: Check
    ) -> list[tuple[Conversation, Document]]:
        """The conversations with their documents; others are forgotten."""
        before, self._known = self._known, {}
        for conversation in conversations:
            known = before.get(conversation.id)
            if known is None or known[0] is not conversation:
                check()
                known = conversation, Document(conversation.title, conversation.content)
            self._known[conversation.id] = known
        return list(self._known.values())


def _times(places: dict[str, list[int]], phrase: Phrase) -> int:
    *before, last = phrase.words
    if phrase.open:
        ends = {at for word, found in places.items() if word.startswith(last) for at in found}
    else:
        ends = set(places.get(last, ()))
    for distance, word in enumerate(reversed(before), 1):
        if not ends:
            break
        ends &= {at + distance for at in places.get(word, ())}
    return len(ends)
