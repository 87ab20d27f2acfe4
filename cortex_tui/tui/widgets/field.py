"""A line of a form: its name, what is typed, and what is wrong with that below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from cortex_tui.tui.actions import Action
from cortex_tui.tui.dialog_actions import FORM_ACTIONS
from cortex_tui.tui.own_keys import bind
from cortex_tui.tui.widgets.steady_input import SteadyInput
from cortex_tui.tui.widgets.steady_text import SteadyText

LABEL_WIDTH = 15


class FieldInput(SteadyInput):
    """The line that is typed. Where it is empty, it shows what holds instead, and the right arrow
    takes that over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "right", "right", show=False, tooltip="Right", id="field-right"),
    ]
    DEFAULT_CSS = """
    FieldInput {
        width: 1fr; height: 1; border: none; padding: 0; background: $surface;
        &:focus { background: $panel; }
        &:ansi .input--cursor, &:ansi .input--selection {
            color: ansi_default; background: ansi_default; text-style: reverse;
        }
    }
    """

    def __init__(self, key: str, line: str, table: Sequence[Action]) -> None:
        """`table` has the actions of the form, whose keys it takes itself: those that an input
        inherits for scrolling would decline them."""
        super().__init__(line, compact=True, select_on_focus=False)
        bind(self, table, FORM_ACTIONS, on="screen.")
        self.key = key
        self.inherited = ""
        """What holds while it is empty."""

    @property
    def can_take_over(self) -> bool:
        return bool(self.inherited) and not self.value

    def action_right(self) -> None:
        if self.can_take_over:
            self.value = self.inherited
            self.cursor_position = len(self.value)
        else:
            self.action_cursor_right()


class Field(Vertical):
    """Name, line and error of a key."""

    DEFAULT_CSS = f"""
    Field {{
        height: auto;
        & > Horizontal {{ height: 1; }}
        .label {{ width: {LABEL_WIDTH}; color: $text-muted; }}
        &.-changed .label {{ color: $text-warning; text-style: bold; }}
        .error {{ display: none; color: $text-error; height: auto; padding-left: {LABEL_WIDTH}; }}
        &.-wrong .error {{ display: block; }}
    }}
    """

    def __init__(self, line: FieldInput, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.key = line.key
        self.input = line
        self._label = SteadyText(line.key, classes="label", markup=False)
        self._error = SteadyText("", classes="error", markup=False)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.input
        yield self._error

    @property
    def line(self) -> str:
        return self.input.value

    @line.setter
    def line(self, line: str) -> None:
        self.input.value = line

    @on(events.DescendantFocus)
    @on(events.Resize)
    def _scroll_into_sight(self) -> None:
        """With what is wrong, and not only what is typed."""
        if self.input.has_focus:
            self.scroll_visible(animate=False)

    def show(self, *, changed: bool, error: str, inherited: tuple[str, str] | None) -> None:
        """`inherited` is what holds while the line is empty, and where that comes from."""
        self.set_class(changed, "-changed")
        self.set_class(bool(error), "-wrong")
        self._label.update(f"{self.key} *" if changed else self.key)
        self._error.update(error)
        text, origin = inherited or ("", "")
        self.input.inherited = text
        self.input.placeholder = f"{text}  ({origin})" if inherited else ""
