"""Marks in what a runner prints."""

from __future__ import annotations

import pytest

from cortex_tui.protocol.origins import Origin, marked, parts_of

UNKNOWN = Origin(-1, 5)
FIRST, SECOND = Origin(0, 1_000), Origin(12, 2_000)


def lines_of(printed: str) -> list[bytes]:
    return printed.encode().removesuffix(b"\n").split(b"\n")


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (marked("one\n", FIRST), [(FIRST, b"one")]),
        (marked("one", FIRST) + marked("\n", FIRST), [(FIRST, b"one")]),
        (marked("one\ntwo\n", FIRST), [(FIRST, b"one"), (FIRST, b"two")]),
        (marked("\n", FIRST), [(FIRST, b"")]),
        (marked("a", FIRST) + marked("b\n", SECOND), [(FIRST, b"a"), (SECOND, b"b")]),
        ("a" + marked("b\n", SECOND), [(UNKNOWN, b"a"), (SECOND, b"b")]),
        ("of a child process\n", [(UNKNOWN, b"of a child process")]),
        ("\x1e1 x\x1f not a mark", [(UNKNOWN, b"\x1e1 x\x1f not a mark")]),
        ("\x1e" + "9" * 40 + " 1\x1f", [(UNKNOWN, b"\x1e" + b"9" * 40 + b" 1\x1f")]),
    ],
)
def test_each_text_has_the_run_that_printed_it(
    printed: str, expected: list[tuple[Origin, bytes]]
) -> None:
    assert [part for line in lines_of(printed) for part in parts_of(line, UNKNOWN)] == expected


def test_what_one_run_prints_in_pieces_is_one_text_with_the_time_of_its_beginning() -> None:
    later = Origin(0, 9_000)
    printed = marked("a", FIRST) + marked("b", later) + marked("c\n", later)
    assert parts_of(lines_of(printed)[0], UNKNOWN) == [(FIRST, b"abc")]
