"""Text from workloads, made harmless: no terminal obeys what a workload prints or raises."""

from __future__ import annotations

_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}
_PICTURES |= {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def visible(text: str) -> str:
    """`text` with its control characters as pictures (ESC as ␛); line ends stay."""
    return text.translate(_PICTURES).expandtabs(4)
