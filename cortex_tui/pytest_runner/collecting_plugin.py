"""Has pytest collect a project's tests, and writes which of them can be measured."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from cortex_tui.pytest_runner.plugin import OptionsPlugin
from cortex_tui.pytest_runner.profiles import Collected, FoundTest
from cortex_tui.pytest_runner.settings import FIXTURES, settings_of


class CollectingPlugin(OptionsPlugin):
    """Notes the tests that use the fixture."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        config = session.config
        tests = [item for item in session.items if _measures(item)]
        given = config.invocation_params
        ours = {"--collect-only", "-q"}
        options = [word for word in given.args if word not in (*config.args, *ours)]
        found = Collected(
            folder=str(given.dir),
            rootdir=str(config.rootpath),
            options=shlex.join(map(str, options)),
            tests=tuple(map(_found, tests)),
            others=len(session.items) - len(tests),
        )
        self._file.write_bytes(msgspec.json.encode(found))


def _measures(item: pytest.Item) -> bool:
    return any(name in getattr(item, "fixturenames", ()) for name in FIXTURES)


def _found(item: pytest.Item) -> FoundTest:
    settings = settings_of(item)
    words = inspect.getdoc(getattr(item, "function", None)) or ""
    return FoundTest(
        node_id=item.nodeid,
        path=os.path.realpath(item.path),
        summary=words.partition("\n")[0],
        group=settings.group,
        max_time_ns=settings.max_time_ns,
    )


def collect_into(file: str, arguments: Sequence[str]) -> int:
    """Writes what it found into the file as JSON. pytest prints, and exits, as it always does."""
    plugin = CollectingPlugin(Path(file))
    return pytest.main([*arguments, "--collect-only", "-q"], plugins=[plugin])
