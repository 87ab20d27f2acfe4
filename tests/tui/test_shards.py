"""What each process of a run measured: opened by enter on its row."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Catalog, Profile
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shard_result import ShardResult, unevenness
from cortex_tui.results.view import SessionView
from cortex_tui.tui.panes.percentiles import PercentilesPane
from cortex_tui.tui.panes.shards import ShardsPane
from tests.tui.samples import MEDIATOR, SEARCH, SECOND_NS, run_view, session_view
from tests.tui.stand_in import SIZES, bench, check_golden

COMMAND, QUERY, CONCURRENT = MEDIATOR.profiles


def of_processes(profile: Profile, processes: int) -> Profile:
    return msgspec.structs.replace(profile, load=ClosedLoad(8, processes=processes))


SHARED = of_processes(COMMAND, 3)
CATALOG = Catalog((msgspec.structs.replace(MEDIATOR, profiles=(SHARED, QUERY, CONCURRENT)), SEARCH))


def shard(number: int, p99_ns: int, **fields: object) -> ShardResult:
    known = {
        "number": number,
        "runner": number - 1,
        "state": "running",
        "operations": 12_000 - 90 * number,
        "throughput_per_s": 400.0 - number,
        "percentiles_ns": {"p50": 61_000 + number, "p99": p99_ns},
        "p99_within_ns": (int(p99_ns * 0.95), int(p99_ns * 1.05)),
        "max_ns": 3 * p99_ns,
        "measured_ns": 3 * SECOND_NS,
    }
    return ShardResult(**{**known, **fields})  # type: ignore[arg-type]


def with_shards(*shards: ShardResult, **fields: object) -> RunResult:
    found = unevenness(shards)
    warnings = (found.text,) if found.verdict == "uneven" else ()
    return run_view(
        0, SHARED, shards=shards, unevenness=found, warnings=warnings, operations=35_000, **fields
    )  # fmt: skip


def partial() -> SessionView:
    machines = ("forge", "anvil", "anvil")
    shards = (
        shard(1, 790_000, machine=machines[0], clock_bound_ns=180_000),
        shard(2, 1_430_000, machine=machines[1], clock_bound_ns=420_000, errors=3),
        shard(
            3, 810_000, machine=machines[2], clock_bound_ns=420_000, state="lost",
            ended_ns=1_230_000_000, reason="the runner was killed by SIGKILL",
        ),
    )  # fmt: skip
    lost = "process 3 of 3 was lost at 1.23s: the runner was killed by SIGKILL"
    return session_view(with_shards(*shards, partial=lost), run_view(1, QUERY))


@pytest.mark.parametrize("size", SIZES[:2])
async def test_enter_on_a_row_opens_the_shards_of_its_run(size: tuple[int, int]) -> None:
    async with bench(catalog=CATALOG, size=size) as b:
        await b.show(partial())
        await b.press("enter")
        assert isinstance(b.main.pane, ShardsPane)
        assert b.main.pane.has_the_focus
        check_golden("shards", size, b.text)


async def test_enter_again_goes_back_and_a_run_of_one_process_has_its_details() -> None:
    async with bench(catalog=CATALOG, size=(120, 40)) as b:
        await b.show(partial())
        await b.press("enter", "enter")
        assert b.main.focused is b.main.table
        # The pane follows the cursor.
        await b.press("j")
        assert "One process has this run to itself" in b.text
        await b.press("enter")
        assert isinstance(b.main.pane, PercentilesPane)
        assert b.main.pane.has_the_focus
        await b.press("enter", "k", "enter")
        assert isinstance(b.main.pane, ShardsPane)
        await b.press("escape")
        assert isinstance(b.main.pane, PercentilesPane)


async def test_a_row_before_its_run_has_its_details() -> None:
    async with bench(catalog=CATALOG, size=(120, 40)) as b:
        await b.press("enter")
        assert isinstance(b.main.pane, PercentilesPane)


async def test_the_whole_screen_shows_the_shards_of_a_maximised_table() -> None:
    async with bench(catalog=CATALOG, size=(120, 40)) as b:
        await b.show(partial())
        await b.press("z", "enter")
        assert isinstance(b.main.pane, ShardsPane)
        assert "lost at 1.23s" in b.text


async def test_what_cannot_be_known_of_shards_is_said() -> None:
    shards = (shard(1, 100_000), shard(2, 0, percentiles_ns={}, samples_missing={"p99": 700}))
    async with bench(catalog=CATALOG, size=(120, 40)) as b:
        await b.show(session_view(with_shards(*shards)))
        await b.press("enter")
        assert "cannot tell: shard 2 needs 700 more operations for a p99" in " ".join(
            b.text.split()
        )
        assert "machine" not in b.lines[-8]


@pytest.mark.parametrize(("size", "word"), [((80, 24), " part "), ((120, 40), " partial ")])
async def test_a_partial_run_has_that_in_its_row(size: tuple[int, int], word: str) -> None:
    run = partial().runs[0]
    ended = msgspec.structs.replace(run, life=RunLife("ended", outcome="finished"))
    async with bench(catalog=CATALOG, size=size) as b:
        await b.show(session_view(ended, state="finished"))
        (row,) = (line for line in b.lines if "]!comman" in line)
        assert word in row
