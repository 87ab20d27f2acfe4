"""docs/architecture.md is what the code is: its rooms, their arrows, the stages of a run."""

from __future__ import annotations

import re

from cortex_tui.protocol import messages
from cortex_tui.protocol.lifecycle import TRANSITIONS
from cortex_tui.results.view import SessionView
from tests.import_graph import ROOT, arrows, modules, without_detours
from tests.unit.test_import_rules import ALLOWED, LOWEST

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DIAGRAMS = {
    title: text
    for text in re.findall(r"^```mermaid\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for title in re.findall(r"accTitle: (.+)", text)
}


def drawn(title: str) -> set[tuple[str, str]]:
    """The arrows of a diagram, of one with two heads both; `[*]` is the beginning or the end."""
    found = set()
    for start, arrow, end in re.findall(
        r"^ *(\S+) (<?-->) (\w+|\[\*\])", DIAGRAMS[title], re.MULTILINE
    ):
        found.add((start, end))
        if arrow == "<-->":
            found.add((end, start))
    return found


def test_the_arrows_between_rooms_are_those_of_the_imports() -> None:
    rooms = {*ALLOWED, "cortex_tui.cli"} - LOWEST
    real = without_detours(arrows(rooms))
    assert drawn("The rooms and what they import") == {
        (start.removeprefix("cortex_tui."), end.removeprefix("cortex_tui.")) for start, end in real
    }


def test_the_list_has_every_room() -> None:
    (listed,) = re.findall(r"^```text\n(core/cortex_core/.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    named = {name.removesuffix(".py") for name in re.findall(r"^  (\w+(?:\.py)?)", listed, re.M)}
    real = {name.split(".")[1] for name in modules() if name.startswith("cortex_tui.")}
    assert named == real - {"__main__"}


def test_the_stages_of_a_run_follow_each_other_as_in_the_code() -> None:
    real = {(stage, after) for stage, all_after in TRANSITIONS.items() for after in all_after}
    assert drawn("The stages of a run") == real | {("[*]", "planned"), ("ended", "[*]")}


def test_modules_and_messages_that_the_page_names_exist() -> None:
    path = DIAGRAMS["The path of a measurement"]
    for name in re.findall(r"\|(Samples|SessionView)\b", path):
        assert hasattr(messages, name) or name == SessionView.__name__
    files = [f"/{file.relative_to(ROOT)}" for file in modules().values()]
    files += [f"/{file.relative_to(ROOT)}" for file in (ROOT / "tests").rglob("*.py")]
    in_diagram = re.findall(r"\[(\S+\.py)\]", path)
    assert in_diagram
    for name in {*in_diagram, *re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE)}:
        assert any(file.endswith(f"/{name}") for file in files), name
