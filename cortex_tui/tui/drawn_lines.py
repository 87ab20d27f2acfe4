"""Lines that Textual has drawn are freed as soon as they are replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from rich.style import Style
from textual.strip import Strip


@cache
def free_drawn_lines_at_once() -> None:
    """Has Textual keep no line in a cache of that line itself.

    A line that is cut where it ends anyway is its own result, and Textual keeps it so: it then
    refers to itself and waits for garbage collection. That was nearly all garbage of a frame, and
    what was on the screen when objects were frozen stayed until the session's end: 120 looks at
    four tabs each left 17,000 objects.
    """
    divide, crop_extend = Strip.divide, Strip.crop_extend

    def divided(self: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
        within = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if within == [self.cell_length] else divide(self, within)

    def cropped(self: Strip, start: int, end: int, style: Style | None) -> Strip:
        return (
            self if start <= 0 and end == self.cell_length else crop_extend(self, start, end, style)
        )

    # Not as attributes of the class: those are methods to the type checker, which are not assigned.
    setattr(Strip, "divide", divided)  # noqa: B010
    setattr(Strip, "crop_extend", cropped)  # noqa: B010
