"""Passwords of servers: this process knows them, and stores and shows them nowhere.

Profiles are stored and shown as they are, so their addresses have no password. A session's plan,
which is not stored, takes the whole addresses to the runner.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"(?P<before>[a-z][a-z0-9+.-]*://[^:@/?#]*)(?P<password>:[^@/?#]*)?(?P<after>@[^@#]*)", re.I
)
_WITHOUT_USER = re.compile(r"[a-z][a-z0-9+.-]*://[^@#]*", re.I)
_PARAMETER = re.compile(r"(?<=[?&])[^=&]*password=[^&]*&?", re.I)
_IN_TEXT = re.compile(r"(:/{1,3}[^:@/?#\s]*):\S*@")
_IN_QUERY = re.compile(r"([?&][\w.%-]*password=)[^&\s]*", re.I)
_AS_SETTING = re.compile(
    r"""((?<![?&\w.%-])[\w.%-]*password\s*=\s*)('(?:\\.|[^'\\])*(?:'|$)|(?:\\.|[^\s\\])*)""", re.I
)

_known: dict[str, str] = {}


def is_address(text: str) -> bool:
    """Whether it is meant as a URL."""
    return "://" in text


def without_password(address: str) -> str:
    """The URL without its password. Raises ValueError, which shows nothing of it, where a password
    may be hidden in a part that is something else."""
    found = _ADDRESS.fullmatch(address)
    if found:
        address = found["before"] + found["after"]
    elif not _WITHOUT_USER.fullmatch(address):
        raise ValueError(
            "expected a URL such as postgresql://user:password@host/database, in whose password "
            "special characters are written as in %40 for @"
        )
    return _PARAMETER.sub("", address).rstrip("?&")


def taken_from(address: str) -> str:
    """The URL without its password, which is remembered for `completed`. Raises ValueError."""
    short = without_password(address)
    if short != address:
        _known[short] = address
    return short


def completed(address: str) -> str:
    """The URL with the password that was last taken from it, if one was."""
    return _known.get(address, address)


def masked(text: str) -> str:
    """A text that a person wrote, which may have an address in it, without the password: of a URL,
    in its parameters, or of settings as in `host=h password=x`."""
    text = _IN_QUERY.sub(r"\1***", _IN_TEXT.sub(r"\1:***@", text))
    return _AS_SETTING.sub(r"\1***", text)
