"""The requests that change what is stored."""

from datetime import datetime
from typing import ClassVar

from cortex_core.domain import rules
from cortex_core.domain.conversation import (
    DEFAULT_NAMESPACE,
    Conversation,
    check_conversation_fields,
)
from cortex_core.domain.entity import ID_MOST
from cortex_core.domain.violations import Violation
from cortex_core.request import Command


class CaptureConversation(Command[Conversation], frozen=True, kw_only=True):
    """Stores a conversation, or replaces the one with this id.

    Without `quality` it is estimated from the length of the content; without `id` a fresh
    one is made; without `captured_at` it took place now. Fails with `not_worth_capturing`
    where score, turns and entities say so.
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

    Fails with `not_found` for an unknown id, `protected` in a protected namespace.
    """

    destructive: ClassVar[bool] = True

    id: str

    def violations(self) -> list[Violation]:
        found: list[Violation] = []
        rules.text(found, "id", self.id, least=1, most=ID_MOST)
        return found
