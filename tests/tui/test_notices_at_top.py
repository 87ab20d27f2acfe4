"""What was done, or why nothing was, is said where no values stand, and goes when it was read."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.notifications import SeverityLevel

from cortex_tui.tui import notices_at_top
from tests.tui.samples import finished
from tests.tui.stand_in import Bench, bench

AGES_S = 1e6
"""No notice of a test is as old."""

LONG = "Not started: " + " and ".join(f"reason {n} of many" for n in range(1, 12))


async def notify(b: Bench, text: str) -> None:
    b.app.notify(text, markup=False)
    await b.until(lambda: text.split()[-1] in b.text)


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40)])
async def test_a_notice_covers_a_part_of_the_line_at_the_top_only(size: tuple[int, int]) -> None:
    async with bench(size=size, notices=True) as b:
        await b.show(finished())
        before = b.lines
        await notify(b, "Saved as second.")
        assert "finished" in b.lines[0]
        assert b.lines[0].endswith(" Saved as second.")
        assert b.lines[1:] == before[1:]


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_a_long_notice_is_shown_whole_above_the_values_of_the_run(
    size: tuple[int, int],
) -> None:
    async with bench(size=size, notices=True) as b:
        await b.show(finished())
        before = b.lines
        await notify(b, LONG)
        shown = " ".join(line.strip("▌ ") for line in b.lines if line.startswith("▌"))
        assert shown == LONG
        half = size[1] // 2
        assert b.lines[half:] == before[half:]


async def test_a_key_puts_away_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(notices=True) as b:
        await b.show(finished())
        before = b.lines
        await notify(b, "Saved as second.")
        monkeypatch.setattr(notices_at_top, "READ_S", 0.0)
        await b.press("2", "1")  # there and back: each does what it does without a notice
        await b.until(lambda: b.lines == before)
        assert b.notifications == []


@pytest.mark.parametrize("meanwhile", [(), ("?", "escape")])
async def test_however_many_were_put_away_the_next_one_is_seen(
    monkeypatch: pytest.MonkeyPatch, meanwhile: tuple[str, ...]
) -> None:
    monkeypatch.setattr(notices_at_top, "READ_S", 0.0)
    async with bench(notices=True) as b:
        await b.show(finished())
        before = b.lines
        for count in range(b.app.size.height):
            await notify(b, f"Saved as number-{count}.")
            await b.press(*meanwhile, "2", "1")
            await b.until(lambda: b.lines == before)
        await notify(b, "Saved as second.")
        assert b.lines[0].endswith(" Saved as second.")
        assert b.lines[1:] == before[1:]


async def test_a_key_typed_ahead_puts_no_notice_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices_at_top, "READ_S", AGES_S)
    async with bench(notices=True) as b:
        await b.show(finished())
        await notify(b, "Saved as second.")
        await b.press("j", "k")
        assert b.notifications == ["Saved as second."]
        assert "Saved as second." in b.text


@pytest.mark.parametrize(
    ("severity", "stays"), [("warning", True), ("error", True), ("information", False)]
)
async def test_what_is_wrong_is_said_until_a_key_is_pressed(
    severity: SeverityLevel, *, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "NOTIFICATION_TIMEOUT", 0.001)
    async with bench(notices=True) as b:
        await b.show(finished())
        b.app.notify("What was open is not known.", severity=severity, markup=False)
        b.app.notify("It was said after that.", markup=False, timeout=1e6)
        await b.until(lambda: "It was said after that." in b.text)
        await b.until(lambda: ("not known" in b.text) == stays)
        monkeypatch.setattr(notices_at_top, "READ_S", 0.0)
        await b.press("j")
        assert b.notifications == []


async def test_a_notice_stands_above_a_dialog_and_goes_with_what_is_typed_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices_at_top, "READ_S", AGES_S)
    async with bench(notices=True) as b:
        await b.show(finished())
        await notify(b, "Saved as second.")
        await b.press("s")
        await b.until(lambda: b.lines[0].endswith(" Saved as second."))
        monkeypatch.setattr(notices_at_top, "READ_S", 0.0)
        await b.press("a")
        await b.until(lambda: "Saved as" not in b.text)
        assert b.line_with("│ a ")


async def test_what_is_longer_than_the_status_line_is_a_notice() -> None:
    async with bench(notices=True) as b:
        await b.show(finished())
        b.main.report("x" * 77)
        await b.until(lambda: b.lines[0].strip() == "x" * 77)
        b.main.report(LONG)
        await b.until(lambda: "of many" in b.text)
        assert b.notifications == [LONG]
