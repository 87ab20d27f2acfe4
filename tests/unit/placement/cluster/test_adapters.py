"""What stands behind `--cluster`, and what agents are started with."""

from __future__ import annotations

import pytest

from cortex_tui.placement.cluster.adapters import ADAPTERS, adapter_of
from cortex_tui.placement.cluster.port import ClusterError, Kind
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import (
    Ticket,
    TicketError,
    decode_ticket,
    encode_ticket,
)

SETTINGS = ClusterSettings()


def test_agents_of_this_machine_by_their_number() -> None:
    adapter = adapter_of("agents:3", SETTINGS)
    assert (adapter.name, adapter.slots()) == ("agents:3", 3)
    assert adapter.words == "on 3 agents of this machine"


@pytest.mark.parametrize("text", ["agents", "agents:", "agents:0", "agents:x", "agents:65", "³:1"])
def test_what_cannot_be_meant_is_one_line(text: str) -> None:
    with pytest.raises(ClusterError, match=r"expected .*agents:N.*got"):
        adapter_of(text, SETTINGS)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(text: str, settings: ClusterSettings) -> None:
        raise ModuleNotFoundError("No module named 'distant'", name="distant")

    kind = Kind("far:HOST", "far away", make)  # type: ignore[arg-type]
    monkeypatch.setitem(ADAPTERS, "far", kind)
    with pytest.raises(
        ClusterError, match=r"far:HOST needs the extra cluster .*'cortex-tui\[cluster\]'"
    ):
        adapter_of("far:x", SETTINGS)


def test_a_ticket_is_one_line_and_its_token_is_in_no_text_of_it() -> None:
    ticket = Ticket(machine="m\n1", addresses=("127.0.0.1:1",), token=b"\x00secret\n")
    line = encode_ticket(ticket)
    assert line.count(b"\n") == 1
    assert decode_ticket(line) == ticket
    assert "secret" not in repr(ticket)


@pytest.mark.parametrize("line", [b"", b"{}", b"\xff\n", b'{"token": "c2VjcmV0"}', b"[" * 9_999])
def test_what_is_no_ticket_is_refused_without_its_text(line: bytes) -> None:
    with pytest.raises(TicketError) as raised:
        decode_ticket(line)
    assert "c2VjcmV0" not in str(raised.value)
