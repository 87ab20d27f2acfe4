"""hosts.toml: what it may have, and what is reported of what it must not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cortex_tui.cli.group import program
from cortex_tui.placement.cluster.hosts import (
    MACHINE_KEYS,
    Host,
    hosts_of,
    hosts_schema,
    read_hosts,
)
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.toml.reading import RefusedError


def written(folder: Path, text: str) -> tuple[Host, ...]:
    file = folder / "hosts.toml"
    file.write_text(text, encoding="utf-8")
    return read_hosts(file)


def test_a_machine_has_the_defaults_and_its_own_settings(tmp_path: Path) -> None:
    key = tmp_path / "id_ed25519"
    key.touch()
    first, second = written(
        tmp_path,
        f"""
        [defaults]
        user = "bench"
        key = "{key}"
        python = "/opt/bench/bin/python"
        port = 2222

        [machine.load-1]

        [machine.load-2]
        address = "10.0.0.2"
        port = 22
        runners = 4
        """,
    )
    assert first == Host(
        name="load-1", address="load-1", port=2222, user="bench", key=str(key),
        python="/opt/bench/bin/python",
    )  # fmt: skip
    assert second == Host(
        name="load-2", address="10.0.0.2", port=22, user="bench", key=str(key),
        python="/opt/bench/bin/python", runners=4,
    )  # fmt: skip


def test_the_line_is_that_of_the_very_key_though_another_is_written_with_the_same_dots(
    tmp_path: Path,
) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text('"machine.a.port" = 1\n[machine.a]\n\nport = 0\n')
    with pytest.raises(ClusterError) as refused:
        hosts_of(str(file))
    reported = str(refused.value).split("; ")
    assert [part.partition(": ")[0] for part in reported] == [f"{file}:1", f"{file}:4"]


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("", "", "expected a table [machine.NAME], there is none"),
        ("[hosts.a]", "hosts", "unknown key (expected one of defaults, machine)"),
        ("[machine.a]\nprot = 1", "machine.a.prot", 'unknown key (did you mean "port"?)'),
        ('[machine.a]\nport = "x"', "machine.a.port", "expected a whole number from 1 to 65,535"),
        ("[machine.a]\nport = 70000", "machine.a.port", "got 70000"),
        ("[machine.a]\nrunners = 0", "machine.a.runners", "from 1 to 64, got 0"),
        ('[machine.a]\npassword = "x"', "machine.a.password", "unknown key"),
        ('[machine.a]\nuser = "-oProxyCommand=x"', "machine.a.user", "begins with no hyphen"),
        ('[machine."-oProxyCommand=x"]', "machine.-oProxyCommand=x", "begins with no hyphen"),
        ('[machine.a]\nkey = "no/such"', "machine.a.key", "expected a file, found none at"),
        ('[defaults]\naddress = "a"', "defaults.address", "unknown key"),
        ("[machine]\na = 1", "machine.a", "expected a table, got 1"),
        ("[machine.a", "", "not valid TOML"),
        (
            '[machine.a]\naddress = "x"\n[machine.b]\naddress = "x"',
            "machine.b.address",
            '"x" is the address of a, too; for more processes there, set runners',
        ),
    ],
)
def test_what_is_wrong_is_reported_with_its_key(
    tmp_path: Path, text: str, key: str, reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        written(tmp_path, text)
    assert refused.value.key == key
    assert reason in refused.value.message


def test_all_that_is_wrong_is_reported_at_once_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(
        'machines = 1\n[defaults]\nport = 0\n[machine.a]\npassword = "x"\nrunners = 0\n'
        "[machine.b]\n[machine.c]\nuser = 5\n"
    )
    with pytest.raises(ClusterError) as refused:
        hosts_of(str(file))
    reported = str(refused.value).split("; ")
    assert [part.partition(": ")[0] for part in reported] == [
        f"{file}:{line}" for line in (1, 3, 5, 6, 9)
    ]
    assert [part.split(": ")[1] for part in reported] == [
        "machines", "defaults.port", "machine.a.password", "machine.a.runners", "machine.c.user"
    ]  # fmt: skip


def test_the_line_is_that_of_a_machine_whose_name_has_dots(tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text('[machine.a]\n[machine."b.example.com"]\n\nport = 0\n[machine."-c.d"]\n')
    with pytest.raises(ClusterError) as refused:
        hosts_of(str(file))
    reported = str(refused.value).split("; ")
    assert [part.partition(": ")[0] for part in reported] == [f"{file}:4", f"{file}:5"]


@pytest.mark.parametrize("data", [None, b"\xff", b"[machine.a"])
def test_a_file_that_cannot_be_read_is_reported_with_its_name(
    tmp_path: Path, data: bytes | None
) -> None:
    file = tmp_path / "hosts.toml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ClusterError, match=re.escape(f"{file}: ")):
        hosts_of(str(file))


def test_one_address_with_two_ports_is_two_machines(tmp_path: Path) -> None:
    ports = "[machine.a]\naddress = 'x'\nport = 1\n[machine.b]\naddress = 'x'\nport = 2"
    assert [host.port for host in written(tmp_path, ports)] == [1, 2]


def test_the_schema_has_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    machine = hosts_schema()["properties"]["machine"]["additionalProperties"]
    assert set(machine["properties"]) == set(MACHINE_KEYS)
    program.main(["schema", "--hosts"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == hosts_schema()
