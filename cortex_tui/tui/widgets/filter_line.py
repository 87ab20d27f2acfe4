"""The line in which a filter is typed; the list follows each letter."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Input

from cortex_tui.tui.dialog_actions import DIALOG_ACTIONS
from cortex_tui.tui.own_keys import bind, own_actions, shown_key


class FilterLine(Input):
    """It is confirmed, which keeps the filter, or cleared, with the keys of dialogs."""

    DEFAULT_CSS = """
    FilterLine {
        height: 1; border: none; padding: 0 1; background: $panel;
        &:ansi .input--cursor, &:ansi .input--selection {
            color: ansi_default; background: ansi_default; text-style: reverse;
        }
    }
    """

    class Cleared(Message):
        """No filter is wanted."""

    def __init__(self, filter_: str, what: str = "parts of a name or workload, @tag") -> None:
        """`filter_` is what there is already: more can be typed behind it."""
        super().__init__(filter_, compact=True, select_on_focus=False)
        self.cursor_position = len(filter_)
        table = own_actions(self.app, "dialogs", DIALOG_ACTIONS)
        bind(self, table, DIALOG_ACTIONS)
        keeps, clears = (shown_key(table, name) for name in ("confirm", "cancel"))
        does = f"{keeps} keeps it, {clears} clears it"
        self._hints = f"filter: {what}; {does}", f"filter; {does}"
        self.placeholder = self._hints[0]

    def on_resize(self) -> None:
        """The keys are named in a narrow terminal, too."""
        whole, short = self._hints
        self.placeholder = whole if len(whole) < self.size.width else short

    def on_mount(self) -> None:
        self._selecting_elsewhere = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        # What an input subscribes with has the input itself: the screen would keep each that was
        # closed, 27 kB, until text is selected somewhere with the mouse.
        self._selecting_elsewhere.unsubscribe(self)

    async def action_confirm(self) -> None:
        await self.action_submit()

    def action_cancel(self) -> None:
        self.post_message(self.Cleared())

    async def action_choose_up(self) -> None:
        await self.run_action("screen.move('up')")

    async def action_choose_down(self) -> None:
        await self.run_action("screen.move('down')")

    async def action_read_on(self) -> None:
        await self.run_action("screen.move('page_down')")

    async def action_read_back(self) -> None:
        await self.run_action("screen.move('page_up')")
