"""What a screen or a report may ask of a session's controller.

The workbench, the headless report and the tests' stand-ins meet here; the controller itself lives
in `controller.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.view import SessionView
from cortex_tui.session.versions import Version

if TYPE_CHECKING:
    from cortex_tui.results.series import RunSeries
    from cortex_tui.results.session_result import SessionResult

TimedPhase = Literal["warmup", "measure"]

STORED = "this session is stored, it is not running"
ONLY_STORED = f"{STORED}: leave it with escape; r in the library runs it again"
"""Why no session can be started where a stored one is looked at."""

VIEW_S = 0.25
"""How often a view is published: as often as a screen looks. With 20 runs it takes 4 ms."""


class SavedSnapshot(msgspec.Struct, frozen=True):
    """The name under which a session, or one run of it, can be found again."""

    name: str
    session: str
    run: int | None
    """None where the whole session was saved."""


class UntilDecided(NamedTuple):
    """How a session that compares versions ends before its last round."""

    looks: tuple[int, ...]
    """After which rounds it is looked at; the last of them is the last round."""
    undecided: Callable[[str], str]
    """Given the id of the session, of which everything is stored: the profiles without a verdict,
    "" for none. Called in a thread of its own; what it raises has the session continue."""
    at_most_ns: int
    """A look at which the next one would come later than that ends the session, too."""


class Control(Protocol):
    """Every method returns at once and may be called from any thread.

    Commands to a session that is starting wait until it has; each is answered with what was
    done, or why nothing was.
    """

    @property
    def view(self) -> SessionView | None:
        """The newest view of the newest session; None before the first one was started.

        It is replaced four times a second while a session runs, or as often as was asked for, and
        once more when it has ended. Views of one session carry the same `session`.
        """

    def start(
        self,
        profiles: Sequence[Profile],
        *,
        one_by_one: bool = False,
        repeat: int = 1,
        versions: Sequence[Version] = (),
        until: UntilDecided | None = None,
    ) -> None:
        """Starts a session; RuntimeError if one is still running.

        With `repeat`, that number of rounds of the profiles: each together as before, or one by one
        (A B A B).

        With `versions`, each of them in each round, in an order that alternates (A B, B A);
        ValueError where the place has no runners for them. `until` has the session end at the first
        look at which all of them are decided; `repeat` is not looked at then.
        """

    def stop(self, run: int | None = None) -> Future[Answered]:
        """Ends one run, or the session. What was measured is kept. A runner that does not answer
        is killed after a few seconds."""

    def pause(self, run: int | None = None) -> Future[Answered]:
        """One run, or all, start nothing new and their clocks stand still."""

    def resume(self, run: int | None = None) -> Future[Answered]:
        """Continues one run, or all, after a pause."""

    def end_phase(
        self, run: int | None = None, *, phase: TimedPhase | None = None
    ) -> Future[Answered]:
        """Ends warm-up or measure of one run, or of all, as if the time were up.

        With a `phase` only that one: by the time the runner receives this, the next may have begun.
        """

    def adjust(self, run: int | None, factor: float) -> Future[Answered]:
        """Multiplies the rate or the workers of one run, or of all."""

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        """Names the newest session, or one of its runs. The future fails with a SnapshotError
        whose text says what, where and what to do (a name taken, a store that cannot be
        written)."""

    def tag(self, tags: Sequence[str]) -> Future[None]:
        """Adds tags to the newest session, which is kept then; the future fails as that of
        `save`."""

    def result(self) -> Future[SessionResult]:
        """The newest session as it stands, with its histograms: what a format writes."""

    def note(self, session: str, run: int, offset_ns: int, text: str) -> Future[Answered]:
        """Keeps a note with a moment of a run, in ns since its measure began; also of one that has
        ended."""

    def series(self, session: str, run: int) -> Future[RunSeries]:
        """The intervals of a run of a session, as they stand. The future fails with a SnapshotError
        where that is not the newest one, or has no such run."""

    def close(self) -> None:
        """Ends everything: session, runner, thread, store. Blocks for some seconds at most."""
