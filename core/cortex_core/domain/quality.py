"""How good a conversation is, and whether it is worth keeping."""

from dataclasses import dataclass
from enum import StrEnum

from cortex_core.domain import rules
from cortex_core.domain.violations import InvalidValueError, Violation

_WORTH_SCORE = 0.70
_WORTH_TURNS = 10
_WORTH_ENTITIES = 15


class QualityRating(StrEnum):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class ConversationQuality:
    """A score from 0 to 1 with what was seen: turns (at least one) and entities."""

    score: float
    turns: int
    entities: int

    def __post_init__(self) -> None:
        found: list[Violation] = []
        rules.share(found, "score", self.score)
        rules.whole(found, "turns", self.turns, least=1)
        rules.whole(found, "entities", self.entities, least=0)
        if found:
            raise InvalidValueError("conversation quality", found)

    @property
    def rating(self) -> QualityRating:
        if self.score >= 0.85:
            return QualityRating.EXCELLENT
        if self.score >= 0.70:
            return QualityRating.GOOD
        if self.score >= 0.50:
            return QualityRating.FAIR
        return QualityRating.POOR

    @property
    def richness(self) -> float:
        """Entities a turn."""
        return self.entities / self.turns

    @property
    def worth_capturing(self) -> bool:
        """A good score, or enough turns and entities that the score matters less."""
        return self.score >= _WORTH_SCORE or (
            self.turns >= _WORTH_TURNS and self.entities >= _WORTH_ENTITIES
        )


def estimated_score(content: str) -> float:
    """The score assumed where the caller gives none: longer conversations say more."""
    length = len(content)
    if length < 100:
        return 0.3
    if length < 500:
        return 0.5
    if length < 1000:
        return 0.7
    return 0.85
