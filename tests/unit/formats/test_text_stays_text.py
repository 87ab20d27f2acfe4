"""Names of others are text in every format: never markup, a formula, a line, or a turned one."""

from __future__ import annotations

import csv
import io
from functools import cache
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from cortex_tui.formats.port import Origin, Recording
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.text import one_line
from tests.unit.formats.recordings import metrics, recording, run

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</bdi></code><b>",
    "| x | ` * _ [a](http://b) @somebody #1",
    "=HYPERLINK(1)",
    "+1-2@x",
    "\x1b[31mred\x1b]0;title\x07",
    "a\r\nb\n\n# heading",
    "\u202eright to left\u2066",
    "עברית 日本語 👩‍👩‍👧",
    "]]> &amp; &#64;",
    "\ud800\x00\ufffe",
    "www.example.org http://example.org",
    'quote " backslash \\ ',
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40))
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@cache
def _recorded() -> Recording:
    return recording(run())


def of(name: str) -> Recording:
    """A session whose profile, snapshot and warning are that text, unchecked as in a store."""
    whole = _recorded()
    (one,) = whole.result.runs
    profile = msgspec.structs.replace(one.profile, suite="s", name=name)
    one = msgspec.structs.replace(one, profile=profile, warnings=(name,), variant=name)
    return whole._replace(result=msgspec.structs.replace(whole.result, runs=(one,), snapshot=name))


def write(format_: str, name: str) -> str:
    found = FORMATS[format_].write
    assert found is not None
    return found(of(name)).decode()


def harmless(text: str) -> bool:
    """Whether no terminal obeys it, and no line of it is turned."""
    return all(one_line(line) == line for line in text.replace("\t", " ").splitlines())


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str) -> Page:
    found = Page()
    found.feed(text)
    return found


@quick
@given(texts)
@example("<b>")
def test_in_html(name: str) -> None:
    plain, found = page(write("html", "plain")), page(write("html", name))
    assert found.tags == plain.tags
    shown = one_line(name.encode("utf-8", "backslashreplace").decode())
    assert f"s.{shown}" in found.text


@quick
@given(texts)
def test_in_markdown(name: str) -> None:
    text = write("markdown", name)
    assert harmless(text)
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    plain = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(
        write("markdown", "plain")
    )
    assert page(rendered).tags == page(plain).tags
    shown = one_line(name.encode("utf-8", "backslashreplace").decode())
    assert f"s.{shown}" in page(rendered).text
    assert "@" not in text.replace("&#64;", "")
    assert "www." not in text.lower()


@quick
@given(texts)
def test_in_xml(name: str) -> None:
    xml = JUnitXml.fromstring(write("junit", name).encode())
    (case,) = [case for suite in xml for case in suite]
    assert case.name == "run"
    assert "\n" not in str(case.classname)


@quick
@given(texts)
def test_in_csv_no_cell_is_a_formula_and_names_come_back(name: str) -> None:
    text = write("csv", name)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows
    for row in rows:
        for cell in (row["profile"], row["variant"], row["time"]):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    back = read_file(text.encode(), Origin("x.csv"), "csv")
    assert len(back.runs) == 1


@quick
@given(texts)
def test_in_openmetrics(name: str) -> None:
    assert len(metrics(write("openmetrics", name))) == 5


@quick
@given(texts, st.sampled_from(sorted(name for name, each in FORMATS.items() if each.write)))
def test_everywhere_a_terminal_shows_what_is_there(name: str, format_: str) -> None:
    if format_ not in {"session-json", "jsonl"}:  # those keep a name as it is, as data
        assert harmless(write(format_, name))


@pytest.mark.parametrize("name", HOSTILE)
def test_in_a_log_a_tag_is_one_word_and_comes_back(name: str) -> None:
    back = read_file(write("hlog", name).encode(), Origin("x.hlog"), "hlog")
    assert len(back.runs) == 1
    assert harmless(back.runs[0].profile.full_name)
