"""A stored session as a format writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cortex_tui.formats.port import Recording
from cortex_tui.results.stored import from_stored
from cortex_tui.store.records import StoredSession

if TYPE_CHECKING:
    from cortex_tui.analysis.sessions import Compared


def recording_of(ref: str, stored: StoredSession, compared: Sequence[Compared] = ()) -> Recording:
    """What a format can write of a session that was loaded as `ref`.

    `compared` is how it stands against others; without any, a session with variants has how those
    compare. Raises SnapshotError for a damaged one.
    """
    from cortex_tui.analysis.sessions import compare_sources, sources_of

    result = from_stored(stored)  # refuses a damaged session
    found = tuple(compared)
    if len(stored.session.variants) > 1 and not found:
        found = tuple(compare_sources(sources_of([(ref, stored)])))
    return Recording(result, stored.intervals, found)
