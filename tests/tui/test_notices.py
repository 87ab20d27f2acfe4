"""A bell, or a notice on the desktop, at the end of a long session."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cortex_tui.tui.config.model import Config, Notify
from cortex_tui.tui.notices import desktop_notice, end_text
from tests.tui.samples import finished, running
from tests.tui.stand_in import Bench, bench

MINUTE_NS = 60_000_000_000


def test_the_text_has_what_came_of_the_session() -> None:
    assert end_text(finished()) == "Finished after 7.00s: 2 runs, 1 missed"
    died = msgspec.structs.replace(running(), state="died", died="killed\x1b[2J")
    assert end_text(died).startswith("Died after ")
    assert "\x1b" not in end_text(died)


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;cortex-tui: a; b\a"),
        ({"VTE_VERSION": "7600"}, "\x1b]777;notify;cortex-tui;a, b\a"),
        ({"TERM": "foot"}, "\x1b]777;notify;cortex-tui;a, b\a"),
        ({"TMUX": "/tmp/t"}, "\x1bPtmux;\x1b\x1b]9;cortex-tui: a; b\a\x1b\\"),
    ],
)
def test_a_terminal_is_asked_in_its_own_way(environment: dict[str, str], asked: str) -> None:
    assert desktop_notice("a; b", environment) == asked


async def end_session(b: Bench, monkeypatch: pytest.MonkeyPatch, elapsed_ns: int) -> list[str]:
    """What is written to the terminal for it: `bell` or a notice."""
    found: list[str] = []
    write = b.app._driver.write  # type: ignore[union-attr]

    def note(text: str) -> None:
        if text.startswith(("\x1b]9;", "\x1bP", "\x1b]777;")):
            found.append(text)
        else:
            write(text)

    def ring(*_: Any) -> None:
        found.append("bell")

    monkeypatch.setattr(b.app._driver, "write", note)
    monkeypatch.setattr(b.app, "bell", ring)
    await b.show(running())
    await b.show(msgspec.structs.replace(finished(), elapsed_ns=elapsed_ns))
    await b.show(msgspec.structs.replace(finished(), elapsed_ns=elapsed_ns, stored=True))
    return found


async def test_it_rings_once_at_the_end_of_a_long_session(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(notify=Notify(MINUTE_NS, bell=True, desktop=True))
    async with bench(config=config) as b:
        rung, notice = await end_session(b, monkeypatch, 2 * MINUTE_NS)
        assert rung == "bell"
        assert "Finished after 2m00s" in notice


@pytest.mark.parametrize("notify", [Notify(MINUTE_NS, bell=True, desktop=True), Notify(1)])
async def test_a_short_session_and_one_without_a_wish_end_quietly(
    notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(config=Config(notify=notify)) as b:
        assert await end_session(b, monkeypatch, MINUTE_NS - 1) == []
