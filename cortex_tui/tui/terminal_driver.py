"""How the workbench reads and draws in a terminal: Textual's way, and it may be suspended."""

from __future__ import annotations

from contextlib import suppress

from textual.drivers.linux_driver import LinuxDriver

_NO_KEY_PROTOCOL = "\x1b[<u"


class TerminalDriver(LinuxDriver):
    """Continues once, whatever has stopped it.

    Textual begins anew at each SIGCONT, but ends what there was only at a SIGTSTP. After a SIGSTOP
    two threads would share what is typed, so keys would change places. Left, the program would wait
    for one of them for ever, and the terminal would stay in the modes of the screen.
    """

    def _sigcont_application(self, *signal: object) -> None:
        # On the loop: a handler may interrupt a write, whose lock it would then wait for.
        with suppress(RuntimeError):  # it is closed
            self._loop.call_soon_threadsafe(self._continue, *signal)

    def _continue(self, *signal: object) -> None:
        # A terminal that goes away sends one behind each SIGHUP. While the program leaves, nobody
        # would end the thread any more that reads keys, and the process would wait for it.
        if self._app.is_running:
            super()._sigcont_application(*signal)

    def start_application_mode(self) -> None:
        reading = self._key_thread
        if reading is None or not reading.is_alive():
            super().start_application_mode()  # type: ignore[no-untyped-call]
            return
        self.exit_event.set()
        reading.join()
        self.exit_event.clear()
        self.write(_NO_KEY_PROTOCOL)
        self.close()
        before = self.attrs_before
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.attrs_before = before
