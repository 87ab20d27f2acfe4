"""The frame of a dialog. Where the terminal is too low for all in it, some parts take fewer lines
and scroll; the others, such as the input and the line of keys, stay in sight."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget
from textual.widgets import Static

from cortex_tui.tui.widgets.choice import Choice


class Part(VerticalScroll, can_focus=False, inherit_bindings=False):
    """A part that scrolls where there is no room for all of it."""

    # The bar is in the column that pads the frame: no line is wrapped anew when it comes.
    DEFAULT_CSS = """
    Part {
        height: auto; overflow: hidden auto; scrollbar-size: 0 1; scrollbar-gutter: stable;
    }
    """


class PartText(Part):
    """A text."""

    def __init__(self, text: str, **options: Any) -> None:
        """`options` are those of Textual's widgets."""
        super().__init__(**options)
        self._static = Static(text, markup=False)

    def compose(self) -> ComposeResult:
        yield self._static

    def update(self, text: str) -> None:
        """Another text, from its beginning."""
        self._static.update(text)
        self.scroll_home(animate=False)


class PartChoice(Part):
    """A choice, with the chosen line in sight."""

    def __init__(self, *labels: str) -> None:
        super().__init__()
        self._choice = Choice(*labels)

    def compose(self) -> ComposeResult:
        yield self._choice

    def on_mount(self) -> None:
        self.watch(self._choice, "chosen", self._show_chosen, init=False)

    def on_resize(self) -> None:
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Scrolls by as little as it takes."""
        chosen, rows = self._choice.chosen, self.size.height
        top = max(chosen - rows + 1, min(self.scroll_offset.y, chosen))
        self.scroll_to(y=top, animate=False, force=True)


class _InRoom(VerticalLayout):
    """One below the other. The lines that lack are the blank ones first, then lines of the parts
    that scroll, each of the one that is the tallest."""

    name = "in_room"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        placed = super().arrange(parent, children, size, greedy)
        if not placed or not size.height:  # without one, it is asked how many lines it takes
            return placed
        blanks, heights, before = [], [], 0
        for each in placed:
            blanks.append(each.region.y - before)
            heights.append(each.region.height)
            before = each.region.bottom
        lacking = before + placed[-1].margin.bottom - size.height
        parts = [at for at, each in enumerate(placed) if isinstance(each.widget, Part)]
        for at in range(len(blanks)):
            given = max(0, min(blanks[at], lacking))
            blanks[at] -= given
            lacking -= given
        while lacking > 0 and parts:
            tallest = max(parts, key=heights.__getitem__)
            if heights[tallest] == 1:
                break
            heights[tallest] -= 1
            lacking -= 1
        found, y = [], 0
        for each, blank, height in zip(placed, blanks, heights, strict=True):
            region = Region(each.region.x, y + blank, each.region.width, height)
            found.append(each._replace(region=region))
            y = region.bottom
        return found


class Frame(Vertical):
    """Has its parts one below the other."""

    DEFAULT_CSS = """
    Frame {
        max-width: 96%; height: auto; max-height: 100%;
        background: $surface; border: round $primary; padding: 0 0 0 1;
        & > * { margin-right: 1; }
        & > Part { margin-right: 0; }
    }
    """

    @property
    def layout(self) -> Layout:
        return _IN_ROOM


_IN_ROOM = _InRoom()
