"""Draws the Mermaid blocks of the documents while the site is built, so pages need no script."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import mermaidx


def drawn(
    source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **_: Any
) -> str:
    """The SVG of a Mermaid block, in the signature that pymdownx's fences ask for.

    Raises mermaidx's error for a block that Mermaid does not understand, which ends the build.
    """
    name = "diagram-" + sha256(source.encode()).hexdigest()[:8]
    svg = mermaidx.render(source, theme="neutral").svg().replace("my-svg", name)
    one_line = re.sub(r"\s*\n\s*", " ", svg)  # Markdown ends a block of HTML at an empty line
    return f'<div class="diagram">{one_line}</div>'
