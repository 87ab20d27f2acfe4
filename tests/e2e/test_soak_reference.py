"""The reference profiles together, ten times over in one process: no error, no growth."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.profiles.model import Database, Length
from tests.unit.workloads.together import reference_profiles, run_together, usage

SESSIONS = 10
SETTLED = 3
"""After this number of sessions, caches and allocators have what they need."""

ALLOWED_GROWTH = 24 * 1024 * 1024
"""Of the resident memory over the sessions after that: fragments, and the pools' noise."""


@pytest.mark.soak
@pytest.mark.parametrize("database", ["own", "shared"])
async def test_ten_sessions_of_twenty_leave_no_trace(database: Database, tmp_path: Path) -> None:
    profiles = reference_profiles(database, Length(2_000_000_000), Length(200_000_000))
    before = usage()
    seen = []
    for _ in range(SESSIONS):
        outcome = await run_together(profiles, tmp_path)
        assert (outcome.reasons, outcome.errors) == ({}, {})
        assert outcome.operations.keys() == {profile.full_name for profile in profiles}
        assert min(outcome.operations.values()) > 0
        assert list((tmp_path / "scratch").iterdir()) == []
        seen.append(usage())
    assert {(u.threads, u.descriptors) for u in seen} == {(before.threads, before.descriptors)}
    growth = seen[-1].resident_bytes - seen[SETTLED - 1].resident_bytes
    assert growth < ALLOWED_GROWTH, [u.resident_bytes // 2**20 for u in seen]
