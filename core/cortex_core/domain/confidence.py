"""How far a pattern can be trusted, and how observing it changes that."""

from dataclasses import dataclass
from enum import StrEnum

from cortex_core.domain import rules
from cortex_core.domain.violations import InvalidValueError, Violation

SUCCESS_STEP = 0.02
FAILURE_STEP = -0.03

_DECIMALS = 10
_WHOLE_WITHIN = 1e-6


class ConfidenceLevel(StrEnum):
    PROVEN = "proven"
    RELIABLE = "reliable"
    EMERGING = "emerging"
    EXPERIMENTAL = "experimental"


_LEVELS = (
    (0.90, 20, ConfidenceLevel.PROVEN),
    (0.75, 10, ConfidenceLevel.RELIABLE),
    (0.60, 5, ConfidenceLevel.EMERGING),
)


@dataclass(frozen=True, slots=True)
class PatternConfidence:
    """A score from 0 to 1, with the observations behind it and the share that succeeded."""

    score: float
    observations: int
    success_rate: float

    def __post_init__(self) -> None:
        found: list[Violation] = []
        rules.share(found, "score", self.score)
        rules.whole(found, "observations", self.observations, least=0)
        rules.share(found, "success_rate", self.success_rate)
        if found:
            raise InvalidValueError("pattern confidence", found)

    @property
    def level(self) -> ConfidenceLevel:
        """The highest level whose score and number of observations are both reached."""
        for score, observations, level in _LEVELS:
            if self.score >= score and self.observations >= observations:
                return level
        return ConfidenceLevel.EXPERIMENTAL

    def observed(self, *, success: bool) -> "PatternConfidence":
        """The confidence after one more observation. The number stays at the largest that is stored
        (`rules.COUNT_MOST`) once it is there."""
        step = SUCCESS_STEP if success else FAILURE_STEP
        observations = self.observations + 1
        return PatternConfidence(
            # Rounded, or ten steps from 0.70 would end just below the 0.90 of the next level.
            score=min(1.0, max(0.0, round(self.score + step, _DECIMALS))),
            observations=min(observations, rules.COUNT_MOST),
            success_rate=(self._successes + success) / observations,
        )

    @property
    def _successes(self) -> float:
        # The rate is a rounded quotient of whole numbers; the whole number is taken back from
        # it, so that errors do not add up. A rate that was given otherwise is used as it is.
        product = self.success_rate * self.observations
        nearest = round(product)
        return nearest if abs(product - nearest) <= _WHOLE_WITHIN else product
