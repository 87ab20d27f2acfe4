"""Whatever bytes a terminal sends, the keys behind them arrive."""

from __future__ import annotations

from types import ModuleType

import pytest
from textual import events
from textual.drivers import linux_driver, web_driver

from cortex_tui.tui.any_bytes import accept_any_bytes

DRIVERS = [linux_driver, web_driver]


@pytest.fixture(params=DRIVERS, ids=lambda driver: str(driver.__name__).rsplit(".", 1)[-1])
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    driver: ModuleType = request.param
    for name in ("getincrementaldecoder", "XTermParser"):
        monkeypatch.setattr(driver, name, vars(driver)[name])  # so that it is set back
    accept_any_bytes(driver)
    return driver


def keys_of(driver: ModuleType, *pieces: bytes) -> list[str]:
    """The keys that a driver makes of what a terminal sends in pieces."""
    decoder, parser = driver.getincrementaldecoder("utf-8")(), driver.XTermParser()
    return [
        message.key
        for piece in pieces
        for message in parser.feed(decoder.decode(piece))
        if isinstance(message, events.Key)
    ]


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[1114112u",  # the first number that is no character
        b"\x1b[2147483648~",
        b"\x1b[99999999999999999999;5u",
        b"\x1b[97;5;1114112u",
        b"\x1b[97;1;9999999999:97u",
    ],
)
def test_a_key_with_a_number_beyond_unicode_is_left_out(
    driver: ModuleType, sequence: bytes
) -> None:
    assert keys_of(driver, b"j" + sequence + b"k") == ["j", "k"]
    # Also where it comes in pieces, and again and again.
    pieces = [bytes([byte]) for byte in sequence * 3 + b"q"]
    assert keys_of(driver, *pieces) == ["q"]


def test_what_is_no_utf_8_is_replaced(driver: ModuleType) -> None:
    keys = keys_of(driver, b"j\xff\xc3", b"k")
    assert (keys[0], keys[-1]) == ("j", "k")
