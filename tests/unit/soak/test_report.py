"""The page and the picture of a soak, from samples that are made up."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.soak.acts import REFUSED, Event
from tests.soak.books import Booked
from tests.soak.flatness import MB
from tests.soak.report import Found, growing, page, svg
from tests.soak.sampling import Sample
from tests.soak.subject import Count


def found(*, leak: float = 0.0, descriptors: float = 0.0) -> Found:
    """An hour of one workbench, which gains that many MB and descriptors."""
    samples = [
        Sample(
            at_s=float(at),
            desk="busy",
            role="workbench",
            pid=5,
            rss=int((90 + leak * at / 3600) * MB),
            pss=60 * MB,
            swap=0,
            descriptors=20 + int(descriptors * at / 3600),
            threads=10,
        )
        for at in range(0, 3600, 5)
    ]
    return Found(
        length_s=3600.0, samples=samples, store=[(0.0, 1e6), (3600.0, 9e6)],
        events=[Event(100.0, "busy", "disk full"), Event(200.0, "busy", "runner killed", "a < b")],
        booked=[Booked("s-1", "quick", "whole", [Count("rated", 1, 10, 9, 1)], {})],
        problems=[], key_times_s=[0.05, 0.06, 0.2], seed=1, commit="abc", missing=[],
    )  # fmt: skip


def test_an_hour_in_which_nothing_grows_has_no_problem() -> None:
    hour = found()
    assert growing(hour) == []
    text = page(hour, "soak.svg")
    assert "Nothing was lost, and nothing grew." in text
    row = "| 90.0 MB | 90.0 MB | +0.00 MB/h | +0.00 MB/h | +0.00 MB/h | 60.0 MB | yes |"
    assert f"| workbench of busy {row}" in text
    assert "| 100 s | busy | disk full |  |" in text


@pytest.mark.parametrize(
    ("hour", "problem"),
    [(found(leak=9.0), "the fit grows by"), (found(descriptors=30.0), "descriptors grew from")],
)
def test_what_grows_stands_on_the_page(hour: Found, problem: str) -> None:
    assert any(problem in text for text in growing(hour))
    assert f"- workbench of busy: {problem}" in page(hour, "soak.svg")


def test_a_refused_save_stands_on_the_page_and_is_no_problem() -> None:
    hour = found()
    refused = Event(300.0, "busy", REFUSED, "s-1: another process keeps it locked")
    text = page(replace(hour, events=[*hour.events, refused]), "soak.svg")
    assert "- after 300 s, busy, s-1: another process keeps it locked" in text
    assert "Nothing was lost, and nothing grew." in text


def test_the_picture_is_xml_and_marks_the_faults() -> None:
    root = ElementTree.fromstring(svg(found()))
    texts = ["".join(each.itertext()) for each in root.iter()]
    assert "workbench of busy" in texts
    assert "disk full, 100 s" in texts


def test_a_soak_without_a_sample_has_a_picture() -> None:
    empty = found()
    nothing = Found(**{name: getattr(empty, name) for name in Found.__slots__} | {"samples": []})
    ElementTree.fromstring(svg(nothing))
