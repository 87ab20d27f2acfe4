"""`--database`: profiles on a server, and what is not said about it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cortex_tui import passwords
from cortex_tui.cli.launching import SERVED_ADDRESS, open_suites
from tests.postgres_server import PostgresServer
from tests.unit.cli.door import call

SUITE = """
[defaults]
warmup = 0
iterations = 20
[profile.get]
workload = "cortex.get"
params = { conversations = 5 }
[profile.many]
workload = "cortex.get"
load = { workers = 2, processes = 2 }
[profile.nap]
workload = "asyncio:sleep"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_password(server: PostgresServer) -> str:
    before, at, after = server.url.partition("@")
    return f"{before}:hidden{at}{after}"


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_profile_runs_on_a_server_and_its_password_is_nowhere(
    postgres_server: PostgresServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ("--database", with_password(postgres_server))
    answer = call(capsys, "run", "cortex-tui.get", *database, "--json", "out.json", "--save", "pg")
    assert answer.code == 0, answer
    document = json.loads((folder / "out.json").read_text())
    (run,) = document["runs"]
    assert (run["state"], run["operations"]) == ("finished", 20)
    assert run["database"] == postgres_server.url
    servers = document["environment"]["servers"]
    assert servers[postgres_server.url].startswith("PostgreSQL ")
    again = call(capsys, "run", "--again", "pg")
    assert again.code == 0, again
    shown = call(capsys, "show", "pg")
    assert "hidden" not in "".join((*answer[1:], *again[1:], *shown[1:]))
    assert b"hidden" not in stored(folder)


def test_two_stores_are_compared_by_one_command(
    postgres_server: PostgresServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = f"server=database:{with_password(postgres_server)}"
    short = ("--repeat", "2", "--duration", "50ms")
    answer = call(
        capsys, "run", "cortex-tui.get", "--variant", "sqlite=database:own", "--variant", server,
        *short,
    )  # fmt: skip
    assert "server against sqlite" in answer.out, answer
    assert f"database: own → {postgres_server.url}" in answer.out
    assert "hidden" not in answer.out + answer.err
    assert b"hidden" not in stored(folder)


@pytest.mark.parametrize(
    ("select", "database", "expected"),
    [
        ("get", "ram", '--database: expected "own", "shared", "memory" or a URL'),
        ("get", "", '--database: expected "own", "shared", "memory" or a URL'),
        ("get", "mysql://me:hidden@host/db", 'got the scheme "mysql"'),
        ("get", "postgresql://me:hidden@hidden@host/db", "%40 for @"),
        ("nap", "memory", "--database: none of the profiles has a workload that keeps its data"),
        ("many", "shared", "--database: cortex-tui.many has 2 processes"),
    ],
)
def test_a_database_that_cannot_be_is_one_line(
    select: str, database: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = call(capsys, "run", f"cortex-tui.{select}", "--database", database)
    assert answer.code == 2
    assert expected in answer.err
    assert "hidden" not in answer.err


def test_the_workbench_has_all_profiles_over_the_core_there() -> None:
    reader, catalog, _ = open_suites((), None, (), database="postgresql://me@host/db")
    for found in (catalog, reader.read()):
        databases = {profile.full_name: profile.database for profile in found.profiles}
        assert databases["cortex-tui.get"] == "postgresql://me@host/db"
        assert databases["mediator.search"] == "postgresql://me@host/db"
        assert databases["cortex-tui.nap"] == "own"


def test_workbenches_in_a_browser_keep_their_data_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("textual_serve", reason="the extra `web` is not installed")
    from cortex_tui.web.server import Served

    found: list[Served] = []

    async def serve(served: Served, **_: object) -> None:
        found.append(served)

    monkeypatch.setattr("cortex_tui.web.server.serve", serve)
    url = "postgresql://me:hidden@127.0.0.1/notes"
    assert call(capsys, "serve", "--database", url).code == 0
    assert call(capsys, "serve").code == 0
    short = "postgresql://me@127.0.0.1/notes"
    assert [f"--database={short}" in each.command for each in found] == [True, False]
    assert SERVED_ADDRESS not in found[1].environment
    # Anybody may see the words of a command.
    assert not any("hidden" in " ".join(each.command) for each in found)
    assert [url in each.environment.values() for each in found] == [True, False]
    # The workbench knows the address, and passes it on to nothing that it starts.
    monkeypatch.setattr(passwords, "_known", {})
    for name, value in found[0].environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("cortex_tui.cli.launching._launch", lambda *_, **__: 0)
    assert call(capsys, "launch", "--database", short).code == 0
    assert passwords.completed(short) == url
    assert url not in os.environ.values()
    refused = call(capsys, "serve", "--database", "mysql://127.0.0.1/notes")
    assert refused.code == 2
    assert "--database: " in refused.err
