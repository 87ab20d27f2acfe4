"""How the workbench draws for a browser: into the pipe of the server that has started it."""

from __future__ import annotations

from typing import Any

from textual.drivers import web_driver
from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp

from cortex_tui.tui.any_bytes import accept_any_bytes
from cortex_tui.tui.watching import Unwatched, Watched

_MODES = "\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h\x1b[?25l\x1b[?2004h"
"""What `WebDriver.start_application_mode` has set in a terminal: another screen, reports of the
mouse, no cursor, pasted text in brackets."""


class ServedDriver(WebDriver):
    """Leaves when the server is gone, however that ended. A page that is loaded again is a terminal
    which knows nothing: it is sent all modes, and everything is drawn anew."""

    def run_input_thread(self) -> None:
        accept_any_bytes(web_driver)
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(ExitApp())

    def on_meta(self, packet_type: str, payload: dict[str, Any]) -> None:
        match packet_type:
            case "attach":
                self.write(_MODES)
                super().on_meta("resize", payload)
                self._app.post_message(Watched())
            case "leave":
                self._app.post_message(Unwatched())
            case _:
                super().on_meta(packet_type, payload)
