"""The front door: everything wired together over one store."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, TypeVar

from cortex_core.behaviours import Logging, Protection, StoreFailures, Timing, Validation
from cortex_core.clock import Clock, storable
from cortex_core.commands import (
    CaptureConversation,
    DeleteConversation,
    LearnPattern,
    UpdateContextRelevance,
    UpdatePatternConfidence,
)
from cortex_core.domain.rules import utc_now
from cortex_core.events import Events
from cortex_core.handlers.context_items import UpdateContextRelevanceHandler
from cortex_core.handlers.conversations import (
    CaptureConversationHandler,
    DeleteConversationHandler,
    GetConversationByIdHandler,
    GetConversationQualityHandler,
    GetRecentConversationsHandler,
)
from cortex_core.handlers.patterns import (
    FindSimilarPatternsHandler,
    GetPatternByIdHandler,
    GetPatternsByNamespaceHandler,
    LearnPatternHandler,
    UpdatePatternConfidenceHandler,
)
from cortex_core.handlers.search import SearchContextHandler
from cortex_core.mediator import Behaviour, Handler, Mediator
from cortex_core.ports import Store
from cortex_core.queries import (
    FindSimilarPatterns,
    GetConversationById,
    GetConversationQuality,
    GetPatternById,
    GetPatternsByNamespace,
    GetRecentConversations,
    SearchContext,
)
from cortex_core.repositories import (
    ContextItemRepository,
    ConversationRepository,
    PatternRepository,
)
from cortex_core.request import Request
from cortex_core.result import Result
from cortex_core.settings import (
    BUSY_TIMEOUT_S,
    SEARCH_TIMEOUT_S,
    StoreSettings,
    Synchronous,
)
from cortex_core.stores import open_store

T = TypeVar("T")

REQUESTS: tuple[type[Request[Any]], ...] = (
    CaptureConversation,
    DeleteConversation,
    LearnPattern,
    UpdatePatternConfidence,
    UpdateContextRelevance,
    GetConversationById,
    GetConversationQuality,
    GetRecentConversations,
    GetPatternById,
    GetPatternsByNamespace,
    SearchContext,
    FindSimilarPatterns,
)
"""Every request that a Cortex answers."""


class Cortex:
    """A memory that is open. Make one with `Cortex.open`; it belongs to that event loop.

    - `send` and `mediator` answer requests, through the behaviours;
    - `conversations`, `patterns` and `context_items` go to the store directly;
    - `events` tells what was committed, `timing` how long requests took;
    - `store` runs units of work of your own.
    """

    def __init__(
        self,
        store: Store,
        *,
        events: Events,
        clock: Clock = utc_now,
        protection: Protection | None = None,
        behaviours: Sequence[Behaviour] | None = None,
    ) -> None:
        """Wire a store that publishes to `events`. See `open` for the arguments.

        `async with` closes it, and with it the store, at the end.
        """
        self.store = store
        self.events = events
        clock = storable(clock)
        if protection is None:
            given = (each for each in behaviours or () if isinstance(each, Protection))
            protection = next(given, Protection())
        self.protection = protection
        self.timing = Timing()
        if behaviours is None:
            behaviours = (Logging(), self.timing, Validation(), self.protection)
            if store.capabilities.remote:
                behaviours = (*behaviours, StoreFailures())
        self.mediator = Mediator.build(
            _handlers(store, clock, self.protection), behaviours, requests=REQUESTS
        )
        self.conversations = ConversationRepository(store)
        self.patterns = PatternRepository(store, clock)
        self.context_items = ContextItemRepository(store)

    @staticmethod
    def open(
        where: str | PathLike[str],
        *,
        synchronous: Synchronous | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        search_timeout_s: float = SEARCH_TIMEOUT_S,
        clock: Clock = utc_now,
        protection: Protection | None = None,
        behaviours: Sequence[Behaviour] | None = None,
    ) -> "Opening":
        """Open the memory at `where`, which is made if it is not there.

        `async with Cortex.open(where) as cortex`, or `cortex = await Cortex.open(where)` and
        `await cortex.close()` later. `where` is

        - the path of a file, or `sqlite:///notes.db` (`sqlite:////var/notes.db` with a full path);
        - `:memory:`, SQLite's store without a file, which ends when it is closed;
        - `memory:`, the store on dictionaries, which ends when it is closed;
        - `postgresql://user@host/database`, with the extra `cortex-tui[postgres]`.

        `synchronous` FULL puts every commit on the disk before it is reported; without it the
        store decides (SQLite: NORMAL). A write waits `busy_timeout_s` for others who use the
        store; a search, or another read that does not get by id, takes `search_timeout_s` at most.
        `behaviours` replaces the default ones (logging, timing, validation, protection, and for a
        remote store its failures), outermost first; an empty sequence leaves none. `clock` gives
        the time, aware; where it is ahead of the system's, that one counts. Raises StoreError
        where the place cannot be used.
        """
        settings = StoreSettings(synchronous, busy_timeout_s, search_timeout_s)
        # A clock that cannot be used is reported before there is anything to close.
        storable(clock)()

        async def opened() -> Cortex:
            events = Events()
            return Cortex(
                await open_store(where, events.publish, settings),
                events=events,
                clock=clock,
                protection=protection,
                behaviours=behaviours,
            )

        return Opening(opened)

    def send(self, request: Request[T]) -> Awaitable[Result[T]]:
        """The result of `request`; the same as `mediator.send`."""
        return self.mediator.send(request)

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, and let go of the store."""
        await self.store.close()

    async def __aenter__(self) -> "Cortex":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class Opening:
    """A memory that is about to be opened: await it, or use it with `async with`."""

    def __init__(self, opened: Callable[[], Awaitable[Cortex]]) -> None:
        self._opened = opened
        self._cortex: Cortex | None = None

    def __await__(self) -> Generator[Any, Any, Cortex]:
        return self._opened().__await__()

    async def __aenter__(self) -> Cortex:
        self._cortex = await self._opened()
        return self._cortex

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._cortex is not None:
            await self._cortex.close()


def _handlers(store: Store, clock: Clock, protection: Protection) -> tuple[Handler, ...]:
    return (
        CaptureConversationHandler(store, clock, protection.refusal),
        DeleteConversationHandler(store, clock, protection.refusal),
        LearnPatternHandler(store, clock, protection.refusal),
        UpdatePatternConfidenceHandler(store, clock),
        UpdateContextRelevanceHandler(store, clock),
        GetConversationByIdHandler(store),
        GetConversationQualityHandler(store),
        GetRecentConversationsHandler(store),
        GetPatternByIdHandler(store),
        GetPatternsByNamespaceHandler(store),
        SearchContextHandler(store, clock),
        FindSimilarPatternsHandler(store),
    )
