"""Machines over SSH, with real servers of this machine."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("asyncssh", reason="the extra `cluster` is not installed")

import asyncssh

from cortex_tui.placement.cluster.adapters import adapter_of
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from tests.ssh_servers import SSHD, Server, asyncssh_server, openssh_server

SERVERS = [
    pytest.param(asyncssh_server, id="asyncssh"),
    pytest.param(
        openssh_server,
        id="openssh",
        marks=pytest.mark.skipif(SSHD is None, reason="OpenSSH's server is not installed"),
    ),
]


@pytest.fixture(params=SERVERS)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    async with request.param(tmp_path / "server") as made:
        yield made


async def connect_to(folder: Path, text: str, settings: ClusterSettings | None = None) -> None:
    file = folder / "hosts.toml"
    file.write_text(text, encoding="utf-8")
    adapter = adapter_of(f"asyncssh:{file}", settings or ClusterSettings())
    async with adapter.machines() as machines:
        assert [machine.name for machine in machines]


async def refusal_of(folder: Path, text: str) -> str:
    with pytest.raises(ClusterError) as refused:
        await connect_to(folder, text)
    return str(refused.value)


async def test_a_machine_that_is_right_is_accepted(server: Server, tmp_path: Path) -> None:
    await connect_to(tmp_path, server.hosts())


async def test_an_unknown_host_key_is_refused(server: Server, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    reason = await refusal_of(tmp_path, server.hosts(known_hosts=str(empty)))
    assert f"the host key of 127.0.0.1, port {server.port} is not in {empty}" in reason
    assert f"`ssh -p {server.port} 127.0.0.1`" in reason


async def test_another_host_key_is_refused(server: Server, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    wrong.write_text(f"[127.0.0.1]:{server.port} {other}")
    reason = await refusal_of(tmp_path, server.hosts(known_hosts=str(wrong)))
    assert "or another one is" in reason


async def test_host_keys_are_checked_whatever_the_user_has_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    config = "Host *\nStrictHostKeyChecking no\nUserKnownHostsFile none\n"
    (tmp_path / ".ssh/config").write_text(config)
    monkeypatch.setenv("HOME", str(tmp_path))
    reason = await refusal_of(tmp_path, "[machine.a]\naddress = '127.0.0.1'\n")
    assert "turns the check of host keys off for 127.0.0.1" in reason


async def test_another_users_key_is_refused(server: Server, tmp_path: Path) -> None:
    key = tmp_path / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
    reason = await refusal_of(tmp_path, server.hosts(key=str(key)))
    assert f"refused the login with the key {key}" in reason


async def test_a_key_with_a_passphrase_is_not_asked_for(server: Server, tmp_path: Path) -> None:
    key = tmp_path / "locked"
    locked = asyncssh.generate_private_key("ssh-ed25519")
    locked.write_private_key(str(key), "pkcs8-pem", passphrase="secret")
    reason = await refusal_of(tmp_path, server.hosts(key=str(key)))
    assert "must be in ssh-agent" in reason


async def test_a_file_that_is_no_key_is_named(server: Server, tmp_path: Path) -> None:
    key = tmp_path / "no-key"
    key.write_text("hello")
    reason = await refusal_of(tmp_path, server.hosts(key=str(key)))
    assert reason.startswith("load-1: SSH cannot be used: ")


async def test_a_machine_that_is_not_there_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        reason = await refusal_of(
            tmp_path,
            f"[machine.a]\naddress = '127.0.0.1'\nport = {port}\n"
            "[machine.b]\naddress = 'no.such.host.invalid'\n",
        )
    first, second = reason.split("; ")
    assert first.startswith(f"a: 127.0.0.1, port {port} cannot be reached: ")
    assert "Connection refused" in first
    assert second.startswith("b: no.such.host.invalid cannot be reached: ")


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("/no/such/python", "load-1: there is no Python at /no/such/python ("),
        ("true", "load-1: there is no Python at true (exit code 0); set python for it"),
        ("~/no/such/python", "load-1: there is no Python at ~/no/such/python ("),
    ],
)
async def test_a_python_that_is_not_there_is_named(
    server: Server, tmp_path: Path, python: str, reason: str
) -> None:
    assert reason in await refusal_of(tmp_path, server.hosts(python=python))


def script(file: Path, text: str) -> str:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("s.version_info = (3, 9, 2)", "is Python 3.9.2, expected 3.11 or newer"),
        ("s.modules['cortex_tui'] = None", "in the environment of"),
        ("import cortex_tui as c; c.__version__ = '0.0.1'", ": it has 0.0.1"),
    ],
)
async def test_what_is_not_there_or_another_version_is_named(
    server: Server, tmp_path: Path, change: str, reason: str
) -> None:
    # As an interpreter of another kind would answer; what a login prints is no answer.
    python = script(
        tmp_path / "python",
        "echo hello from a login\n"
        f'exec {shlex.quote(sys.executable)} -c "import sys as s\n{change}\nexec(s.argv[1])" "$2"',
    )
    assert reason in await refusal_of(tmp_path, server.hosts(python=python))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[machine.a]\nprot = 1", "hosts.toml:2: machine.a.prot: unknown key"),
        ("", "hosts.toml: expected a table [machine.NAME], there is none"),
    ],
)
async def test_what_is_wrong_with_the_file_is_reported_with_its_name(
    tmp_path: Path, text: str, reason: str
) -> None:
    assert reason in await refusal_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("asyncssh:", "expected asyncssh:FILE, such as asyncssh:hosts.toml"),
        ("asyncssh:/no/such/hosts.toml", "/no/such/hosts.toml: cannot be read: No such file"),
    ],
)
def test_a_file_is_needed(text: str, reason: str) -> None:
    with pytest.raises(ClusterError) as refused:
        adapter_of(text, ClusterSettings())
    assert reason in str(refused.value)
