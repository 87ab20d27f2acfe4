"""The memory of a coding assistant: conversations and patterns in a store, behind a mediator.

async with Cortex.open("memory.db") as cortex:
    result = await cortex.send(CaptureConversation(title="…", content="…"))
    hits = (await cortex.send(SearchContext("checkpoint"))).unwrap()
"""

from cortex_core.behaviours import (
    Logging,
    Protection,
    StoreFailures,
    Timing,
    TimingSummary,
    Validation,
)
from cortex_core.commands import (
    CaptureConversation,
    DeleteConversation,
    LearnPattern,
    UpdateContextRelevance,
    UpdatePatternConfidence,
)
from cortex_core.cortex import REQUESTS, Cortex
from cortex_core.domain.confidence import ConfidenceLevel, PatternConfidence
from cortex_core.domain.context_item import ContextItem, Tier
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import Namespace
from cortex_core.domain.pattern import Pattern, PatternType
from cortex_core.domain.quality import ConversationQuality, QualityRating
from cortex_core.domain.relevance_score import RelevanceLevel, RelevanceScore
from cortex_core.domain.specification import Specification
from cortex_core.domain.violations import InvalidValueError, Violation
from cortex_core.errors import (
    ForeignFileError,
    NewerSchemaError,
    SearchTimeoutError,
    StoreBusyError,
    StoreClosedError,
    StoreConflictError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreOutcomeUnknownError,
    StoreUnavailableError,
    UnknownStoreError,
)
from cortex_core.events import (
    ContextRelevanceUpdated,
    ConversationCaptured,
    ConversationDeleted,
    Event,
    Events,
    PatternConfidenceUpdated,
    PatternLearned,
)
from cortex_core.mediator import Behaviour, Handler, HandlerError, Mediator
from cortex_core.queries import (
    FindSimilarPatterns,
    GetConversationById,
    GetConversationQuality,
    GetPatternById,
    GetPatternsByNamespace,
    GetRecentConversations,
    SearchContext,
)
from cortex_core.request import Command, Query, Request
from cortex_core.result import Error, RequestFailedError, Result
from cortex_core.search import (
    ConversationSearch,
    PatternSearch,
    SearchHit,
    SearchHits,
    SimilarPattern,
)

__all__ = [
    "REQUESTS",
    "Behaviour",
    "CaptureConversation",
    "Command",
    "ConfidenceLevel",
    "ContextItem",
    "ContextRelevanceUpdated",
    "Conversation",
    "ConversationCaptured",
    "ConversationDeleted",
    "ConversationQuality",
    "ConversationSearch",
    "Cortex",
    "DeleteConversation",
    "Error",
    "Event",
    "Events",
    "FindSimilarPatterns",
    "ForeignFileError",
    "GetConversationById",
    "GetConversationQuality",
    "GetPatternById",
    "GetPatternsByNamespace",
    "GetRecentConversations",
    "Handler",
    "HandlerError",
    "InvalidValueError",
    "LearnPattern",
    "Logging",
    "Mediator",
    "Namespace",
    "NewerSchemaError",
    "Pattern",
    "PatternConfidence",
    "PatternConfidenceUpdated",
    "PatternLearned",
    "PatternSearch",
    "PatternType",
    "Protection",
    "QualityRating",
    "Query",
    "RelevanceLevel",
    "RelevanceScore",
    "Request",
    "RequestFailedError",
    "Result",
    "SearchContext",
    "SearchHit",
    "SearchHits",
    "SearchTimeoutError",
    "SimilarPattern",
    "Specification",
    "StoreBusyError",
    "StoreClosedError",
    "StoreConflictError",
    "StoreDamagedError",
    "StoreError",
    "StoreFailures",
    "StoreFullError",
    "StoreOutcomeUnknownError",
    "StoreUnavailableError",
    "Tier",
    "Timing",
    "TimingSummary",
    "UnknownStoreError",
    "UpdateContextRelevance",
    "UpdatePatternConfidence",
    "Validation",
    "Violation",
]
