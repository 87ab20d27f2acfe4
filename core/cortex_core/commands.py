"""The requests that change what is stored."""

from datetime import datetime

from cortex_core.domain import rules
from cortex_core.domain.context_item import REASON_MOST, ContextItem
from cortex_core.domain.conversation import (
    DEFAULT_NAMESPACE,
    Conversation,
    check_conversation_fields,
)
from cortex_core.domain.entity import ID_MOST
from cortex_core.domain.pattern import Pattern, PatternType, check_pattern_fields
from cortex_core.domain.violations import Violation
from cortex_core.request import Command, check_id


class CaptureConversation(Command[Conversation], frozen=True, kw_only=True):
    """Stores a conversation, or replaces the one with this id.

    Without `quality` it is estimated from the length of the content; without `id` a fresh
    one is made; without `captured_at` it took place now. Fails with `not_worth_capturing`
    where score, turns and entities say so, and with `protected` where it would replace one in a
    protected namespace.
    """

    title: str
    content: str
    quality: float | None = None
    turn_count: int = 1
    entity_count: int = 0
    file_path: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    captured_at: datetime | None = None
    id: str | None = None

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        check_conversation_fields(
            found,
            title=self.title,
            content=self.content,
            quality=0.0 if self.quality is None else self.quality,
            turn_count=self.turn_count,
            entity_count=self.entity_count,
            file_path=self.file_path,
            namespace=self.namespace,
        )
        if self.id is not None:
            rules.text(found, "id", self.id, least=1, most=ID_MOST)
        if self.captured_at is not None:
            rules.moment(found, "captured_at", self.captured_at, rules.utc_now())
        return found


class DeleteConversation(Command[Conversation], frozen=True):
    """Removes a conversation and comes back with it as it was.

    `with_patterns` removes the patterns that were learned from it too: all of it or nothing.
    Fails with `not_found` for an unknown id, and with `protected` where one of them is in a
    protected namespace.
    """

    id: str
    with_patterns: bool = False

    def violations(self) -> list[Violation]:
        found = check_id("id", self.id)
        rules.flag(found, "with_patterns", self.with_patterns)
        return found


class LearnPattern(Command[Pattern], frozen=True, kw_only=True):
    """Stores a pattern, or replaces the one with this id.

    Without `id` a fresh one is made; without `learned_at` it was learned now. Fails with
    `protected` where it would replace one in a protected namespace.
    """

    name: str
    type: PatternType
    content: str
    confidence: float
    source_conversation_id: str | None = None
    observation_count: int = 0
    success_rate: float = 0.0
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    related_ids: tuple[str, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    learned_at: datetime | None = None
    id: str | None = None

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        check_pattern_fields(
            found,
            name=self.name,
            kind=self.type,
            content=self.content,
            confidence=self.confidence,
            source_conversation_id=self.source_conversation_id,
            observation_count=self.observation_count,
            success_rate=self.success_rate,
            tags=self.tags,
            examples=self.examples,
            related_ids=self.related_ids,
            namespace=self.namespace,
        )
        if self.id is not None:
            rules.text(found, "id", self.id, least=1, most=ID_MOST)
        if self.learned_at is not None:
            rules.moment(found, "learned_at", self.learned_at, rules.utc_now())
        return found


class UpdatePatternConfidence(Command[Pattern], frozen=True):
    """Notes that a pattern was seen to work, or not to; comes back with it as it is now.

    Fails with `not_found` for an unknown id.
    """

    id: str
    success: bool

    def violations(self) -> list[Violation]:
        found = check_id("id", self.id)
        rules.flag(found, "success", self.success)
        return found


class UpdateContextRelevance(Command[ContextItem], frozen=True):
    """Gives a context item a new relevance, and the reason for it.

    Fails with `not_found` for an unknown id.
    """

    id: str
    relevance: float
    reason: str

    def violations(self) -> list[Violation]:
        found = check_id("id", self.id)
        rules.share(found, "relevance", self.relevance)
        rules.text(found, "reason", self.reason, least=1, most=REASON_MOST)
        return found
