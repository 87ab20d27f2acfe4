"""The memory of a coding assistant: conversations and patterns on SQLite, behind a mediator.

async with Cortex.open("memory.db") as cortex:
    result = await cortex.send(CaptureConversation(title="…", content="…"))
    hits = (await cortex.send(SearchContext("checkpoint"))).unwrap()
"""

from cortex_core.behaviours import Logging, Protection, Timing, TimingSummary, Validation
from cortex_core.commands import CaptureConversation, DeleteConversation
from cortex_core.cortex import REQUESTS, Cortex
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import Namespace
from cortex_core.domain.quality import ConversationQuality, QualityRating
from cortex_core.domain.violations import InvalidValueError, Violation
from cortex_core.errors import (
    ForeignFileError,
    NewerSchemaError,
    SearchTimeoutError,
    StoreBusyError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from cortex_core.events import ConversationCaptured, ConversationDeleted, Event, Events
from cortex_core.mediator import Behaviour, Handler, HandlerError, Mediator
from cortex_core.queries import GetConversationById, GetRecentConversations, SearchContext
from cortex_core.request import Command, Query, Request
from cortex_core.result import Error, RequestFailedError, Result
from cortex_core.search import ConversationSearch, SearchHit, SearchHits

__all__ = [
    "REQUESTS",
    "Behaviour",
    "CaptureConversation",
    "Command",
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
    "ForeignFileError",
    "GetConversationById",
    "GetRecentConversations",
    "Handler",
    "HandlerError",
    "InvalidValueError",
    "Logging",
    "Mediator",
    "Namespace",
    "NewerSchemaError",
    "Protection",
    "QualityRating",
    "Query",
    "Request",
    "RequestFailedError",
    "Result",
    "SearchContext",
    "SearchHit",
    "SearchHits",
    "SearchTimeoutError",
    "StoreBusyError",
    "StoreClosedError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "Timing",
    "TimingSummary",
    "Validation",
    "Violation",
]
