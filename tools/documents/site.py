"""What building the site adds to the folder docs, as hooks of MkDocs.

Pages are made of documents of the project's root, links between the two are mended, and a section's
`folder/*` in the navigation becomes the pages of that folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

FROM_THE_ROOT = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Documents of the project's root, and the pages that they become."""

PAGES = {**FROM_THE_ROOT, "README.md": "index.md"}
"""Where a link to a document of the root leads in the site."""

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")

DESCRIPTION = 155
"""Characters of a description, which search engines cut there."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = list(expanded(config.nav or [], pages(), set(named(config.nav or []))))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, page in FROM_THE_ROOT.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=relinked(text, ROOT, Path(page))))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if heading := re.search(r"^# (.+)$", markdown, re.MULTILINE):
        page.meta.setdefault("title", heading[1])  # also where a comment stands before it
    page.meta.setdefault("description", description(markdown) or config.site_description)
    path = Path(page.file.src_uri)
    return with_pipes(relinked(markdown, (DOCS / path).parent, path))


def pages() -> list[str]:
    """Every page of the site, as a path below docs."""
    found = [file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")]
    return sorted([*found, *FROM_THE_ROOT.values()])


def named(nav: list[Any]) -> Iterator[str]:
    """The pages that a navigation names itself, without those that a pattern stands for."""
    for entry in nav:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        if isinstance(value, list):
            yield from named(value)
        else:
            yield value


def expanded(nav: list[Any], pages: list[str], taken: set[str]) -> Iterator[Any]:
    """The navigation with pages in place of patterns; a section that has none is left out."""
    for entry in nav:
        if isinstance(entry, str) and "*" in entry:
            folder = os.path.dirname(entry)
            yield from (
                page
                for page in pages
                if page not in taken and os.path.dirname(page) == folder and fnmatch(page, entry)
            )
        elif isinstance(entry, dict) and isinstance(section := next(iter(entry.values())), list):
            if inner := list(expanded(section, pages, taken)):
                yield {next(iter(entry)): inner}
        else:
            yield entry


def relinked(markdown: str, folder: Path, page: Path) -> str:
    """A document for the site: `folder` is where its links start, `page` where it is in the site.

    A link to a source file keeps its words only, since the site has no such page. What leads
    nowhere stays as it is, for the strict build to report.
    """

    def mended(match: re.Match[str]) -> str:
        target, mark, anchor = match[3].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        there = Path(os.path.normpath(folder / target))
        if not there.exists():
            return match[0]
        outside = there.relative_to(ROOT).as_posix() if there.is_relative_to(ROOT) else ""
        if there.is_relative_to(DOCS):
            place = there.relative_to(DOCS)
        elif outside in PAGES:
            place = Path(PAGES[outside])
        else:
            return match[2]
        return f"{match[1]}[{match[2]}]({os.path.relpath(place, page.parent)}{mark}{anchor})"

    parts = re.split(r"(^```.*?^```[^\n]*$)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else LINK.sub(mended, part) for part in parts)


def with_pipes(markdown: str) -> str:
    """The document with bare pipes in the code of tables, where GitHub's Markdown needs `\\|` and
    Python-Markdown would show the backslash."""
    return re.sub(
        r"^\|.*$",
        lambda row: re.sub(r"`[^`]*`", lambda each: each[0].replace("\\|", "|"), row[0]),
        markdown,
        flags=re.MULTILINE,
    )


def description(markdown: str) -> str:
    """A page in a sentence or two: what its first paragraph begins with, without its markup."""
    paragraphs = re.split(r"\n\s*\n", re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL))
    first = next((text for text in paragraphs if re.match(r"\s*[A-Za-z`*\[]", text)), "")
    words = " ".join(re.sub(r"[`*]", "", LINK.sub(r"\2", first)).split())
    if len(words) <= DESCRIPTION:
        return words
    return words[:DESCRIPTION].rsplit(" ", 1)[0].rstrip(",;:") + " …"
