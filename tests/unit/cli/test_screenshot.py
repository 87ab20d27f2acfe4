"""`cortex-tui screenshot`: a stored session as a picture that needs nothing but itself."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cortex_tui.store.port import open_store
from cortex_tui.tui.compare_actions import TABS
from cortex_tui.tui.panes.registry import PANES
from cortex_tui.tui.self_contained import self_contained
from tests.comparisons import make_store
from tests.unit.cli.door import Answer, call
from tests.unit.store import samples

SESSION = "20250101T100000-aaaaaa"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one session, of two profiles; no test may write to it."""
    path = tmp_path_factory.mktemp("store") / "sessions.db"

    async def write() -> None:
        async with await open_store(path) as opened:
            await opened.begin_session(samples.session(SESSION, environment={"usable_cores": 3}))
            await opened.write(samples.batch(SESSION, state="finished", count=12))
            await opened.finish_session(SESSION, "finished")
            await opened.name_snapshot("before", SESSION, None)

    asyncio.run(write())
    return path


def shot(
    capsys: pytest.CaptureFixture[str], store: Path, *options: str, ref: str = "before"
) -> Answer:
    return call(capsys, "screenshot", ref, "--store", str(store), *options)


CELL = 12.2
"""How wide a cell is in a picture."""


def text_of(svg: str) -> str:
    """What the picture shows, as a terminal would."""
    lines: dict[float, str] = {}
    for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if "clip-path" in each.attrib:
            y, column = float(each.attrib["y"]), round(float(each.attrib["x"]) / CELL)
            before = lines.get(y, "").ljust(column)
            lines[y] = before + (each.text or "").replace("\xa0", " ").strip("\n")
    return "\n".join(line for _, line in sorted(lines.items()))


def addresses_in(svg: str) -> set[str]:
    return set(re.findall(r"[a-z]+://[^\s\"')]+", svg))


def test_the_first_tab_of_the_first_profile_is_shown(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    code, svg, _ = shot(capsys, store)
    assert code == 0
    text = text_of(svg)
    assert "stored before: esc returns" in text
    assert "search.simple-text  done" in text


def test_it_needs_nothing_from_elsewhere(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    svg = shot(capsys, store).out
    assert addresses_in(svg) == {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in svg
    assert set(re.findall(r"url\((.)", svg)) <= {"#"}


def test_blocks_are_rectangles_that_leave_no_gaps() -> None:
    """Fonts differ in how high their lines are; the picture's lines are 24.4 high."""
    text = '<text class="r1" x="{}" y="{}" textLength="9" clip-path="url(#a)">{}</text>'
    upper, lower = text.format(12.2, 20, "▄▄&#160;█"), text.format(24.4, 44.4, "▀▌▌")
    mixed = text.format(0, 68.8, "p99 █ &lt;▀")
    svg = self_contained(f"<svg>{upper}{lower}{mixed}</svg>")
    assert svg.count("<text") == 1
    assert mixed in svg
    found = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        for each in ElementTree.fromstring(svg).iter("rect")
    ]
    assert found == [
        (12.2, 13.7, 24.4, 12.2),
        (48.8, 1.5, 12.2, 24.4),
        (24.4, 25.9, 12.2, 12.2),
        (36.6, 25.9, 6.1, 24.4),
        (48.8, 25.9, 6.1, 24.4),
    ]


@pytest.mark.parametrize("tab", PANES)
def test_every_tab_can_be_drawn_and_comes_out_the_same_twice(
    capsys: pytest.CaptureFixture[str], store: Path, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--tab", tab, "--profile", "search.steady", "--size", "100x30")
    code, svg, _ = shot(capsys, store, *options)
    assert code == 0
    assert "▸[ ]!steady" in text_of(svg)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("textual.constants.DEFAULT_THEME", "nord")
    assert shot(capsys, store, *options).out == svg


def test_the_curves_of_all_profiles_can_be_in_one_picture(
    capsys: pytest.CaptureFixture[str], compared: str
) -> None:
    words = ("--store", compared, "--together", "--size", "160x50")
    code, svg, _ = shot(capsys, Path(compared), *words, ref="calm")
    assert code == 0
    names = [line for line in text_of(svg).splitlines() if " p50 " in line]
    assert len(names) > 1


def test_a_session_without_runs_can_be_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = tmp_path / "sessions.db"

    async def write() -> None:
        async with await open_store(store) as opened:
            await opened.begin_session(
                samples.session("20250102T100000-bbbbbb", environment={"usable_cores": "x"})
            )
            await opened.finish_session("20250102T100000-bbbbbb", "stopped")

    asyncio.run(write())
    for tab in PANES:
        code, svg, _ = shot(capsys, store, "--tab", tab, ref="20250102T100000-bbbbbb")
        assert code == 0
        assert "stored 20250102T100000-bbbbbb" in text_of(svg)


def test_a_theme_changes_the_colours_and_nothing_else(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    dark, light = (
        shot(capsys, store, "--theme", name).out for name in ("textual-dark", "textual-light")
    )
    assert dark != light
    assert text_of(dark) == text_of(light)


def test_a_file_is_written_whole(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "picture.svg"
    code, out, err = shot(capsys, store, "-o", str(file))
    assert (code, out) == (0, "")
    assert err == f"written to {file}\n"
    assert file.read_text(encoding="utf-8").startswith("<svg ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tab", "heat"], "--tab: no tab "),
        (["--profile", "search.simple"], 'did you mean "search.simple-text"'),
        (["--theme", "blue"], "--theme: no theme"),
        (["--together", "--tab", "log"], "--together is of the tab percentiles"),
        (["--size", "10x10"], "expected columns and rows such as 120x40"),
        (["--size", "x"], "expected columns and rows such as 120x40"),
        (["--size", "99999x40"], "expected columns and rows such as 120x40"),
        (["-o", "picture.png"], "expected a file that ends in .svg"),
        (["-o", "gone/picture.svg"], "cannot be written: No such file or directory"),
    ],
)
def test_what_is_not_there_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], store: Path, options: list[str], message: str
) -> None:
    code, out, err = shot(capsys, store, *options)
    assert (code, out) == (2, "")
    assert message in err


def other_screen(capsys: pytest.CaptureFixture[str], *words: str) -> Answer:
    return call(capsys, "screenshot", "--size", "80x24", *words)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("compared") / "snapshots.db"
    make_store(file)
    return str(file)


def test_the_library_can_be_drawn(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    words = ("--screen", "library", "--store", str(store))
    code, svg, _ = other_screen(capsys, *words, "before")
    assert code == 0
    assert "Stored  1 session" in text_of(svg)
    assert "finished" in text_of(svg)
    assert other_screen(capsys, *words).out == svg


@pytest.mark.parametrize("tab", ["", *(tab.name for tab in TABS)])
def test_comparisons_can_be_drawn(
    capsys: pytest.CaptureFixture[str], compared: str, tab: str
) -> None:
    words = ["--screen", "compare", "--store", compared, "calm", "stalled"]
    words += ["--tab", tab] if tab else []
    code, svg, _ = other_screen(capsys, *words)
    assert code == 0
    assert "calm ⟷ stalled" in text_of(svg)
    assert "…" not in text_of(svg).splitlines()[4]  # nothing is being read
    assert other_screen(capsys, *words).out == svg


def test_the_profile_of_a_comparison_can_be_chosen(
    capsys: pytest.CaptureFixture[str], compared: str
) -> None:
    words = ("--screen", "compare", "--store", compared, "both", "--profile", "get.by-id")
    assert "▸get.by-id" in text_of(other_screen(capsys, *words).out)


def test_the_form_of_a_profile_can_be_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    suite = tmp_path / "shop.toml"
    suite.write_text('[profile.pay]\nworkload = "shop:pay"\nduration = "7s"\n', encoding="utf-8")
    words = ("--screen", "form", "--profiles", str(suite))
    code, svg, _ = other_screen(capsys, *words, "--profile", "shop.pay")
    assert code == 0
    assert "duration       7s" in text_of(svg)
    assert other_screen(capsys, *words, "--profile", "shop.pray").code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--screen session: expected one session, got 0"),
        (("before", "after"), "--screen session: expected one session, got 2"),
        (("--screen", "compare"), "expected one session of variants, or several, got 0"),
        (("--screen", "compare", "before"), "has no variants to compare"),
        (("--screen", "compare", "before", "other"), "cannot be compared: cpu: x → y"),
        (("--screen", "compare", "both", "--tab", "heatmap"), "no tab"),
        (("--screen", "compare", "both", "--profile", "get.it"), "no profile"),
        (("--screen", "library", "nowhere"), "nowhere"),
        (("--screen", "library", "--tab", "log"), "--tab cannot be used with --screen library"),
        (("--screen", "form", "before"), "--screen form: expected no session, got 1"),
        (("before", "--profiles", "."), "--profiles cannot be used with --screen session"),
    ],
)
def test_what_a_screen_has_no_place_for_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], compared: str, words: tuple[str, ...], message: str
) -> None:
    code, out, err = other_screen(capsys, "--store", compared, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_an_unknown_session_is_an_error(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    assert shot(capsys, store, ref="nothing").code == 2
    assert "nothing" in shot(capsys, store, ref="nothing").err
    gone = call(capsys, "screenshot", "before", "--store", str(store.with_name("gone.db")))
    assert gone.code == 2
    assert "there is no store" in gone.err


ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_documents_show_the_pictures_that_there_are() -> None:
    shown = {
        (file.parent / link).resolve()
        for file in DOCUMENTS
        for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read_text(encoding="utf-8"))
    }
    there = set((ROOT / "docs" / "pictures").glob("*.svg"))
    assert shown == there
    for file in there:
        svg = file.read_text(encoding="utf-8")
        assert addresses_in(svg) == {"http://www.w3.org/2000/svg"}
        ElementTree.fromstring(svg)


def test_the_session_of_the_pictures_can_be_opened(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = tmp_path / "sample.db"
    store.write_bytes((ROOT / "docs" / "pictures" / "sample.db").read_bytes())
    code, svg, _ = shot(capsys, store, "--profile", "shop.checkout", ref="sample")
    assert code == 0
    assert "shop.checkout  done" in text_of(svg)


def test_the_guide_to_load_models_has_the_suite_that_its_picture_is_of() -> None:
    page = (ROOT / "docs" / "guides" / "load-models.md").read_text(encoding="utf-8")
    for name in ("stall.py", "stall.toml"):
        (shown,) = re.findall(rf'title="profiles/{name}"\n(.*?)```', page, re.DOTALL)
        _, _, measured = (ROOT / "docs" / "pictures" / name).read_text("utf-8").partition("\n\n")
        assert shown == measured
