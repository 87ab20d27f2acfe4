"""Dask as this program uses it: its settings, its log, and its errors in one line.

Imports Dask only where something here is called: that takes a second.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections import deque
from typing import Any

RUNNER_RESOURCE = "runner"
"""The resource of a Dask worker that is the number of runners it has room for."""
CONNECT_S = 10.0
"""How long a scheduler may take to answer."""

SETTINGS: dict[str, Any] = {
    # A worker that stops to answer is missed after that time, not after five minutes.
    "distributed.scheduler.worker-ttl": "10s",
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    # Dask accepts no less than 11 s.
    "distributed.comm.timeouts.tcp": "11s",
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
    # Whatever a worker does by itself disturbs what is measured on its machine.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
}
"""Of our own processes, and of those that Dask starts for us."""

NO_PAGES: dict[str, Any] = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""Of a scheduler or a worker: its web server cannot be left out, and would take port 8787 of all
addresses."""

_LOGGERS = ("distributed", "tornado", "asyncssh", "bokeh")
_MAX_LINES = 20


class Log(logging.Handler):
    """The newest lines of Dask's log, in place of stderr: that may be a screen."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[tuple[str, str]] = deque(maxlen=_MAX_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        for line in record.getMessage().strip().splitlines()[:1]:
            self._lines.append((record.name, line))

    def last(self, logger: str) -> str:
        """The newest line of that logger, "" for none."""
        return next((line for name, line in reversed(self._lines) if name == logger), "")


def check_installed() -> None:
    """Raises ImportError, without importing anything."""
    for name in ("distributed", "asyncssh"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def set_up() -> Log:
    """Imports Dask with our settings; what it logs from now on is in what is returned."""
    import dask
    from distributed.versions import VersionMismatchWarning

    dask.config.set(SETTINGS)
    # A table on stderr; `dask_versions` reports the same in a line.
    warnings.filterwarnings("ignore", category=VersionMismatchWarning)
    log = Log()
    for logger in map(logging.getLogger, _names_of_loggers()):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        if logger.name in _LOGGERS:
            logger.addHandler(log)
            logger.propagate = False
        else:
            logger.propagate = True
    return log


def _names_of_loggers() -> list[str]:
    known = [*logging.root.manager.loggerDict]
    return [name for name in known if name.partition(".")[0] in _LOGGERS] + list(_LOGGERS)


def reason_of(error: BaseException) -> str:
    """What is behind an error of Dask, in a line: its own text mostly has how long it tried."""
    seen: list[BaseException] = []
    last: BaseException | None = error
    while last is not None and last not in seen:
        seen.append(last)
        last = last.__cause__ or last.__context__
    texts = [str(each).strip() for each in seen]
    text = next((text for text in reversed(texts) if text), type(error).__name__)
    return text.splitlines()[0]
