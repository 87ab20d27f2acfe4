"""Passwords of servers stay in this process: what is stored and shown has none."""

from __future__ import annotations

import pytest

from cortex_tui.passwords import completed, masked, taken_from, without_password

HOST = "postgresql://me@host:5432/db"


@pytest.mark.parametrize(
    ("address", "without"),
    [
        (HOST, HOST),
        ("postgresql://me:hidden@host:5432/db", HOST),
        ("postgresql://me:@host:5432/db", HOST),
        ("postgresql://me:a:hidden@host:5432/db", HOST),
        ("postgresql://me:hidden%40@[::1]:5432/db", "postgresql://me@[::1]:5432/db"),
        ("postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("postgres:///db?host=/run", "postgres:///db?host=/run"),
        ("postgres:///db?password=hidden", "postgres:///db"),
        (
            "postgres://me:hidden@host/db?a=1&password=hidden&sslpassword=hidden&b=2",
            "postgres://me@host/db?a=1&b=2",
        ),
    ],
)
def test_an_address_is_stored_without_its_password(address: str, without: str) -> None:
    assert without_password(address) == without
    assert taken_from(address) == without
    assert completed(without) == address
    assert without_password(without) == without


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hidden@hidden@host/db",
        "postgresql://me:hid/hidden@host/db",
        "postgresql://me:hid?hidden@host/db",
        "postgresql://me:hid#hidden@host/db",
        "postgresql://host/db?user=me@hidden",
    ],
)
def test_one_whose_password_may_be_anywhere_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(ValueError, match="%40 for @") as caught:
        taken_from(address)
    assert "hidden" not in str(caught.value)


def test_a_text_with_an_address_is_shown_without_its_password() -> None:
    assert masked("pg=databse:postgresql://me:hid@hidden@host/db") == (
        "pg=databse:postgresql://me:***@host/db"
    )
    assert masked("a=loop:asyncio b@c") == "a=loop:asyncio b@c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://h/d?password=hidden", "postgresql://h/d?password=***"),
        ("postgresql://h/d?password=hid%20hidden&a=1", "postgresql://h/d?password=***&a=1"),
        (
            "postgresql://me:hidden@h/d?a=1&SSLPassword=hidden&b=2",
            "postgresql://me:***@h/d?a=1&SSLPassword=***&b=2",
        ),
        ("host=h password=hid&hidden user=me", "host=h password=*** user=me"),
        ("password = 'hid hidden' user=me", "password = *** user=me"),
        (r"password='hid\' hidden' sslpassword=hid\ hidden", "password=*** sslpassword=***"),
        ("host=h password='hid hidden", "host=h password=***"),
        ("env:PGPASSWORD=hidden", "env:PGPASSWORD=***"),
        ("--variant password: expected", "--variant password: expected"),
        ("host=h password=*** user=me", "host=h password=*** user=me"),
    ],
)
def test_a_parameter_that_is_a_password_is_not_shown_either(text: str, shown: str) -> None:
    assert masked(text) == shown
