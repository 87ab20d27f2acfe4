"""A baseline that is picked by keys, and the verdict in every row."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortex_tui.analysis.baseline import Baseline, BaselineVerdict
from cortex_tui.analysis.sessions import Source
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.store.port import open_store
from cortex_tui.store.records import SessionRecord
from cortex_tui.tui.render.versus import short_change, versus_cell
from cortex_tui.tui.state.versus import Versus
from tests.tui.samples import finished, running
from tests.tui.stand_in import SIZES, Bench, bench, check_golden
from tests.tui.stored_sessions import FIRST, SECOND, stored


def judgement(ratio: float | None, **fields: object) -> Judgement:
    return Judgement(statistic="p95", a=1.0, b=ratio, ratio=ratio, **fields)  # type: ignore[arg-type]


def verdict(word: Word, ratio: float | None = None, **fields: object) -> BaselineVerdict:
    found = judgement(ratio, low=0.98, high=1.12) if ratio else None
    return BaselineVerdict(word=word, judgement=found, **fields)  # type: ignore[arg-type]


def versus(**verdicts: BaselineVerdict) -> Versus:
    record = SessionRecord(id="then", started_at="")
    base = Baseline(
        name="main", session="then", source=Source("main", record, {}), noise=(), runs={}
    )
    names = {name: f"mediator.{name.replace('_', '-')}" for name in verdicts}
    return Versus(base, {names[name]: each for name, each in verdicts.items()})


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0841, "+8.4%"),
        (0.69, "-31%"),
        (1.0, "0.0%"),
        (0.9999, "0.0%"),
        (2.34, "x2.34"),
        (150.0, "x150"),
        (1e9, "x1k+"),
        (None, ""),
    ],
)
def test_a_change_is_short(ratio: float | None, text: str) -> None:
    assert short_change(judgement(ratio)) == text


@pytest.mark.parametrize("word", ["slower", "faster", "same", "cannot tell", "more", "fewer"])
@pytest.mark.parametrize("width", [8, 20])
def test_a_verdict_is_seen_without_colour_and_fits(word: Word, width: int) -> None:
    text, _ = versus_cell(verdict(word, 1.084, final=False), width)
    assert len(text) == width
    assert text[0] in "▲▼=?"
    assert "…" in text


@pytest.mark.parametrize("size", SIZES)
async def test_with_a_baseline_every_row_has_a_verdict(size: tuple[int, int]) -> None:
    async with bench(size=size) as b:
        await b.show(finished())
        b.main.versus = versus(
            command_dispatch=verdict("slower", 1.084),
            query_dispatch=verdict("cannot tell", 1.02, reason="about 7 more rounds would tell"),
        )
        await b.pilot.pause()
        check_golden("versus", size, b.text)


async def listed(b: Bench) -> None:
    while "reading the store" in b.text:
        await b.pilot.pause()


async def test_without_a_store_there_is_no_baseline_to_pick() -> None:
    async with bench() as b:
        await b.press("b")
        await listed(b)
        assert "(•) no baseline" in b.text
        await b.press("enter")
        assert "compared with nothing" in b.text


async def test_the_session_on_the_screen_is_not_offered_first(tmp_path: Path) -> None:
    store = tmp_path / "snapshots.db"
    async with await open_store(store) as opened:
        await stored(opened, FIRST)
    async with bench(store=str(store)) as b:
        await b.show(msgspec.structs.replace(finished(), session=FIRST))
        await b.press("b")
        await listed(b)
        assert FIRST in b.text
        assert "(•) no baseline" in b.text
        await b.press(*FIRST[:8])
        assert f"(•) {FIRST}" in b.text
        await b.press("escape")
        async with await open_store(store) as opened:
            await stored(opened, SECOND)
        await b.show(msgspec.structs.replace(finished(), session=SECOND))
        await b.press("b")
        await listed(b)
        assert f"( ) {SECOND}" in b.text
        assert f"(•) {FIRST}" in b.text


async def test_a_store_that_cannot_be_read_is_reported_in_the_dialog(tmp_path: Path) -> None:
    async with bench() as b:
        store = tmp_path / "snapshots.db"
        store.write_text("no database")
        b.main._store = str(store)
        await b.press("b")
        await listed(b)
        assert "snapshots.db" in b.text
        await b.press("escape")
        assert b.main.versus == Versus()


async def test_verdicts_of_a_session_are_not_shown_over_the_next() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(finished())
        found = versus(command_dispatch=verdict("slower", 1.084))
        b.main.versus = found
        await b.pilot.pause()
        assert "▲" in b.line_with("command-dispatch")
        was = b.main.latest.session
        await b.show(msgspec.structs.replace(running(), session="another"))
        assert b.main.versus.baseline is found.baseline
        assert not b.main.versus.verdicts
        b.main.post_message(b.main.Compared(found, was))
        await b.pilot.pause()
        assert not b.main.versus.verdicts


async def test_verdicts_of_a_baseline_that_was_given_up_are_not_shown() -> None:
    async with bench() as b:
        await b.show(running())
        late = versus(command_dispatch=verdict("slower", 1.5))
        assert late.baseline is not None
        b.main.post_message(b.main.Compared(late))
        await b.pilot.pause()
        assert "▲" not in b.text


async def test_a_profile_is_measured_alone_and_with_the_checked_ones_in_turn() -> None:
    async with bench(checked=["search.steady", "mediator.query-dispatch"], size=(120, 40)) as b:
        await b.press("c")
        assert "without and with" in b.text
        await b.press("backspace", "4", "enter")
        ((names, one_by_one),) = b.control.started
        assert (sorted(names), one_by_one) == (["mediator.query-dispatch", "search.steady"], False)
        ((alone, together),) = b.control.versions
        assert b.control.rounds == [4]
        assert (alone.variant.only, together.variant.only) == (names[0], "")


async def test_without_neighbours_there_is_nothing_to_measure_together_with() -> None:
    async with bench() as b:
        await b.press("c")
        assert b.control.started == []
        assert any("has no neighbours" in each for each in b.notifications)
