"""A folder of this process for what targets write, in memory where the system has such a place."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

_IN_MEMORY = "/dev/shm"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    named = os.environ.get("TMPDIR")
    return tempfile.TemporaryDirectory(
        prefix="fuzz-", dir=named or (_IN_MEMORY if os.path.isdir(_IN_MEMORY) else None)
    )


def scratch() -> Path:
    return Path(_folder().name)
