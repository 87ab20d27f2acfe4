"""Writes every page of the reference."""

from __future__ import annotations

from tools.documents.reference.pages import FOLDER, pages

FOLDER.mkdir(parents=True, exist_ok=True)
for name, text in pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
