"""Pausing, skipping and changing the load of runs by key, and what is said about it."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.profiles.model import Catalog, ClosedLoad, Suite
from cortex_tui.results.view import RunView, SessionView
from tests.tui.samples import finished, paused, profile, replaced, run_view, running, session_view
from tests.tui.stand_in import Bench, bench

STEADY = "search.steady"
COMMAND = "mediator.command-dispatch"


def later(view: SessionView, by_ns: int) -> SessionView:
    return msgspec.structs.replace(view, elapsed_ns=view.elapsed_ns + by_ns)


async def test_p_pauses_every_run_and_lets_them_go_on() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("p")
        assert "pausing every run" in b.lines[0]
        await b.show(paused())
        assert b.lines[0].startswith(" paused")
        assert b.text.count("paused    ") >= 4
        await b.press("p")
        assert "every run goes on" in b.lines[0]
        assert b.control.asked == [("pause", None), ("resume", None)]


async def test_the_second_p_is_heard_before_a_view_shows_the_first() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("p", "p", "p")
        assert [what for what, _ in b.control.asked] == ["pause", "resume", "pause"]


async def test_what_no_view_confirms_is_forgotten() -> None:
    async with bench() as b:
        await b.show(running())
        await b.press("p")
        await b.show(later(running(), 3_000_000_000))
        await b.press("p")
        assert [what for what, _ in b.control.asked] == ["pause", "pause"]


async def test_shift_p_pauses_the_run_under_the_cursor_only() -> None:
    async with bench(size=(120, 40), checked=[STEADY]) as b:
        await b.show(running())
        await b.press("P")
        assert "pausing steady" in b.lines[0]
        await b.show(replaced(running(), 3, paused=True))
        assert "1 of 4 paused" in b.lines[0]
        assert "paused" in b.line_with("steady   ")
        await b.press("P")
        assert "steady goes on" in b.lines[0]
        assert b.control.asked == [("pause", 3), ("resume", 3)]


async def test_with_one_run_paused_p_pauses_the_others_too() -> None:
    async with bench() as b:
        await b.show(replaced(running(), 3, paused=True))
        await b.press("p")
        assert b.control.asked == [("pause", None)]


async def test_n_ends_the_phase_that_is_seen_and_only_once() -> None:
    async with bench(checked=["mediator.query-dispatch"]) as b:
        await b.show(running())
        await b.press("n")
        assert "ending warmup of query-dispatch" in b.lines[0]
        await b.press("n")
        assert b.control.asked == [("end warmup", 1)]
        await b.show(replaced(running(), 1, phase="measure"))
        await b.press("n")
        assert b.control.asked == [("end warmup", 1), ("end measure", 1)]


async def test_shift_n_ends_the_phase_of_every_run() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("N")
        assert "ending warmup and measure of 4 runs" in b.lines[0]
        assert b.control.asked == [
            ("end measure", 0),
            ("end warmup", 1),
            ("end measure", 2),
            ("end measure", 3),
        ]


async def test_plus_and_minus_change_a_rate_by_what_undoes_the_other() -> None:
    async with bench(size=(120, 40), checked=[STEADY]) as b:
        await b.show(running())
        await b.press("plus")
        assert "steady: 500/s → 625/s" in b.lines[0]
        await b.press("equals_sign")
        assert "steady: 625/s → 781/s" in b.lines[0]
        await b.press("minus")
        assert "steady: 781/s → 625/s" in b.lines[0]
        assert b.control.asked == [("adjust 1.25", 3), ("adjust 1.25", 3), ("adjust 0.8", 3)]


@pytest.mark.parametrize(
    ("key", "workers", "said"),
    [("plus", 1, "1 worker → 2 workers"), ("plus", 8, "8 workers → 10 workers"),
     ("minus", 2, "2 workers → 1 worker"), ("minus", 10, "10 workers → 8 workers")],
)  # fmt: skip
async def test_workers_change_by_one_at_least(key: str, workers: int, said: str) -> None:
    busy = profile("busy", "one", load=ClosedLoad(workers))
    suite = Suite(name="busy", source="busy.toml", profiles=(busy,))
    async with bench(size=(120, 40), catalog=Catalog((suite,))) as b:
        await b.show(session_view(run_view(0, busy)))
        await b.press(key)
        assert f"one: {said}" in b.lines[0]
        assert len(b.control.asked) == 1


async def test_the_last_worker_stays() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("minus")
        assert "has one worker, which is the least" in b.lines[0]
        assert b.control.asked == []


async def test_the_level_of_the_moment_stands_beside_the_details() -> None:
    async with bench(checked=[STEADY]) as b:
        await b.show(replaced(running(), 3, level=625.0))
        assert "now 625/s" in b.line_with(" search.steady ")


@pytest.mark.parametrize("key", ["p", "P", "n", "N", "plus", "minus"])
@pytest.mark.parametrize("view", [None, finished(), session_view(state="starting")])
async def test_without_a_run_under_way_nothing_is_asked(key: str, view: SessionView | None) -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(view)
        await b.press(key)
        assert "nothing is warming up or measured now" in b.lines[0]
        assert b.control.asked == []


async def test_a_row_that_does_not_run_says_so() -> None:
    async with bench(size=(120, 40), checked=["search.no-results"]) as b:
        await b.show(running())
        await b.press("n")
        assert "the row under the cursor is not warming up or measured now" in b.lines[0]


def in_setup(run: RunView) -> RunView:
    return msgspec.structs.replace(run, phase="setup")


async def offered(b: Bench) -> set[str]:
    return {command.title for command in b.app.get_system_commands(b.app.screen)}


async def test_the_palette_offers_only_what_would_do_something() -> None:
    steering = {"Pause", "Pause one", "Skip", "Skip all", "Load"}
    async with bench(checked=[STEADY]) as b:
        assert not steering & await offered(b)
        await b.show(session_view(*map(in_setup, running().runs)))
        assert not steering & await offered(b)
        await b.show(running())
        assert steering | {"Less load"} <= await offered(b)
        await b.press("home", "j")
        assert "Less load" not in await offered(b)


async def test_stopping_is_said_at_once() -> None:
    async with bench(checked=[COMMAND]) as b:
        await b.show(running())
        await b.press("X")
        assert "stopping command-dispatch" in b.lines[0]
        await b.press("x")
        assert "stopping every run" in b.lines[0]


async def test_the_key_line_has_what_a_session_calls_for() -> None:
    async with bench() as b:
        assert "r run" in b.lines[-1]
        assert "p pause" not in b.lines[-1]
        await b.show(running())
        assert "p pause" in b.lines[-1]
        assert "r run" not in b.lines[-1]
        await b.pilot.click(offset=(b.lines[-1].index("p pause"), 23))
        assert b.control.asked == [("pause", None)]


async def test_names_in_what_is_said_are_literal() -> None:
    wild = profile("wild", "[red]x\x1b[31m")
    suite = Suite(name="wild", source="wild.toml", profiles=(wild,))
    async with bench(size=(120, 40), catalog=Catalog((suite,))) as b:
        await b.show(session_view(run_view(0, wild)))
        await b.press("P")
        assert "pausing [red]x␛[31m" in b.lines[0]


async def test_p_goes_on_after_any_time_though_one_run_waits_for_the_others() -> None:
    async with bench() as b:
        await b.show(replaced(running(), 1, waiting=True))
        await b.press("p")
        await b.show(later(paused(), 9_000_000_000))
        await b.press("p")
        assert b.control.asked == [("pause", None), ("resume", None)]


async def test_what_was_asked_for_is_told_until_it_has_happened() -> None:
    async with bench(size=(120, 40), checked=["mediator.query-dispatch"]) as b:
        await b.show(running())
        await b.press("p")
        await b.show(replaced(paused(), 3, paused=False))
        assert "pausing every run" in b.lines[0]
        await b.show(paused())
        assert "pausing" not in b.lines[0]
        await b.show(running())
        await b.press("n")
        await b.show(replaced(running(), 3, phase="teardown", outcome="finished"))
        assert "ending warmup of query-dispatch" in b.lines[0]
        await b.show(replaced(running(), 1, waiting=True))
        assert "ending" not in b.lines[0]
        await b.press("X")
        assert "stopping query-dispatch" in b.lines[0]
        await b.show(replaced(running(), 1, outcome="stopped"))
        assert "stopping" not in b.lines[0]


@pytest.mark.parametrize("key", ["x", "N", "plus"])
async def test_nothing_is_told_of_what_was_asked_for_once_the_session_has_ended(key: str) -> None:
    async with bench(size=(120, 40), checked=[STEADY]) as b:
        await b.show(running())
        before = b.lines[0]
        await b.press(key)
        assert b.lines[0] != before
        await b.show(msgspec.structs.replace(running(), state="finished"))
        assert b.lines[0].startswith(" finished  4.20s")


@pytest.mark.parametrize("key", ["n", "plus", "minus"])
async def test_a_run_that_waits_for_others_has_no_phase_to_end_and_no_load(key: str) -> None:
    async with bench(size=(120, 40), checked=["mediator.query-dispatch"]) as b:
        await b.show(replaced(running(), 1, waiting=True))
        await b.press(key)
        assert "query-dispatch waits for the others to warm up" in b.lines[0]
        await b.press("N")
        assert "ending measure of 3 runs" in b.lines[0]
        assert ("end warmup", 1) not in b.control.asked


async def test_a_run_that_waits_its_turn_can_be_stopped_once() -> None:
    async with bench(size=(120, 40), checked=["mediator.query-dispatch"]) as b:
        await b.show(replaced(running(), 1, state="planned", phase=None))
        await b.press("X")
        assert "stopping query-dispatch" in b.lines[0]
        stopped = replaced(running(), 1, state="planned", phase=None, outcome="stopped")
        await b.show(stopped)
        assert "stopped" in b.line_with("query-dispatch  ")
        await b.press("X")
        assert b.control.stopped == [1]
        assert b.said == ["The row under the cursor does not run."]
