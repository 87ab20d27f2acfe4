"""What a person sees while views come in, and what it costs to draw them."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.profiles.model import Catalog, Suite
from cortex_tui.results.view import LogEntry
from cortex_tui.tui.widgets.live_table import LiveTable
from tests.fresh_python import loaded
from tests.tui.samples import (
    MEDIATOR,
    failed,
    finished,
    profile,
    replaced,
    run_view,
    running,
    session_view,
)
from tests.tui.stand_in import bench

pytestmark = pytest.mark.usefixtures("every_frame")

TEN = Suite(
    name="ten",
    source="ten.toml",
    profiles=tuple(profile("ten", f"number-{n}") for n in range(10)),
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines of the table that were drawn, newest last."""
    lines: list[int] = []
    render_line = LiveTable.render_line

    def counted(self: LiveTable, y: int) -> object:
        lines.append(y)
        return render_line(self, y)

    monkeypatch.setattr(LiveTable, "render_line", counted)
    return lines


async def test_only_the_row_that_changed_is_drawn(drawn: list[int]) -> None:
    view = session_view(*(run_view(n, p) for n, p in enumerate(TEN.profiles)))
    async with bench(catalog=Catalog((TEN,)), size=(120, 40)) as b:
        await b.show(view)
        drawn.clear()
        await b.show(replaced(view, 6, operations=9_999, max_ns=77_000_000))
        assert drawn == [7]
        assert "77.0ms" in b.line_with("number-6")


async def test_a_view_that_says_the_same_draws_nothing(drawn: list[int]) -> None:
    async with bench() as b:
        await b.show(running())
        drawn.clear()
        await b.show(running())
        assert drawn == []


async def test_under_a_dialog_the_screen_goes_on_at_a_slower_pace() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(running())
        await b.press("s")
        seen = set()
        for at in range(1, 9):
            await b.show(replaced(running(), 0, operations=8_000 + at))
            seen.add(b.line_with("command-dispatch  ").split()[5])
        assert 2 <= len(seen) < 8
        await b.press("escape")
        await b.show(replaced(running(), 0, operations=9_123))
        assert "9123" in b.line_with("command-dispatch  ")


async def test_moving_the_cursor_draws_two_rows(drawn: list[int]) -> None:
    async with bench() as b:
        drawn.clear()
        await b.press("j")
        assert sorted(drawn) == [1, 2]


async def test_numbers_of_the_last_run_stay_when_others_run() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(finished())
        later = session_view(run_view(0, MEDIATOR.profiles[2]), session="later")
        await b.show(later)
        assert "last done" in b.line_with("command-dispatch  ")
        assert "62.1µs" in b.line_with("command-dispatch  ")
        assert "measure 62%" in b.line_with("concurrent-commands ")


async def test_of_repeated_profiles_the_round_that_has_begun_is_shown() -> None:
    query = MEDIATOR.profiles[1]
    view = session_view(
        run_view(0, query, state="finished", operations=111, round=1),
        run_view(1, query, operations=222, round=2),
        run_view(2, query, state="planned", operations=0, round=3, curve=(), trend_ns=()),
        rounds=3,
    )
    async with bench(size=(120, 40)) as b:
        await b.show(view)
        assert " 222 " in b.line_with("query-dispatch  ")


async def test_a_silent_runner_is_said_to_hold_its_loop() -> None:
    async with bench() as b:
        await b.show(msgspec.structs.replace(running(), silent_ns=3_200_000_000))
        assert "silent for 3.2 s: the event loop is blocked" in b.lines[0]
        assert "!3.2s" in b.line_with("comman…patch")


async def test_a_store_that_cannot_be_written_is_said_and_listed() -> None:
    async with bench(size=(120, 40)) as b:
        await b.show(msgspec.structs.replace(running(), store_error="/data: [red]disk full[/]"))
        assert "not stored: /data: [red]disk full[/]" in b.lines[0]
        await b.press("e")
        assert "/data: [red]disk full[/]" in b.text


async def test_markup_and_escapes_from_outside_are_harmless_everywhere() -> None:
    wild = profile("wild", "[red]x\x1b[31m", summary="[/] \x1b]0;title\x07")
    suite = Suite(name="[b]wild", source="[i].toml\x1b", profiles=(wild,), description="[/x]")
    view = failed()
    run = msgspec.structs.replace(view.runs[0], profile=wild)
    view = msgspec.structs.replace(view, runs=(run,), died="\x1b[2J[red]", state="died")
    async with bench(catalog=Catalog((suite,)), size=(120, 40)) as b:
        assert "[red]x␛[31m" in b.text
        await b.show(view)
        assert "[red]no[/] database␛[31m" in b.text
        assert "DIED: ␛[2J[red]" in b.text
        await b.press("l")
        assert "␛[2Jcleared?" in b.text
        assert "[bold]starting[/bold]" in b.text
        await b.press("l", "home")
        assert "[i].toml␛" in b.text
        await b.press("end", "s")
        assert "only [b]wild.[red]x␛[31m" not in b.text
        assert "only wild.[red]x␛[31m" in b.text
        assert "\x1b" not in b.text


async def test_the_log_follows_its_end() -> None:
    async with bench() as b:
        log = tuple(LogEntry(f"line {n}") for n in range(51))
        view = msgspec.structs.replace(running(), log=log[:50])
        await b.show(view)
        await b.press("l")
        await b.pilot.pause()
        assert "line 49" in b.text
        await b.show(msgspec.structs.replace(view, log=log, elapsed_ns=1))
        assert "line 50" in b.text
        await b.press("l")
        assert "service time" in b.text


async def test_without_colours_the_screen_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench() as b:
        await b.show(finished())
        coloured = b.text
    monkeypatch.setenv("NO_COLOR", "1")
    async with bench() as b:
        await b.show(finished())
        assert b.text == coloured
        strips = b.app.screen._compositor.render_strips()
        colours = {
            colour.name
            for strip in strips
            for segment in strip
            if segment.style
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour
        }
        assert colours <= {"default"}


async def test_other_themes_show_the_same_text() -> None:
    async with bench() as b:
        await b.show(finished())
        before = b.text
        b.app.theme = "textual-light"
        await b.pilot.pause()
        assert b.text == before


def test_the_screen_needs_neither_numpy_nor_a_database() -> None:
    code = (
        "import cortex_tui.tui.app, cortex_tui.tui.screens.save, cortex_tui.tui.screens.keys_page"
    )
    assert not loaded(code, ("numpy", "hdrh", "aiosqlite", "sqlite3", "click"))
