"""Reads what the runs of stored sessions come to, for those of which it is not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.port import Store
from cortex_tui.store.records import SessionEntry, SessionVerdict
from cortex_tui.tui.background import done

_UNKNOWN = SessionVerdict()


class VerdictReader:
    """Of one store; on the loop of the screen that shows them."""

    def __init__(self, store: BackgroundStore) -> None:
        self._store = store
        self.known: dict[str, SessionVerdict] = {}
        """By session; those that have been asked for have none until they are read."""

    def of(self, session: SessionEntry | None) -> SessionVerdict:
        return self.known.get(session.id, _UNKNOWN) if session is not None else _UNKNOWN

    def missing(self, sessions: Iterable[SessionEntry]) -> list[str]:
        """The ids of the sessions whose verdicts are not known, and were not asked for."""
        return [each.id for each in sessions if each.id not in self.known]

    def forget_running(self, sessions: Iterable[SessionEntry]) -> None:
        """What their runs come to changes until they have ended, and with the end."""
        for each in sessions:
            if each.state == "running":
                self.known.pop(each.id, None)

    async def read(self, sessions: Sequence[str]) -> None:
        """Reads the verdicts of the sessions with these ids. Raises SnapshotError."""
        # Of those, none is asked for twice.
        self.known.update(dict.fromkeys(sessions, _UNKNOWN))
        self.known.update(await done(self._store.read(partial(_verdicts_of, sessions))))


async def _verdicts_of(sessions: Sequence[str], store: Store) -> dict[str, SessionVerdict]:
    return await store.verdicts(sessions)
