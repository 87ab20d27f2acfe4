"""Every command and code block of the documents works, from top to bottom, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.blocks import Block, read_page
from tests.documents.running import missing, run_page

pytestmark = pytest.mark.documents

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

MOST_NOT_RUN = 33
"""How many blocks may have a reason not to be run: another machine, a CI host, a cloud."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_its_blocks_work(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = read_page(path, ROOT)
    reason = missing(page.needs)
    if reason is not None:
        pytest.skip(reason)

    def database() -> str:
        url: str = request.getfixturevalue("postgres_server").url
        return url

    skipped = run_page(page, tmp_path, database)
    if skipped:
        pytest.skip(f"all but: {'; '.join(skipped)}")


def test_few_blocks_are_not_run() -> None:
    found: list[tuple[str, Block]] = [
        (name_of(path), block)
        for path in PAGES
        for block in read_page(path, ROOT).blocks
        if block.why_not_run is not None
    ]
    listed = "\n".join(f"{page}:{block.line}: {block.why_not_run}" for page, block in found)
    print(f"{len(found)} blocks are not run:\n{listed}")
    assert len(found) <= MOST_NOT_RUN
