"""What a search has found between its steps, in a store that runs them one after the other."""

from cortex_core.text_query import Phrase


class Found:
    """The relevance of each hit by its row's key, best first, and what led to them."""

    def __init__(self) -> None:
        self.relevances: dict[int, float] = {}
        self.phrases: dict[Phrase, None] = {}
        self.candidates = 0
        self.exact = True
        self.holds_all = False
