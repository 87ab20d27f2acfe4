"""A new user's whole story, by keys and by mouse, in a real terminal."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Launch
from tests.e2e.program import call_here, write_suite
from tests.e2e.workbench import Workbench

CODE = """
    from cortex_tui import workload


    @workload
    async def visit():
        # As fast as a file says: the second time it is slower.
        factor = float(open("factor").read())
        began, stalled = time.monotonic(), False

        async def operation(i):
            nonlocal stalled
            await asyncio.sleep(0.002 * factor)
            if not stalled and time.monotonic() - began > 1.0:
                stalled = True
                time.sleep(0.3)

        yield operation
"""
PROFILES = """
    [profile.browse]
    load = { rate = "100/s" }
    [profile.order]
    load = { workers = 2 }
    [profile.other]
"""
DEFAULTS = 'warmup = 0\nduration = "2s"\nworkload = "bench:visit"'
TABS = {
    "1": "p99",
    "2": "timeline",
    "3": "count",
    "4": "share below",
    "5": "No operation failed.",
    "6": "Nothing was printed.",
    "7": "in a process of its own",
}
"""What is to be seen in each tab."""


def test_from_the_first_launch_to_a_comparison_in_markdown(folder: Path, launch: Launch) -> None:
    write_suite(folder, PROFILES, code=CODE, defaults=DEFAULTS)
    (folder / "factor").write_text("1")
    workbench = launch()
    terminal = workbench.terminal

    filter_and_check(workbench)
    workbench.run_to_end()
    for key, part in TABS.items():
        workbench.press(key)
        terminal.wait_for(f"[{key} ", part)

    travel_to_the_stall(workbench)
    workbench.press("w")
    terminal.wait_for("Note on shop.order")
    terminal.type("the stall")
    workbench.press("Enter")
    terminal.wait_for("noted")
    workbench.press("Escape")
    terminal.wait_until(lambda screen: "returns to now" not in screen)
    workbench.save_as("fast")
    terminal.wait_for("Saved as fast")

    (folder / "factor").write_text("3")
    workbench.run_to_end()
    compare_both(workbench)
    workbench.press("e")
    terminal.wait_for("Write the comparison as Markdown")
    workbench.press("C-u")
    terminal.type("slower.md")
    workbench.press("Enter")
    terminal.wait_until(lambda screen: (folder / "slower.md").exists())
    workbench.press("Escape")
    terminal.wait_for("Stored")
    workbench.press("h")
    assert "is stored in" in workbench.leave()

    assert "shop.order" in (folder / "slower.md").read_text()
    assert "note: the stall" in call_here(folder, "show", "fast", "--json").stdout


def filter_and_check(workbench: Workbench) -> None:
    terminal = workbench.terminal
    workbench.press("/")
    terminal.wait_for("filter: parts of a name")
    terminal.type("shop")
    terminal.wait_until(lambda screen: not workbench.has_row("mediator", screen))
    workbench.press("Enter")
    # One by the key, one by a click on its box.
    workbench.press("Home", "j", "Space")
    workbench.wait_for_row("browse", lambda row: row.box == "[x]")
    screen = terminal.screen().splitlines()
    terminal.click(2, next(at for at, line in enumerate(screen) if "] order" in line))
    workbench.wait_for_row("order", lambda row: row.box == "[x]" and row.has_cursor)


def travel_to_the_stall(workbench: Workbench) -> None:
    """To a part of the run that has an operation of 0.3 s and more."""
    terminal = workbench.terminal
    workbench.press("2", "[")
    terminal.wait_for("returns to now")
    for _ in range(20):
        if is_a_stall(workbench.row("order").cell("max")):
            return
        before = terminal.line("returns to now")
        workbench.press("[")
        terminal.wait_until(lambda screen, before=before: before not in screen)  # type: ignore[misc]
    raise AssertionError(f"no stall in any part of the run:\n{terminal.screen()}")


def is_a_stall(text: str) -> bool:
    number, unit = text.rstrip("msµn"), text.lstrip("0123456789.")
    return unit == "s" or (unit == "ms" and float(number) >= 300)


def compare_both(workbench: Workbench) -> None:
    terminal = workbench.terminal
    workbench.press("h")
    terminal.wait_for("Stored", "2 sessions", "fast")
    workbench.press("Space", "j", "Space")
    terminal.wait_for("2 checked")
    workbench.press("c")
    terminal.wait_for("fast", "geometric mean")
    workbench.press("Enter")
    terminal.wait_for("[d difference]")
    workbench.press("c")
    terminal.wait_for("[c curves]")
    workbench.press("Escape")
    terminal.wait_for("geometric mean")
