"""Pictures of the screen, as SVG files."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import platformdirs


def save_screenshot(svg: str) -> Path:
    """Writes a file to the user's folder for downloads, or where there is none, to the working
    folder.

    OSError with the file's name if it cannot be written; then nothing is left of it.
    """
    downloads = platformdirs.user_downloads_path()
    folder = downloads if downloads.is_dir() else Path.cwd()
    path = folder / f"cortex-tui-{datetime.now():%Y%m%d-%H%M%S-%f}.svg"
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        error.filename = error.filename or str(path)  # unknown where the disk is full
        raise
    return path
