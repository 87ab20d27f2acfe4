"""Which requests a server for browsers answers."""

from __future__ import annotations

import pytest

from cortex_tui.web.access import Access, access_to, host_and_port

HERE = access_to("127.0.0.1", 8000)
EVERYWHERE = access_to("0.0.0.0", 8000)
HOST = {"Host": "127.0.0.1:8000"}
ORIGIN = {"Origin": "http://127.0.0.1:8000"}
SOCKET = {"Upgrade": "websocket"}


def refusal(
    headers: dict[str, str], *, access: Access = HERE, cookie: str | None = None, token: str = ""
) -> str:
    cookies = {access.cookie: access.key if cookie is None else cookie}
    return access.refusal(headers, cookies, token)


@pytest.mark.parametrize("headers", [HOST, HOST | ORIGIN, HOST | ORIGIN | SOCKET])
def test_cookie_or_token_lets_a_request_in(headers: dict[str, str]) -> None:
    assert refusal(headers) == ""
    assert refusal(headers, cookie="", token=HERE.token) == ""


@pytest.mark.parametrize(
    "wrong", ["", "x", HERE.token, HERE.key + "x", "ä"], ids=["none", "x", "token", "longer", "ä"]
)
def test_anything_else_is_no_cookie(wrong: str) -> None:
    assert "with its token" in refusal(HOST, cookie=wrong)
    assert "with its token" in refusal(HOST, cookie="", token=wrong.replace(HERE.token, HERE.key))


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:8000",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:8000.evil.example",
        "null",
        "",
    ],
)
def test_another_page_is_refused_with_the_right_cookie_and_token(origin: str) -> None:
    headers = HOST | SOCKET | {"Origin": origin}
    assert "another address" in refusal(headers, token=HERE.token)


def test_a_socket_without_an_origin_is_refused() -> None:
    assert refusal(HOST | SOCKET) == "expected an Origin"


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:80", "localhost:8000"]
)
def test_another_name_of_this_machine_is_refused(host: str) -> None:
    """So a name that a foreign page has resolve to 127.0.0.1 is of no use to it."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert "another address" in refusal(headers, token=HERE.token)


def test_a_server_on_all_addresses_is_known_by_addresses_and_its_own_name() -> None:
    def known(host: str) -> bool:
        return refusal({"Host": host}, access=EVERYWHERE) == ""

    assert known("192.168.1.7:8000")
    assert known("[fe80::1]:8000")
    assert known("localhost:8000")
    assert not known("192.168.1.7:9000")
    assert not known("evil.example:8000")


def test_an_address_of_version_6_has_brackets() -> None:
    host = host_and_port("::1", 8000)
    assert host == "[::1]:8000"
    assert refusal({"Host": host}, access=access_to("::1", 8000)) == ""


def test_each_server_has_secrets_of_its_own() -> None:
    others = [access_to("127.0.0.1", 8000) for _ in range(3)]
    secrets = {secret for access in (HERE, *others) for secret in (access.token, access.key)}
    assert len(secrets) == 8
    assert all(len(secret) >= 43 for secret in secrets)
