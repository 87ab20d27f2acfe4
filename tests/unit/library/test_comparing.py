"""Stored sessions, read and compared, and a profile of them looked at closely."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortex_tui.analysis.noise import noise_of
from cortex_tui.library.comparing import UnlikeError, comparisons_in
from cortex_tui.library.histories import history_in
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.port import open_store
from cortex_tui.tui.render.compare_head import how_line
from tests.comparisons import make_store, one_side, variants, write_session

STOLEN = Health(wall_ns=100, steal_ns=50)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "snapshots.db"
    make_store(file)
    return file


def test_each_of_the_others_is_compared_with_the_first(store: Path) -> None:
    found = comparisons_in(store, ["before", "after", "later"])
    assert [each.b.name for each in found.compared] == ["after", "later"]
    close_up = found.close_up(1, "search.worst")
    assert list(close_up.sides) == ["before", "after", "later"]
    medians = [side.median_ns for side in close_up.sides.values() if side]
    assert medians[2] < medians[0] < medians[1]
    assert "noise between sessions" in close_up.shift.band


def test_a_profile_is_looked_at_as_it_was_compared_on_a_machine_that_others_use(
    tmp_path: Path,
) -> None:
    """All of it is disturbed, so nothing was left out."""
    store = tmp_path / "snapshots.db"
    two = (Variant(name="main", params={}), Variant(name="work", params={}))
    asyncio.run(write_session(store, "both", variants(4), health=STOLEN, variants=two))
    found = comparisons_in(store, ["both"])
    assert "nothing is left out" in found.compared[0].notes[0]
    close_up = found.close_up(0, "search.worst")
    assert all(side is not None for side in close_up.sides.values())
    assert close_up.a.points
    assert close_up.shift.points


def test_the_band_of_a_session_that_was_looked_at_several_times_says_so(tmp_path: Path) -> None:
    store = tmp_path / "snapshots.db"
    two = (Variant(name="main", params={}), Variant(name="work", params={}))
    asyncio.run(write_session(store, "both", variants(8), variants=two, looks=(4, 8)))
    found = comparisons_in(store, ["both"])
    assert found.close_up(0, "search.worst").shift.band.endswith("8 rounds, as if looked at once")
    assert (
        "4 or 8 rounds · false alarms over 2 looks ≤ 5 %"
        in how_line(found.compared[0], 100)[0].text
    )


def test_the_noise_of_a_machine_that_others_use_is_that_of_all_operations(tmp_path: Path) -> None:
    store = tmp_path / "snapshots.db"
    names = [f"noise-{number}" for number in range(5)]

    async def noise() -> list[NoiseRecord]:
        for number, name in enumerate(names):
            await write_session(store, name, one_side(number, {"s.x": 1.0}), health=STOLEN)
        async with await open_store(store) as opened:
            return noise_of([await opened.load(name) for name in names], "now")

    (record,) = asyncio.run(noise())
    assert {"p50", "p95", "p99"} <= set(record.deviations)


def test_what_is_not_the_same_thing_is_refused_unless_it_is_forced(store: Path) -> None:
    with pytest.raises(UnlikeError, match="cpu: x → y"):
        comparisons_in(store, ["before", "other"])
    (found,) = comparisons_in(store, ["before", "other"], forced=True).compared
    assert found.comparison.profiles[0].verdict == "cannot tell"


def test_what_can_never_be_compared_says_why(store: Path) -> None:
    with pytest.raises(SnapshotError, match="no profile in common") as refused:
        comparisons_in(store, ["before", "unknown"])
    assert not isinstance(refused.value, UnlikeError)


def test_a_profile_without_a_history_says_why(store: Path) -> None:
    assert len(history_in(store, "get.by-id", "p95").points) == 4  # variants are other code
    with pytest.raises(SnapshotError, match="no session has a finished run"):
        history_in(store, "no.such", "p95")
