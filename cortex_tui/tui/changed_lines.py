"""Of a screen that has changed in places, only these are rendered and written.

Textual renders every widget between the first line that changed and the last, and looks at each of
its lines, changed or not; and a line of a widget goes through five copies, for borders, tints and
links that it may have. That was half of what a frame takes.

Until then each widget that has changed takes a turn of its own, for a message to the screen, which
takes some more and a timer: a fifth of a frame. Here the screen knows of them at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple, Self

from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate
from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.geometry import Offset, Region
from textual.screen import Screen, ScreenResultType
from textual.strip import Strip
from textual.widget import Widget


class DrawsLines(Widget):
    """A widget that can render some of its lines without the others."""

    def lines_within(self, crop: Region) -> list[Strip] | None:
        """What is there, as `Widget.render_lines` has it; None where that is to be asked."""
        raise NotImplementedError  # each kind of widget has its own lines

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        screen = self._screen_of_lines
        if not regions or not repaint or layout or recompose or screen is None:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        # Its styles are as they were, so nothing of what is kept of them is forgotten.
        self._set_dirty(*regions)
        screen.draw_soon(self)
        return self

    @property
    def _screen_of_lines(self) -> LineScreen[Any] | None:
        """The screen, if this is on it, and it takes regions that have changed."""
        if self.is_mounted and not self._closing:
            with suppress(NoScreen):
                screen = self.screen
                if isinstance(screen, LineScreen) and screen.DRAWS_AT_ONCE:
                    return screen
        return None


class _Place(NamedTuple):
    """Neighbouring lines of a widget, from one column to another."""

    y: int
    x: int
    until: int
    lines: int
    widget: Widget
    region: Region
    """Of the whole widget."""

    @property
    def strips(self) -> list[Strip]:
        y, x, until, lines, widget, region = self
        crop = Region(x - region.x, y - region.y, until - x, lines)
        found = widget.lines_within(crop) if isinstance(widget, DrawsLines) else None
        return widget.render_lines(crop) if found is None else found


class LinesUpdate(CompositorUpdate):
    """Pieces of lines, each with the column and the line where it begins."""

    def __init__(self, pieces: list[tuple[int, int, Strip]]) -> None:
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        return "".join(
            [f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self.pieces]
        )


class LineCompositor(Compositor):
    """Textual's, which has the changed lines rendered and no others."""

    def render_partial_update(self) -> ChopsUpdate | None:
        regions = self._dirty_regions.copy()
        self._dirty_regions.clear()
        pieces = [
            (place.x, place.y + at, strip)
            for place in _joined(self._places(regions))
            for at, strip in enumerate(place.strips)
        ]
        # Whoever takes it asks for no more than that it can be rendered.
        return LinesUpdate(pieces) if pieces else None  # type: ignore[return-value]

    def get_style_at(self, x: int, y: int) -> Style:
        return Style.null() if self._draws_lines_at(x, y) else super().get_style_at(x, y)

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        if widget := self._draws_lines_at(x, y):
            return widget, None
        return super().get_widget_and_offset_at(x, y)

    def _draws_lines_at(self, x: int, y: int) -> Widget | None:
        """The widget there if it draws its lines itself. They have no links in them and cannot be
        selected; and it takes what it is asked for as drawn, so nothing else may ask for it."""
        with suppress(NoWidget):
            widget, _ = self.get_widget_at(x, y)
            if isinstance(widget, DrawsLines):
                return widget
        return None

    def _places(self, regions: set[Region]) -> Iterator[_Place]:
        """Where these regions lie, line by line: what is in front covers what is behind it."""
        layers = self.layers_visible
        for y, start, end in self._regions_to_spans(regions):
            if not 0 <= y < len(layers):
                continue
            free = [(start, end)]
            for widget, shown, region in layers[y]:
                rest: list[tuple[int, int]] = []
                for left, right in free:
                    x, until = max(left, shown.x), min(right, shown.right)
                    if x >= until:
                        rest.append((left, right))
                        continue
                    yield _Place(y, x, until, 1, widget, region)
                    rest += [(a, b) for a, b in ((left, x), (until, right)) if a < b]
                free = rest
                if not free:
                    break


def _joined(places: Iterator[_Place]) -> list[_Place]:
    """Those below each other as one: what is asked of a widget costs something each time."""
    found: list[_Place] = []
    growing: dict[tuple[int, int], int] = {}
    """By columns: which of `found` may have another line below."""
    for place in places:
        columns = place.x, place.until
        at = growing.get(columns)
        if at is not None:
            above = found[at]
            if above.widget is place.widget and above.y + above.lines == place.y:
                found[at] = above._replace(lines=above.lines + 1)
                continue
        growing[columns] = len(found)
        found.append(place)
    return found


class LineScreen(Screen[ScreenResultType]):
    """Of widgets that can draw lines; what has changed of them is drawn in one pass."""

    DRAWS_AT_ONCE: ClassVar[bool] = False
    """Whether that is at the next turn of the loop, for a screen with frames. What is called after
    a refresh then comes before a layout that a widget has yet to ask for."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LineCompositor()
        self._changed: set[Widget] = set()
        self._when_drawn: list[Callable[[], object]] = []

    def draw_soon(self, widget: Widget) -> None:
        """To be called when regions of a widget were marked as dirty."""
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._draw_changed_or_fail)
        self._changed.add(widget)

    def when_drawn(self, callback: Callable[[], object]) -> None:
        """Has it called once all that has changed is written."""
        if self._changed:
            self._when_drawn.append(callback)
        else:
            self.call_after_refresh(callback)

    def _draw_changed_or_fail(self) -> None:
        try:
            self._draw_changed()
        except Exception as error:
            # As Textual has it: else the loop would log it, and the workbench run on.
            self.app._handle_exception(error)

    def _draw_changed(self) -> None:
        callbacks, self._when_drawn = self._when_drawn, []
        self._dirty_widgets |= self._changed
        self._changed.clear()
        if self._waits_for_textual:
            self.check_idle()
            for callback in callbacks:
                self.call_after_refresh(callback)
            return
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor_refresh()
        for callback in callbacks:
            callback()

    @property
    def _waits_for_textual(self) -> bool:
        """Whether more is to be done than to draw lines: it knows in which order."""
        required = (
            self._layout_required,
            self._scroll_required,
            self._repaint_required,
            self._recompose_required,
        )
        return any(required) or self.app._batch_count > 0 or not self.is_current
