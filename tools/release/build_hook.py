"""Adds to a wheel what is made from the commands: the man pages and the shells' completion."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SharedFiles(BuildHookInterface[Any]):
    """Part of the build of a wheel, not of an editable install. Not seen by the sdist, from which
    the same wheel is built."""

    PLUGIN_NAME = "custom"
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path[:0] = [self.root, str(Path(self.root) / "core")]
        from tools.release.shared_files import shared_files

        self._folder = tempfile.TemporaryDirectory()
        for place, text in shared_files(self.metadata.version, _date()).items():
            file = Path(self._folder.name) / Path(place).name
            file.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _date() -> str:
    """The day of the release; "" where the builder does not know it."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d}" if seconds else ""
