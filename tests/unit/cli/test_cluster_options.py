"""`--cluster` and its companions, and what `cortex-tui agent` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortex_tui.cli.entry import run_command

RUN = ["run", "loads.rate", "--duration", "100ms"]


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The one line of a command that is refused before anything is measured."""
    assert run_command(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--cluster", ""], "expected a cluster, such as local:2"),
        (["--cluster", "locl:2"], "expected one of tcp://HOST:PORT"),
        (["--cluster", "agents:0"], "--cluster: expected agents:N"),
        (["--cluster", "agents:2", "--in-process"], "expected no --placement or --in-process"),
        (["--cluster", "agents:2", "--placement", "process"], "expected no --placement"),
        (["--cluster", "agents:2", "--lost-after", "soon"], "duration"),
        (["--lost-after", "2s"], "--lost-after: expected --cluster with it"),
        (["--cluster-listen", "h:1"], "--cluster-listen: expected --cluster with it"),
        (["--allow-differences"], "--allow-differences: expected --cluster with it"),
        (["--loose-clock"], "--loose-clock: expected --cluster with it"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    assert expected in refused(capsys, [*RUN, *options])


def test_certificates_are_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    none = str(tmp_path / "none.pem")
    tls = ["--cluster", "tls://h:1", "--cluster-tls", none, none, none]
    assert "none.pem" in refused(capsys, [*RUN, *tls])


@pytest.mark.parametrize("scheduler", ["host", "http://host", "tcp://", "local:2"])
def test_an_agent_serves_a_scheduler_by_its_address(
    capsys: pytest.CaptureFixture[str], scheduler: str
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: cortex-tui[cluster]")
    line = refused(capsys, ["agent", scheduler])
    assert f"expected tcp://HOST:PORT or tls://HOST:PORT, got '{scheduler}'" in line


def test_an_agent_without_a_scheduler_ends_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: cortex-tui[cluster]")
    assert run_command(["agent", "tcp://127.0.0.1:9", "--wait", "500ms"]) == 3
    *_, last = capsys.readouterr().err.splitlines()
    assert "tcp://127.0.0.1:9 cannot be served: " in last
