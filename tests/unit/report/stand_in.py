"""A controller that plays prepared views, for what watches one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries
from cortex_tui.results.session_result import SessionResult
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import SavedSnapshot, TimedPhase, UntilDecided
from cortex_tui.session.versions import Version
from cortex_tui.store.records import SessionRecord
from tests.lives import with_life


def profile(name: str = "steady", **fields: Any) -> Profile:
    return Profile(suite="shop", name=name, workload="shop:op", stop=Length(10**9), **fields)


def run_view(number: int = 0, name: str = "steady", **fields: Any) -> RunResult:
    fields.setdefault("state", "finished")
    fields.setdefault("operations", 12_345)
    fields.setdefault("throughput_per_s", 2469.0)
    fields.setdefault("percentiles_ns", {"p50": 81_000, "p90": 90_000, "p99": 1_230_000})
    fields.setdefault("max_ns", 45_600_000)
    return RunResult(run=number, profile=profile(name), **with_life(fields))


def session_view(*runs: RunResult, **fields: Any) -> SessionView:
    fields.setdefault("state", "finished")
    fields.setdefault("stored", True)
    return SessionView(session="20260101T000000-abc", runs=runs, **fields)


def _ignored() -> Future[Answered]:
    """Its views do not depend on it."""
    answer: Future[Answered] = Future()
    answer.set_result(Answered(False, "it only shows views"))
    return answer


class StandIn:
    """Shows one view after the other, each time it is looked at; the last one stays.

    `on_stop` is the view to show once the session was stopped, `on_close` once it was closed.
    """

    def __init__(
        self,
        *views: SessionView,
        on_stop: SessionView | None = None,
        on_close: SessionView | None = None,
        when_seen: Callable[[int], None] | None = None,
        save_error: Exception | None = None,
    ) -> None:
        self._views = list(views)
        self._on_stop = on_stop
        self._on_close = on_close
        self._when_seen = when_seen
        self._save_error = save_error
        self._seen = 0
        self.started: list[tuple[tuple[str, ...], bool]] = []
        self.repeats: list[int] = []
        self.stops = 0
        self.saved: list[tuple[str, str]] = []

    @property
    def view(self) -> SessionView | None:
        if not self.started:
            return None
        self._seen += 1
        if self._when_seen is not None:
            self._when_seen(self._seen)
        return self._views.pop(0) if len(self._views) > 1 else self._views[0]

    def start(
        self,
        profiles: Sequence[Profile],
        *,
        one_by_one: bool = False,
        repeat: int = 1,
        versions: Sequence[Version] = (),
        until: UntilDecided | None = None,
    ) -> None:
        self.repeats.append(repeat)
        self.started.append((tuple(profile.full_name for profile in profiles), one_by_one))

    def stop(self, run: int | None = None) -> Future[Answered]:
        self.stops += 1
        if self._on_stop is not None:
            self._views = [self._on_stop]
        return _ignored()

    def pause(self, run: int | None = None) -> Future[Answered]:
        return _ignored()

    def resume(self, run: int | None = None) -> Future[Answered]:
        return _ignored()

    def end_phase(
        self, run: int | None = None, *, phase: TimedPhase | None = None
    ) -> Future[Answered]:
        return _ignored()

    def adjust(self, run: int | None, factor: float) -> Future[Answered]:
        return _ignored()

    def save(self, name: str, *, run: int | None = None, note: str = "") -> Future[SavedSnapshot]:
        future: Future[SavedSnapshot] = Future()
        if self._save_error is not None:
            future.set_exception(self._save_error)
        else:
            self.saved.append((name, note))
            future.set_result(SavedSnapshot(name, "20260101T000000-abc", run))
        return future

    def tag(self, tags: Sequence[str]) -> Future[None]:
        raise NotImplementedError  # nothing here tags a session

    def result(self) -> Future[SessionResult]:
        future: Future[SessionResult] = Future()
        future.set_result(
            SessionResult(record=SessionRecord(id="20260101T000000-abc", started_at=""))
        )
        return future

    def note(self, session: str, run: int, offset_ns: int, text: str) -> Future[Answered]:
        raise NotImplementedError  # a report writes no notes

    def series(self, session: str, run: int) -> Future[RunSeries]:
        raise NotImplementedError  # a report reads no intervals

    def close(self) -> None:
        if self._on_close is not None:
            self._views = [self._on_close]
