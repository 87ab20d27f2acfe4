"""The requests that change nothing."""

from cortex_core.domain import rules
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import NAMESPACE_MOST, check_namespace
from cortex_core.domain.pattern import Pattern, PatternType
from cortex_core.domain.quality import ConversationQuality
from cortex_core.domain.violations import Violation
from cortex_core.request import Query, check_id
from cortex_core.search import SearchHits, SimilarPattern

MAX_RESULTS_MOST = 100


class GetConversationById(Query[Conversation | None], frozen=True):
    """The conversation with this id, or None."""

    id: str

    def violations(self) -> list[Violation]:
        return check_id("id", self.id)


class GetRecentConversations(Query[tuple[Conversation, ...]], frozen=True):
    """The conversations captured last, newest first; of exactly one namespace if given."""

    namespace: str | None = None
    max_results: int = 20

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        if self.namespace is not None:
            check_namespace(found, "namespace", self.namespace)
        rules.whole(found, "max_results", self.max_results, least=1, most=MAX_RESULTS_MOST)
        return found


class SearchContext(Query[SearchHits], frozen=True):
    """The conversations that hold every word of `text`, most relevant first, then those that hold
    some of them. Words in quotes follow each other; the last one may be unfinished.

    `namespace` is a pattern over the whole path in which `*` stands for any run of
    characters and `?` for one. `min_relevance`, 0 to 1, leaves out what is below it.
    """

    text: str
    namespace: str | None = None
    max_results: int = 10
    min_relevance: float = 0.0

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        rules.text(found, "text", self.text, least=2, most=500, stored=False)
        if self.namespace is not None:
            rules.text(found, "namespace", self.namespace, least=1, most=NAMESPACE_MOST)
        rules.whole(found, "max_results", self.max_results, least=1, most=MAX_RESULTS_MOST)
        rules.share(found, "min_relevance", self.min_relevance)
        return found


class GetConversationQuality(Query[ConversationQuality | None], frozen=True):
    """The quality of the conversation with this id, as it is stored; None without one."""

    id: str

    def violations(self) -> list[Violation]:
        return check_id("id", self.id)


class GetPatternById(Query[Pattern | None], frozen=True):
    """The pattern with this id, or None."""

    id: str

    def violations(self) -> list[Violation]:
        return check_id("id", self.id)


class GetPatternsByNamespace(Query[tuple[Pattern, ...]], frozen=True):
    """The patterns of exactly this namespace, most trusted first."""

    namespace: str
    min_confidence: float = 0.60
    max_results: int = 50

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        check_namespace(found, "namespace", self.namespace)
        rules.share(found, "min_confidence", self.min_confidence)
        rules.whole(found, "max_results", self.max_results, least=1, most=MAX_RESULTS_MOST)
        return found


class FindSimilarPatterns(Query[tuple[SimilarPattern, ...]], frozen=True):
    """The patterns whose name, content, tags and examples are like `context`, most similar first.

    `namespace` is a pattern over the whole path, as in SearchContext.
    """

    context: str
    namespace: str
    type: PatternType | None = None
    min_confidence: float = 0.75
    max_results: int = 5

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        rules.text(found, "context", self.context, least=10, most=5000, stored=False)
        rules.text(found, "namespace", self.namespace, least=1, most=NAMESPACE_MOST)
        if self.type is not None:
            rules.member(found, "type", self.type, PatternType)
        rules.share(found, "min_confidence", self.min_confidence)
        rules.whole(found, "max_results", self.max_results, least=1, most=MAX_RESULTS_MOST)
        return found
