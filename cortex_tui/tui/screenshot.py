"""Pictures of the screen, as SVG files."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import platformdirs

_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_FONTS = "'Fira Code', 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
"""Whichever of them there is; each piece of text has its width in the picture."""


def self_contained(svg: str) -> str:
    """A picture that Textual has made, without the fonts that it would load from another host."""
    svg = _FONT_FACE.sub("", svg).replace("Fira Code, monospace", _FONTS)
    return re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)


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
