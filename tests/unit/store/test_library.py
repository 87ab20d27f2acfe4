"""Stored sessions are named, tagged, removed, restored and collected; noise and notes are kept."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from cortex_tui.protocol.plan import Variant
from cortex_tui.stats.targets import TargetResult, TargetVerdict
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import Acknowledgement, Keep, NoiseRecord
from cortex_tui.store.port import Store, open_store
from cortex_tui.store.records import SessionVerdict
from tests.unit.store import samples

HOSTILE = "<b>\x1b[31m\nnext\u202eright-to-left 日本 [link](javascript:x) =1+1"


async def add(store: Store, name: str, day: int = 1, *, ended: bool = True) -> None:
    await store.begin_session(
        samples.session(
            name, started_at=f"2025-01-{day:02}T10:00:00Z", environment={"git_commit": f"{name}-c"}
        )
    )
    await store.write(samples.batch(name, state="finished"))
    if ended:
        await store.finish_session(name, "finished")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await open_store(tmp_path / "snapshots.db") as opened:
        for number, name in enumerate(("a1", "b2", "c3"), 1):
            await add(opened, name, number)
        yield opened


async def names(store: Store) -> list[str]:
    return sorted(entry.name for entry in await store.list_snapshots())


async def sessions(store: Store) -> list[str]:
    return sorted(entry.id for entry in await store.list_sessions())


# --- tags and notes ---------------------------------------------------------------------------


async def test_tags_and_notes_belong_to_the_session_whatever_names_it_has(store: Store) -> None:
    await store.name_snapshot("main", "a1", note="first", tags=("ci",))
    await store.name_snapshot("other", "a1", note="second")
    assert await store.change_tags("a", add=("night", "ci")) == ("ci", "night")
    assert await store.change_tags("main", add=("x",), remove=("ci",)) == ("night", "x")
    listed = await store.list_snapshots()
    session = (await store.list_sessions())[-1]
    assert {session.note, *(entry.note for entry in listed)} == {"first; second"}
    assert {session.tags, *(entry.tags for entry in listed)} == {("night", "x")}
    await store.set_note("other", "replaced")
    main = next(entry for entry in listed if entry.name == "main")
    assert (await store.load("main")).snapshot == msgspec.structs.replace(main, note="replaced")
    await store.set_note("a1", "")
    assert {entry.note for entry in await store.list_snapshots()} == {""}


async def test_tags_and_notes_outlive_further_writes_of_the_session(store: Store) -> None:
    await add(store, "d4", 4, ended=False)
    await store.change_tags("d4", add=("ci",))
    await store.set_note("d4", "a note")
    await add(store, "d4", 4)
    newest = (await store.list_sessions())[0]
    assert (newest.id, newest.tags, newest.note, newest.revision) == (
        "d4", ("ci",), "a note", "d4-c",
    )  # fmt: skip
    assert (newest.profiles, newest.operations) == (("search.simple-text", "search.steady"), 400)


async def test_a_note_may_be_any_text_and_comes_back_as_it_was(store: Store) -> None:
    await store.set_note("a1", HOSTILE)
    assert (await store.list_sessions())[-1].note == HOSTILE
    await store.set_note("a1", "lone \ud800 surrogate")
    assert (await store.list_sessions())[-1].note == "lone \\ud800 surrogate"


@pytest.mark.parametrize("tag", ["", "two words", "-x", "a\nb", "\x1b[31m", "\u202e", "x" * 101])
async def test_a_tag_must_be_one_that_can_be_typed(store: Store, tag: str) -> None:
    with pytest.raises(SnapshotError, match="tag"):
        await store.change_tags("a1", add=(tag,))


async def test_what_is_not_there_cannot_be_tagged_or_noted(store: Store) -> None:
    with pytest.raises(SnapshotError, match="no snapshot or session 'x9'"):
        await store.change_tags("x9", add=("ci",))
    with pytest.raises(SnapshotError, match="no snapshot or session 'x9'"):
        await store.set_note("x9", "n")


# --- baselines --------------------------------------------------------------------------------


async def test_a_baseline_can_be_pointed_at_another_session(store: Store) -> None:
    assert await store.set_baseline("main", "a1") == ""
    assert await store.set_baseline("main", "b2") == "a1"
    await store.name_snapshot("saved", "c3", run=1)
    assert await store.set_baseline("main", "saved") == "b2"
    entry = next(entry for entry in await store.list_snapshots() if entry.name == "main")
    assert (entry.session, entry.run, entry.baseline) == ("c3", 1, True)
    assert [run.run for run in (await store.load("main")).runs] == [1]


async def test_a_snapshot_is_no_baseline_and_keeps_its_session(store: Store) -> None:
    await store.name_snapshot("saved", "a1")
    with pytest.raises(SnapshotError, match="'saved' is taken"):
        await store.set_baseline("saved", "b2")
    with pytest.raises(SnapshotError, match="no snapshot or session 'nothing'"):
        await store.set_baseline("main", "nothing")
    with pytest.raises(SnapshotError, match="cannot be the name"):
        await store.set_baseline("two\nlines", "a1")


# --- removing and restoring -------------------------------------------------------------------


async def test_what_was_removed_is_hidden_and_restored_with_every_number(store: Store) -> None:
    await store.name_snapshot("main", "a1", note="n", tags=("ci",))
    before = await store.load("main"), await store.list_sessions(), await store.list_snapshots()
    removed = await store.remove("main")
    assert (removed.names, removed.session) == (("main",), "a1")
    assert (await names(store), await sessions(store)) == ([], ["b2", "c3"])
    assert [run.session for run in await store.measured("search.steady")] == ["b2", "c3"]
    for ref in ("main", "a1", "a"):
        with pytest.raises(SnapshotError, match=f"was removed: `cortex-tui undo {ref} --store .*`"):
            await store.load(ref)
    assert [(entry.name, entry.session) for entry in await store.list_removed()] == [
        ("main", "a1"),
        ("", "a1"),
    ]
    restored = await store.restore()
    assert restored is not None
    assert (restored.names, restored.sessions, restored.taken) == (("main",), ("a1",), ())
    after = await store.load("main"), await store.list_sessions(), await store.list_snapshots()
    assert after == before
    assert await store.restore() is None
    assert await store.list_removed() == []


async def test_a_session_goes_with_all_its_names(store: Store) -> None:
    await store.name_snapshot("one", "a1")
    await store.set_baseline("two", "a1")
    removed = await store.remove("a1")
    assert (removed.names, removed.session) == (("one", "two"), "a1")
    await store.restore()
    assert {entry.name: entry.baseline for entry in await store.list_snapshots()} == {
        "one": False,
        "two": True,
    }


async def test_removals_are_restored_the_last_one_first_each_whole(store: Store) -> None:
    first = await store.remove("a1")
    await store.remove("b2", within=first.removal)
    await store.remove("c3")
    assert await sessions(store) == []
    await store.restore()
    assert await sessions(store) == ["c3"]
    await store.restore()
    assert await sessions(store) == ["a1", "b2", "c3"]


async def test_one_of_several_removals_is_restored_by_what_it_took(store: Store) -> None:
    await store.name_snapshot("one", "a1")
    await store.name_snapshot("two", "a1")
    await store.remove("one")
    await store.remove("two")
    await store.remove("c3")
    restored = await store.restore("one")
    assert restored is not None
    assert (restored.names, restored.sessions) == (("one",), ("a1",))
    assert (await names(store), await sessions(store)) == (["one"], ["a1", "b2"])
    assert await store.restore("b2") is None
    await store.restore("c")
    assert await sessions(store) == ["a1", "b2", "c3"]
    await store.restore()
    assert await names(store) == ["one", "two"]


async def test_a_name_that_was_given_again_is_not_taken_back(store: Store) -> None:
    await store.name_snapshot("main", "a1")
    await store.remove("main")
    await store.name_snapshot("main", "b2")
    restored = await store.restore()
    assert restored is not None
    assert (restored.names, restored.sessions, restored.taken) == ((), ("a1",), ("main",))
    assert (await store.load("main")).session.id == "b2"
    assert await sessions(store) == ["a1", "b2", "c3"]


async def test_a_running_session_is_not_removed(store: Store) -> None:
    await add(store, "d4", 4, ended=False)
    await store.name_snapshot("live", "d4")
    with pytest.raises(SnapshotError, match="session d4 is running: stop it first"):
        await store.remove("d4")
    removed = await store.remove("live")
    assert (removed.names, removed.session) == (("live",), "")
    assert "d4" in await sessions(store)


# --- collecting -------------------------------------------------------------------------------


async def test_what_was_removed_is_there_until_it_is_collected(store: Store) -> None:
    await store.name_snapshot("one", "a1")
    await store.name_snapshot("two", "a1")
    await store.remove("one")
    await store.remove("b2")
    planned = await store.collect(Keep(), dry_run=True)
    assert (planned.removed, planned.unsaved, planned.freed_bytes) == (("b2",), (), 0)
    assert len(await store.list_removed()) == 2
    collected = await store.collect(Keep())
    assert (collected.removed, collected.unsaved) == (("b2",), ())
    assert await store.list_removed() == []
    assert await store.restore() is None
    assert await sessions(store) == ["a1", "c3"]
    with pytest.raises(SnapshotError, match="no snapshot or session 'b2'"):
        await store.load("b2")
    assert (await store.load("two")).intervals


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        (Keep(), []),
        (Keep(newest=1), ["d4", "e5"]),
        (Keep(newest=0), ["d4", "e5", "f6"]),
        (Keep(since="2025-01-05T10:00:00Z"), ["d4"]),
        (Keep(newest=3, since="2025-02-01T00:00:00Z"), []),
    ],
)
async def test_only_what_nothing_keeps_is_collected(
    store: Store, keep: Keep, gone: list[str]
) -> None:
    for day, name in enumerate(("d4", "e5", "f6"), 4):
        await add(store, name, day)
    await add(store, "g7", 1, ended=False)
    await store.name_snapshot("saved", "a1")
    await store.change_tags("b2", add=("ci",))
    await store.set_note("c3", "keep this")
    assert sorted((await store.collect(keep)).unsaved) == gone
    assert set(await sessions(store)) == {"a1", "b2", "c3", "d4", "e5", "f6", "g7"} - {*gone}


async def test_collecting_gives_the_space_back(store: Store, tmp_path: Path) -> None:
    for number in range(20):
        name = f"x{number}"
        await store.begin_session(samples.session(name))
        await store.write(samples.batch(name, count=100))
        await store.finish_session(name, "finished")
        await store.remove(name)
    freed = (await store.collect(Keep())).freed_bytes
    assert freed > 1_000_000


async def test_a_session_that_runs_goes_on_while_others_are_collected(
    store: Store, tmp_path: Path
) -> None:
    async with await open_store(tmp_path / "snapshots.db") as running:
        await add(running, "d4", 4, ended=False)
        await store.remove("a1")
        assert (await store.collect(Keep(newest=0))).removed == ("a1",)
        await running.write(samples.batch("d4", count=9))
        await running.finish_session("d4", "finished")
        await running.name_snapshot("main", "d4")
    assert len((await store.load("main")).intervals) == 18
    assert await sessions(store) == ["d4"]


async def test_pruning_spares_what_a_person_marked_and_what_can_be_restored(store: Store) -> None:
    await store.change_tags("a1", add=("ci",))
    await store.remove("b2")
    assert await store.prune_unsaved(keep=0) == 1
    await store.restore()
    assert await sessions(store) == ["a1", "b2"]


# --- histories and noise ----------------------------------------------------------------------


async def test_the_runs_of_a_profile_are_there_in_few_numbers(store: Store) -> None:
    batch = samples.batch("b2", state="finished")
    numbers = {"p50": 10_000.0, "throughput": 12.5}
    runs = tuple(
        msgspec.structs.replace(run, statistics=numbers, variant="new") for run in batch.runs
    )
    await store.write(msgspec.structs.replace(batch, runs=runs))
    first, second, _ = await store.measured("search.steady")
    assert (first.session, first.started_at) == ("a1", "2025-01-01T10:00:00Z")
    assert (first.revision, first.environment) == ("a1-c", {"git_commit": "a1-c"})
    assert first.facts is not None
    assert second.facts is not None
    assert first.facts.statistics == {}
    assert second.facts.statistics == numbers
    assert (second.facts.variant, second.facts.round) == ("new", 2)
    assert (second.facts.neighbours, second.facts.operations) == (("search.other",), 200)
    assert second.facts.definition == samples.OPEN.definition != samples.CLOSED.definition
    assert sorted(await store.profiles()) == ["search.simple-text", "search.steady"]
    assert await store.measured("no.such") == []
    assert [run.variant for run in (await store.load("b2")).runs] == ["new", "new"]


async def test_which_variants_are_the_code_as_it_is_is_known(store: Store) -> None:
    variants = (
        Variant(name="main", revision="abc"),
        Variant(name="clean", revision="def"),
        Variant(name="here", revision="def", dirty=True),
        Variant(name="big", revision="def", dirty=True, params={"size": 9}),
    )
    environment = {"git_commit": "def", "git_dirty": True}
    await store.begin_session(samples.session("d4", variants=variants, environment=environment))
    await store.write(samples.batch("d4", state="finished"))
    found = {run.session: run.as_it_is for run in await store.measured("search.steady")}
    assert (found["a1"], found["d4"]) == (("",), ("", "here"))


async def test_noise_is_kept_by_profile_and_machine(store: Store) -> None:
    first = NoiseRecord(profile="k1", machine="m", deviations={"p95": 0.03}, sessions=6)
    other = NoiseRecord(profile="k1", machine="m2", name="search.x", successive={"p95": 0.1})
    await store.put_noise([first, other])
    newer = msgspec.structs.replace(first, deviations={"p95": 0.02}, sessions=9)
    await store.put_noise([newer])
    assert await store.noise() == [newer, other]


async def test_a_change_is_acknowledged_until_the_note_is_taken_away(store: Store) -> None:
    change = Acknowledgement(profile="p.q", statistic="p95", session="b2", note=HOSTILE)
    await store.acknowledge(change)
    (kept,) = await store.acknowledgements("p.q")
    assert kept.created_at
    assert msgspec.structs.replace(kept, created_at="") == change
    await store.acknowledge(msgspec.structs.replace(change, note="known"))
    assert [each.note for each in await store.acknowledgements("p.q")] == ["known"]
    assert await store.acknowledgements("p.other") == []
    await store.acknowledge(msgspec.structs.replace(change, note=""))
    assert await store.acknowledgements("p.q") == []
    with pytest.raises(SnapshotError, match="session nope is not stored"):
        await store.acknowledge(msgspec.structs.replace(change, session="nope"))


@pytest.mark.parametrize("seed", range(12))
async def test_as_many_undos_as_removals_bring_everything_back(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(8):
        await store.name_snapshot(
            f"n{number}", rng.choice(("a1", "b2", "c3")), rng.choice((None, 0))
        )
    for number in range(3):
        await store.set_baseline(f"b{number}", rng.choice(("a1", "b2", "c3")))
    before = await store.list_sessions(), await store.list_snapshots()
    undos = 0
    for _ in range(12):
        refs = [*await names(store), *await sessions(store)]
        baselines = [entry.name for entry in await store.list_snapshots() if entry.baseline]
        if baselines and rng.random() < 0.4:
            await store.set_baseline(rng.choice(baselines), rng.choice(refs))
        elif refs:
            await store.remove(rng.choice(refs))
        else:
            break
        undos += 1
    for _ in range(undos):
        assert await store.restore() is not None
    assert (await store.list_sessions(), await store.list_snapshots()) == before
    assert await store.restore() is None


# --- verdicts -----------------------------------------------------------------------------------


async def test_a_session_has_the_worst_verdict_of_its_targets(store: Store) -> None:
    verdicts: dict[str, tuple[TargetVerdict, ...]] = {
        "s1": ("met", "met"),
        "s2": ("met", "missed"),
        "s3": ("undecided", "met"),
        "s4": (),
    }
    for name, found in verdicts.items():
        await add(store, name)
        targets = tuple(TargetResult("p95 < 50ms", 1.0, each) for each in found)
        warned = TargetResult("p99 < 1ms", 2e6, "missed", warn=True)
        batch = samples.batch(name, state="finished")
        first = msgspec.structs.replace(batch.runs[0], targets=(*targets[:1], warned))
        second = msgspec.structs.replace(batch.runs[1], targets=targets[1:])
        await store.write(msgspec.structs.replace(batch, runs=(first, second)))
    assert await store.verdicts(["s1", "s2", "s3", "s4", "gone"]) == {
        "s1": SessionVerdict("met"),
        "s2": SessionVerdict("missed"),
        "s3": SessionVerdict("undecided"),
        "s4": SessionVerdict(),
        "gone": SessionVerdict(),
    }
    assert await store.verdicts([]) == {}


async def test_runs_that_never_began_have_no_part_in_the_verdict(store: Store) -> None:
    undecided = (TargetResult("p95 < 50ms", None, "undecided"),)
    met = (TargetResult("p95 < 50ms", 1.0, "met"),)
    await add(store, "s1")
    batch = samples.batch("s1", state="finished")
    began = msgspec.structs.replace(batch.runs[0], state="stopped", measured_ns=5, targets=met)
    never = msgspec.structs.replace(
        batch.runs[1], state="stopped", measured_ns=0, targets=undecided
    )
    await store.write(msgspec.structs.replace(batch, runs=(began, never)))
    assert await store.verdicts(["s1"]) == {"s1": SessionVerdict("met")}


@pytest.mark.parametrize("of_failed", ["met", "missed", "undecided"])
async def test_a_run_that_failed_counts_as_failed_and_not_for_its_targets(
    store: Store, of_failed: TargetVerdict
) -> None:
    await add(store, "s1")
    batch = samples.batch("s1", state="finished")
    whole = msgspec.structs.replace(
        batch.runs[0], targets=(TargetResult("p95 < 50ms", 1.0, "met"),)
    )
    failed = msgspec.structs.replace(
        batch.runs[1], state="failed", targets=(TargetResult("p95 < 50ms", 1.0, of_failed),)
    )
    await store.write(msgspec.structs.replace(batch, runs=(whole, failed)))
    assert await store.verdicts(["s1"]) == {"s1": SessionVerdict("met", failed=1)}


@pytest.mark.parametrize("record", ["no json", "{}", '{"targets": 3}', '{"targets": [{"x": 1}]}'])
async def test_a_damaged_run_has_no_verdict_and_spoils_no_other(
    store: Store, tmp_path: Path, record: str
) -> None:
    for name in ("s1", "s2"):
        await add(store, name)
        await store.write(samples.batch(name))
    damage_run(tmp_path, record)
    assert await store.verdicts(["s1", "s2"]) == {"s1": SessionVerdict(), "s2": SessionVerdict()}


def damage_run(folder: Path, record: str) -> None:
    with closing(sqlite3.connect(folder / "snapshots.db")) as connection, connection:
        connection.execute("UPDATE run SET record = ? WHERE session = 's1'", (record,))
