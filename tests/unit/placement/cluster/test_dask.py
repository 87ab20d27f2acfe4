"""Machines through Dask: by address, on this machine; what is refused, and what is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cortex_tui.placement.cluster import dask_worker
from cortex_tui.placement.cluster.adapters import adapter_of
from cortex_tui.placement.cluster.dask_setup import reason_of
from cortex_tui.placement.cluster.dask_versions import check_versions
from cortex_tui.placement.cluster.port import AGENT_MODULE, ClusterError, Machine
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket

SETTINGS = ClusterSettings()
NOBODY = "127.0.0.1:9"
TICKET = Ticket(machine="red", addresses=(NOBODY,), token=b"t" * 32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local:0", "expected local:N with N from 1 to 64"),
        ("local:x", "expected local:N"),
        ("local:65", "expected local:N"),
        ("tcp://", "expected tcp://HOST:PORT"),
        ("tcp://host:port", "expected tcp://HOST:PORT"),
        ("tcp://host:1/path", "expected tcp://HOST:PORT"),
        ("tcp://me@host:1", "expected tcp://HOST:PORT"),
        ("ssh:/nowhere/hosts.toml", "/nowhere/hosts.toml: "),
    ],
)
def test_what_cannot_be_meant_is_one_line(text: str, expected: str) -> None:
    with pytest.raises(ClusterError) as raised:
        adapter_of(text, SETTINGS)
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)


def test_certificates_are_for_schedulers_that_encrypt() -> None:
    settings = ClusterSettings(tls=("ca.pem", "cert.pem", "key.pem"))
    with pytest.raises(ClusterError, match="certificates: expected tls://host:8786 with them"):
        adapter_of("tcp://host", settings)


def test_a_scheduler_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cortex_tui.placement.cluster.dask_sources.CONNECT_S", 0.5)
    with pytest.raises(ClusterError, match=rf"no scheduler answers at tcp://{NOBODY}: "):
        adapter_of(f"tcp://{NOBODY}", SETTINGS).slots()


def test_the_reason_is_what_is_behind_an_error() -> None:
    timed_out = OSError("Timed out trying to connect after 5 s\nand more")
    timed_out.__cause__ = OSError("in <TCP>: refused")
    timed_out.__cause__.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert reason_of(timed_out) == "[Errno 111] Connection refused"
    assert reason_of(OSError("one\ntwo")) == "one"
    assert reason_of(TimeoutError()) == "TimeoutError"


def test_a_scheduler_that_encrypts_needs_certificates() -> None:
    with pytest.raises(ClusterError, match=f"tls://{NOBODY}: expected --cluster-tls"):
        adapter_of(f"tls://{NOBODY}", SETTINGS).slots()


def test_a_worker_without_a_name_is_known_by_its_host() -> None:
    from cortex_tui.placement.cluster.dask_adapter import members_of

    def worker(name: object, **resources: float) -> dict[str, Any]:
        return {"name": name, "host": "10.0.0.5", "resources": resources}

    members = members_of(
        {
            "tcp://10.0.0.5:1": worker("tcp://10.0.0.5:1"),
            "tcp://10.0.0.5:2": worker("tcp://10.0.0.5:2", runner=3.0),
            "tcp://10.0.0.6:1": worker("db", GPU=1.0),
            "tcp://10.0.0.7:1": worker(10),
            "tcp://10.0.0.7:2": worker(9),
        }
    )
    assert [(member.name, member.slots) for member in members] == [
        ("db", 1),
        ("10.0.0.5", 1),
        ("10.0.0.5-2", 3),
        ("worker-9", 1),
        ("worker-10", 1),
    ]


def _versions(**packages: str | None) -> dict[str, Any]:
    usual = dict.fromkeys(("dask", "distributed", "msgpack", "cloudpickle", "tornado"), "2026.8.0")
    own = {"python": "3.11.7.final.0", "cortex-tui": "1.0"}
    return {"packages": {**usual, **own, **packages}}


def test_versions_that_differ_are_named_with_the_machine() -> None:
    versions = {
        "client": _versions(),
        "scheduler": _versions(**{"distributed": "2026.7.0", "cortex-tui": None}),
        "workers": {"a": _versions(python="3.12.1.final.0"), "b": _versions(python="3.11.9.f.0")},
    }
    names = {"a": "red", "b": "blue"}
    with pytest.raises(ClusterError) as raised:
        check_versions(versions, names, allow_differences=False)
    assert str(raised.value) == (
        "versions differ: python is 3.12 on red and 3.11 here; distributed is 2026.7.0 on the "
        "scheduler and 2026.8.0 here (--allow-differences)"
    )
    check_versions(versions, names, allow_differences=True)


def test_a_worker_without_this_program_is_no_difference_to_allow() -> None:
    versions = {
        "client": _versions(),
        "scheduler": _versions(),
        "workers": {"a": _versions(**{"cortex-tui": None}), "b": _versions()},
    }
    with pytest.raises(ClusterError, match="cortex-tui is not installed on red"):
        check_versions(versions, {"a": "red", "b": "blue"}, allow_differences=True)


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """What all processes that this test starts have in their environment."""
    monkeypatch.setenv("CORTEX_TUI_TEST", mark := uuid4().hex)
    return mark


async def _start(machine: Machine, mark: str) -> int:
    """Starts an agent that nobody answers; its guard's number."""
    before = set(_agents(mark))
    await machine.start_agent(TICKET)
    while not (new := set(_agents(mark)) - before):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return min(new)


def _agents(mark: str) -> dict[int, int]:
    """The processes of agents, with their parents."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                mark.encode() in (process / "environ").read_bytes()
                and AGENT_MODULE.encode() in (process / "cmdline").read_bytes()
            ):
                status = (process / "stat").read_text(encoding="utf-8")
                found[int(process.name)] = int(status.rpartition(")")[2].split()[1])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
async def test_workers_of_this_machine_start_agents_and_report_what_is_lost(mark: str) -> None:
    adapter = adapter_of("local:2", SETTINGS)
    assert adapter.slots() == 2
    async with adapter.machines() as machines:
        assert [machine.name for machine in machines] == ["worker-1", "worker-2"]
        first, second = machines
        agent = await _start(first, mark)
        other = await _start(second, mark)
        os.kill(agent, signal.SIGKILL)
        assert "was killed by SIGKILL" in await first.lost
        assert not second.lost.done()
        os.kill(_agents(mark)[other], signal.SIGKILL)
        assert await second.lost == "its Dask worker has ended"
    while _agents(mark):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_a_machine_has_one_session_at_a_time(mark: str) -> None:
    try:
        assert await dask_worker.start_agent(TICKET) == ""
        waiting = asyncio.ensure_future(dask_worker.start_agent(TICKET))
        ended = asyncio.ensure_future(dask_worker.agent_ended())
        await asyncio.sleep(0)
        assert dask_worker.is_taken()
        assert not waiting.done()
        await dask_worker.end_agent()
        assert await ended == ""
        assert await waiting == ""
    finally:
        await dask_worker.end_agent()
    assert not dask_worker.is_taken()


async def test_a_machine_that_is_not_given_back_is_refused(
    monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setattr(dask_worker, "TAKEN_S", 0)
    try:
        assert await dask_worker.start_agent(TICKET) == ""
        assert await dask_worker.start_agent(TICKET) == "another session is running there"
    finally:
        await dask_worker.end_agent()
