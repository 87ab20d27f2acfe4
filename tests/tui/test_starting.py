"""What happens before there is a controller: it is made on a thread, behind the first frame."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cortex_tui.session.control import Control
from tests.patience import PATIENCE_S
from tests.tui.samples import running
from tests.tui.stand_in import StandIn, bench

pytestmark = pytest.mark.usefixtures("every_frame")

COMMAND = "mediator.command-dispatch"


class SlowMaker:
    """Makes a controller when it is allowed to."""

    def __init__(self) -> None:
        self.control = StandIn()
        self.thread: threading.Thread | None = None
        self.allowed = threading.Event()

    def __call__(self, loop: asyncio.AbstractEventLoop) -> Control:
        self.thread = threading.current_thread()
        assert self.allowed.wait(PATIENCE_S)
        return self.control


async def test_keys_are_answered_while_the_controller_is_made() -> None:
    maker = SlowMaker()
    async with bench(make_control=maker) as b:
        await b.until(lambda: maker.thread)
        await b.press("space", "j")
        assert "▸[ ] query" in b.text
        assert "1 checked" in b.text
        assert maker.thread is not threading.main_thread()
        maker.allowed.set()


async def test_a_run_that_is_asked_for_early_starts_as_soon_as_it_can() -> None:
    maker = SlowMaker()
    async with bench(make_control=maker, checked=[COMMAND]) as b:
        await b.press("r", "r")
        assert "starts in a moment" in b.lines[0]
        assert maker.control.started == []
        maker.allowed.set()
        await b.until(lambda: maker.control.started)
        await b.until(lambda: b.app.ready)
        assert maker.control.started == [([COMMAND], False)]


async def test_a_run_that_is_asked_for_early_can_be_taken_back() -> None:
    maker = SlowMaker()
    async with bench(make_control=maker, checked=[COMMAND]) as b:
        await b.press("r", "x")
        assert "not started" in b.lines[0]
        maker.allowed.set()
        await b.until(lambda: b.app.ready)
        assert maker.control.started == []
        await b.press("r")
        assert maker.control.started == [([COMMAND], False)]


async def test_a_controller_that_was_being_made_is_closed_at_the_end() -> None:
    maker = SlowMaker()
    maker.control.view = running()
    async with bench(make_control=maker) as b:
        await b.until(lambda: maker.thread)
        await b.press("q")
        maker.allowed.set()
        await b.until(lambda: maker.control.closed)
        assert maker.control.closed == 1


@pytest.mark.parametrize("keys", [(), ("r",)])
async def test_a_controller_that_cannot_be_made_is_one_error(keys: tuple[str, ...]) -> None:
    def make(loop: asyncio.AbstractEventLoop) -> Control:
        raise RuntimeError("can't start [b]new thread")

    async with bench(make_control=make, checked=[COMMAND]) as b:
        await b.press(*keys)
        await b.until(lambda: b.app.failure)
    assert b.app.failure == "sessions cannot be run here: can't start [b]new thread"
    assert b.app.return_code == 2
    assert b.app.closed is False
