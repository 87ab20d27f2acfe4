"""Where the program waits for agents."""

from __future__ import annotations

import socket

import pytest

from cortex_tui.placement.cluster.addresses import is_loopback
from cortex_tui.placement.cluster.link import Timing
from cortex_tui.placement.cluster.listening import listening
from cortex_tui.placement.cluster.port import ClusterError
from tests.ports import free_port


async def test_links_within_this_machine_are_plain_and_others_are_encrypted() -> None:
    async with listening("127.0.0.1", "", Timing()) as server:
        assert server.ticket("m").fingerprint == b""
    # Every network of the machine, and so some that others are in.
    async with listening("0.0.0.0", "", Timing()) as server:
        assert len(server.ticket("m").fingerprint) == 32


async def test_a_person_chooses_host_and_port() -> None:
    port = free_port()
    async with listening("10.9.9.9", f"127.0.0.1:{port}", Timing()) as server:
        assert server.ticket("m").addresses == (f"127.0.0.1:{port}",)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("nowhere", "where to listen: 'nowhere'"),
        ("127.0.0.1:99999", "where to listen: "),
        ("192.0.2.1:5000", r"cannot listen on 192\.0\.2\.1:5000 for its agents: "),
    ],
)
async def test_where_it_cannot_listen_is_said(wanted: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        async with listening("127.0.0.1", wanted, Timing()):
            pass


async def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=f"127.0.0.1:{port} for its agents: .*in use"):
            async with listening("127.0.0.1", f"127.0.0.1:{port}", Timing()):
                pass


async def test_agents_are_given_an_address_that_they_can_connect_to() -> None:
    async with listening("10.9.9.9", "0.0.0.0:0", Timing()) as server:
        assert server.ticket("m").addresses == (f"10.9.9.9:{server.port}",)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_what_stays_on_this_machine_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
