"""The documents as a site: built strictly, complete in itself, and of use without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.e2e import browser

pytestmark = pytest.mark.documents

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make docs` would build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Head(HTMLParser):
    """What a page loads by itself, and what it says of itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.meta: dict[str, str] = {}
        self.title = ""
        self.pictures: list[str] = []
        self.diagrams = text.count('<div class="diagram">')
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in {"script", "img", "iframe", "source"} and "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and not {"canonical", "prev", "next"} & {found.get("rel")}:
            self.loaded.append(found["href"])
        if tag == "img":
            self.pictures.append(found.get("alt", ""))
        if tag == "meta" and "name" in found:
            self.meta[found["name"]] = found["content"]
        self._in_title = tag == "title" and not self.title

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = data.strip()
            self._in_title = False


def pages(site: Path) -> Iterator[tuple[str, Head]]:
    for file in sorted(site.rglob("*.html")):
        yield str(file.relative_to(site)), Head(file.read_text(encoding="utf-8"))


def test_every_document_is_a_page(site: Path) -> None:
    documents = {
        str(file.relative_to(ROOT / "docs").with_suffix(".html"))
        for file in (ROOT / "docs").rglob("*.md")
    }
    there = {name for name, _ in pages(site)}
    assert documents | {"404.html", "changelog.html", "contributing.html"} == there


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    other = re.compile(r"(https?:)?//")
    for name, head in pages(site):
        assert [address for address in head.loaded if other.match(address)] == [], name
    for file in site.rglob("*.css"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", text), file


def test_pages_have_titles_descriptions_and_words_for_their_pictures(site: Path) -> None:
    titles: dict[str, str] = {}
    for name, head in pages(site):
        if name != "404.html":
            assert head.title, name
            assert head.title not in titles, (name, titles[head.title])
            titles[head.title] = name
            assert len(head.meta["description"]) > 20, name
            assert all(head.pictures), name


def test_diagrams_are_drawn_when_the_site_is_built(site: Path) -> None:
    for name, head in pages(site):
        if (source := ROOT / "docs" / name).with_suffix(".md").exists():
            text = source.with_suffix(".md").read_text(encoding="utf-8")
            assert head.diagrams == len(re.findall(r"^```mermaid$", text, re.MULTILINE)), name


async def test_a_site_opened_from_a_folder_can_be_searched(site: Path, tmp_path: Path) -> None:
    if browser.MISSING:
        pytest.skip(browser.MISSING)
    async with browser.chromium(tmp_path / "browser") as opened:
        page = await opened.open((site / "index.html").as_uri() + "?q=noise+floor")
        await page.wait_for_true("document.querySelector('.md-search-result__item a')")
        found = await page.evaluate(
            "[...document.querySelectorAll('.md-search-result__item a')].map(a => a.href).join()"
        )
        assert "comparing.html" in found
        assert [url for url in page.requested if not url.startswith(("file:", "data:"))] == []
        assert page.complaints == []
