"""The conversation: one exchange with an assistant, kept because it was worth keeping."""

from dataclasses import dataclass, field
from datetime import datetime

from cortex_core.domain import rules
from cortex_core.domain.entity import ID_MOST, changer, new_id, restorer
from cortex_core.domain.namespace import check_namespace
from cortex_core.domain.quality import ConversationQuality
from cortex_core.domain.rules import utc_now
from cortex_core.domain.violations import InvalidValueError, Violation

TITLE_MOST = 500
CONTENT_LEAST = 10
PATH_MOST = 4096
DEFAULT_NAMESPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as captured. Raises InvalidValueError naming every field at fault.

    Times are aware, in UTC, to the microsecond, and have passed. `captured_at` is when it
    took place, `created_at` and `updated_at` are when it was first and last stored.
    """

    id: str = field(default_factory=new_id)
    title: str
    content: str
    quality: float
    turn_count: int = 1
    entity_count: int = 0
    file_path: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    captured_at: datetime = field(default_factory=utc_now)
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        now = utc_now()
        found: list[Violation] = []
        rules.text(found, "id", self.id, least=1, most=ID_MOST)
        check_conversation_fields(
            found,
            title=self.title,
            content=self.content,
            quality=self.quality,
            turn_count=self.turn_count,
            entity_count=self.entity_count,
            file_path=self.file_path,
            namespace=self.namespace,
        )
        rules.moment(found, "captured_at", self.captured_at, now)
        rules.moment(found, "created_at", self.created_at, now)
        rules.moment(found, "updated_at", self.updated_at, now)
        if found:
            raise InvalidValueError("conversation", found)

    @property
    def rated(self) -> ConversationQuality:
        """The quality as a value with a rating, a richness and a verdict."""
        return ConversationQuality(self.quality, self.turn_count, self.entity_count)

    def replacing(self, before: "Conversation") -> "Conversation":
        """This one as it is stored in the place of `before`, which was stored first."""
        return _changed(self, created_at=before.created_at)


def check_conversation_fields(
    found: list[Violation],
    *,
    title: str,
    content: str,
    quality: float,
    turn_count: int,
    entity_count: int,
    file_path: str | None,
    namespace: str,
) -> None:
    """Everything but id and times: shared by the entity and the command that makes one."""
    rules.text(found, "title", title, most=TITLE_MOST)
    rules.text(found, "content", content, least=CONTENT_LEAST)
    rules.share(found, "quality", quality)
    rules.whole(found, "turn_count", turn_count, least=1)
    rules.whole(found, "entity_count", entity_count, least=0)
    if file_path is not None:
        rules.text(found, "file_path", file_path, least=1, most=PATH_MOST)
    check_namespace(found, "namespace", namespace)


restore_conversation = restorer(Conversation)
"""Rebuilds a conversation from stored values in the order of its fields, unchecked."""

_changed = changer(Conversation)
