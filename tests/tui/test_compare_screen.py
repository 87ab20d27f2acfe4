"""The screen that compares, from a real store to what stands on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot

from cortex_tui.tui.key_order import KeysInOrder
from cortex_tui.tui.screens.compare import CompareScreen
from cortex_tui.tui.widgets.tones import TonedApp
from tests.comparisons import make_store, one_side, write_session
from tests.patience import PATIENCE_S
from tests.tui.samples import CATALOG, run_view, session_view
from tests.tui.stand_in import SIZES, Bench, bench, check_golden

Size = tuple[int, int]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "snapshots.db"
    make_store(file)
    return file


class Alone(TonedApp[None], KeysInOrder[None]):
    """An app with nothing but the screen."""


class Comparing:
    """A compare screen, as a person meets it."""

    def __init__(self, app: App[None], pilot: Pilot[None], screen: CompareScreen) -> None:
        self.app = app
        self.pilot = pilot
        self.screen = screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def settled(self) -> None:
        """Waits until nothing is read or looked at any more."""
        await self.pilot.pause()
        await self.until(lambda: not self.screen.busy)

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not what():
                await asyncio.sleep(0.005)
                await self.pilot.pause()
        await self.pilot.pause()

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips) + "\n"

    def line_with(self, text: str) -> str:
        return next(line for line in self.text.splitlines() if text in line)


@asynccontextmanager
async def comparing(
    store: Path, *refs: str, size: Size = (80, 24), app: App[None] | None = None
) -> AsyncIterator[Comparing]:
    app = app or Alone()
    async with app.run_test(size=size) as pilot:
        screen = CompareScreen(store, refs)
        await app.push_screen(screen)
        found = Comparing(app, pilot, screen)
        await found.settled()
        yield found


@pytest.mark.parametrize("size", SIZES)
async def test_variants_stand_in_a_table_the_worst_first(store: Path, size: Size) -> None:
    async with comparing(store, "both", size=size) as c:
        check_golden("compare", size, c.text)


@pytest.mark.parametrize("size", SIZES)
async def test_two_sessions_have_bands_where_their_noise_is_known(store: Path, size: Size) -> None:
    async with comparing(store, "before", "after", size=size) as c:
        await c.press("d")
        check_golden("compare-sessions", size, c.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_picture_of_a_profile_fills_the_screen(store: Path, size: Size) -> None:
    async with comparing(store, "both", size=size) as c:
        await c.press("enter")
        check_golden("compare-large", size, c.text)
        await c.press("escape")
        assert "geometric mean" in c.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("v", "values"),
        ("c", "curves"),
        ("R", "rounds"),
        ("s", "sides"),
        ("n", "besides"),
        ("H", "history"),
    ],
)
async def test_each_picture_has_its_key(store: Path, key: str, name: str, size: Size) -> None:
    async with comparing(store, "before", "after", "later", size=size) as c:
        await c.press(key)
        check_golden(f"compare-{name}", size, c.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_heat_map_shows_when_one_side_stalled(store: Path, size: Size) -> None:
    async with comparing(store, "calm", "stalled", size=size) as c:
        await c.press("h")
        check_golden("compare-heat", size, c.text)


async def test_the_rounds_of_variants_show_which_was_first(store: Path) -> None:
    async with comparing(store, "both") as c:
        await c.press("R")
        assert c.line_with("AB").split() == ["AB", "BA"] * 4


async def test_the_pictures_follow_the_cursor(store: Path) -> None:
    async with comparing(store, "both", size=(120, 40)) as c:
        assert "search.worst [d difference]" in c.text
        await c.press("j", "c")
        assert "search.list-recent  d difference  v values [c curves]" in c.text
        await c.press("end")
        assert "get.many" in c.line_with("[c curves]")


async def test_a_click_moves_the_cursor_and_one_more_opens_the_picture(store: Path) -> None:
    async with comparing(store, "both") as c:
        await c.pilot.click("#forest", offset=(5, 2))
        await c.settled()
        assert c.line_with("▸").startswith("▸get.by-id")
        await c.pilot.click("#forest", offset=(5, 2))
        await c.settled()
        assert "get.by-id [d difference]" in c.text


async def test_a_click_opens_a_picture(store: Path) -> None:
    async with comparing(store, "both", size=(120, 40)) as c:
        line = c.line_with("R rounds")
        await c.pilot.click("#pictures", offset=(line.index("R rounds") + 2, 0))
        await c.settled()
        assert "[R rounds]" in c.text


async def test_the_comparison_is_written_as_markdown(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "compare-main-work.md"
    async with comparing(store, "both") as c:
        await c.pilot.press("e", "enter")
        await c.until(lambda: c.app.screen is c.screen)
        text = file.read_text(encoding="utf-8")
        assert text.startswith("### work against main")
        assert "| <code><bdi>search.worst</bdi></code> | p95 |" in text
        file.write_text("other", encoding="utf-8")
        await c.pilot.press("e", "enter")
        await c.pilot.pause()
        assert file.read_text(encoding="utf-8") == "other"
        await c.pilot.press("enter")
        await c.until(lambda: c.app.screen is c.screen)
        assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("size", [(20, 4), (60, 15), (300, 90)])
async def test_any_terminal_shows_something(store: Path, size: Size) -> None:
    async with comparing(store, "both", size=size) as c:
        for key in ("d", "c", "R", "h", "s", "n", "H", "enter"):
            await c.press(key)
        await c.pilot.resize_terminal(80, 24)
        await c.until(lambda: "main ⟷ work" in c.text)


async def test_sides_of_two_machines_are_compared_by_force_only(store: Path) -> None:
    async with comparing(store, "before", "other") as c:
        assert "cannot be compared: cpu: x → y" in c.text
        await c.press("f")
        assert "? cannot tell" in c.line_with("search.worst")
        await c.press("f")
        assert "cannot be compared: cpu: x → y" in c.text


@pytest.mark.parametrize(
    ("refs", "why"),
    [
        (("before", "unknown"), "they have no profile in common"),
        (("before",), "has no variants to compare"),
        (("before", "nowhere"), "nowhere"),
    ],
)
async def test_what_cannot_be_compared_shows_why(
    store: Path, refs: tuple[str, ...], why: str
) -> None:
    async with comparing(store, *refs) as c:
        assert why in " ".join(c.text.split())
        await c.press("d", "enter", "tab", "j", "f")
        assert why in " ".join(c.text.split())


async def test_each_of_several_is_compared_with_the_first(store: Path) -> None:
    async with comparing(store, "before", "after", "later") as c:
        assert "before ⟷ after  (1 of 2)" in c.text
        assert "▲ slower" in c.line_with("search.worst")
        await c.press("tab")
        assert "before ⟷ later  (2 of 2)" in c.text
        assert "▼ faster" in c.line_with("▸search.worst")
        await c.press("shift+tab")
        assert "before ⟷ after" in c.text


@pytest.mark.parametrize("large", [False, True])
async def test_the_cursor_stays_on_its_profile_from_one_comparison_to_the_next(
    store: Path, large: bool
) -> None:
    async with comparing(store, "before", "after", "partial") as c:
        await c.press("j", *["enter"] * large, "tab", *["enter"] * large)
        assert "(2 of 2)" in c.text
        assert "search.worst" not in c.text
        assert c.line_with("▸").startswith("▸get.by-id")
        await c.press("tab", "k", "tab")
        assert c.line_with("▸").startswith("▸get.by-id")


async def test_keys_of_a_person_stand_on_the_screen(store: Path) -> None:
    app = Alone()
    app.own_keys = {"compare": {"curves": ("x",), "force": ("F",)}}
    async with comparing(store, "before", "other", app=app) as c:
        assert "F shows their numbers" in c.text
        await c.press("F")
        await c.press("x")
        assert "[x curves]" in c.text


@pytest.mark.parametrize(
    ("rounds", "text"),
    [
        ((2, 2), "no band: it needs 3 rounds or more"),
        ((2, 3), "no band of A: it needs 3 rounds or more"),
    ],
)
async def test_curves_of_two_rounds_have_no_band(
    tmp_path: Path, rounds: tuple[int, int], text: str
) -> None:
    path = tmp_path / "snapshots.db"
    for seed, number in enumerate(rounds):
        runs = one_side(seed, {"search.worst": 1.0}, number)
        await write_session(path, f"s{seed}", runs, rounds=number)
    async with comparing(path, "s0", "s1") as c:
        await c.press("c")
        assert text in c.text
        assert ("95 % of each side alone" in c.text) == (3 in rounds)
        assert ("▒" in c.text) == (3 in rounds)


async def test_the_comparison_is_copied_as_markdown(store: Path) -> None:
    async with comparing(store, "both") as c:
        await c.press("y")
        assert c.app.clipboard.startswith("### work against main")


async def test_the_newest_session_of_variants_is_compared_from_the_palette(store: Path) -> None:
    variants = [run_view(0, CATALOG.profiles[0], state="finished", variant="main", operations=9)]
    view = session_view(*variants, session="id-both", state="finished", stored=True)
    async with bench() as b:
        b.main._store = str(store)
        assert "Compare screen" not in titles(b)
        await b.show(msgspec.structs.replace(view, stored=False))
        assert "Compare screen" not in titles(b)
        await b.show(view)
        assert "Compare screen" in titles(b)
        await b.main.run_action("compare")
        await b.until(lambda: "▲ slower" in b.text)
        assert "main ⟷ work" in b.text
        assert "▲ slower" in b.line_with("search.worst")
        await b.press("escape")
        assert b.app.screen is b.main


def titles(b: Bench) -> set[str]:
    """What the palette offers."""
    return {command.title for command in b.app.get_system_commands(b.app.screen)}
