"""A placement from outside the package, in everything that a person does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from cortex_tui.placement.port import Place, Stream
from cortex_tui.placement.registry import IN_PROCESS, PLACEMENTS, PROCESS, place_of
from cortex_tui.protocol.commands import Request, Stop, ToRunner
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    Message,
    RunFinished,
    RunPlanned,
    SessionFinished,
    StateChanged,
)
from cortex_tui.protocol.plan import SessionPlan
from cortex_tui.results.session_fold import SHARED_LOOP_WARNING, SessionFold
from tests.unit.cli.door import call
from tests.unit.session.messages import SECOND_NS, plan, profile, samples, started

SUITE = """
[profile.quick]
workload = "nowhere:quick"
load = { workers = 2, processes = 2 }
duration = "1h"
"""


class Recorded:
    """Measures nothing: in the second of each run 100 operations take 1 ms each."""

    @asynccontextmanager
    async def open(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        def send(request: ToRunner) -> None:
            assert isinstance(request, Request)
            stream.deliver([Answer(request.id, Answered(request.command == Stop(), "stopping"))])

        stream = Stream(send, lambda reason: None)
        stream.deliver([msgspec.structs.replace(started(), clock_cost_ns=50.0)])
        for run in plan.runs:
            stream.deliver(self.life_of(run.run))
        stream.deliver([SessionFinished(2 * SECOND_NS)])
        yield stream

    @staticmethod
    def life_of(run: int) -> list[Message]:
        return [
            StateChanged(run, RunLife("measure"), 0),
            samples(0, [1_000_000] * 100, run, at_ns=SECOND_NS),
            RunFinished(run=run, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS),
        ]

    def prepare(self) -> None: ...

    async def aclose(self) -> None: ...


RECORDED = Place(
    name="recorded", words="from a recording", make=lambda measuring_loop: Recorded()
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PLACEMENTS, RECORDED.name, RECORDED)
    (tmp_path / "x.toml").write_text(SUITE, encoding="utf-8")
    return tmp_path


def test_a_placement_from_outside_runs_a_session_that_is_stored_and_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(
        capsys, "run", "x.quick", "--profiles", "x.toml", "--placement", "recorded",
        "--save", "kept", "--json", "x.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "uvloop from a recording" in done.out
    document = json.loads((folder / "x.json").read_text(encoding="utf-8"))
    (run,) = document["runs"]
    assert (document["placement"], run["state"], run["operations"]) == ("recorded", "finished", 100)
    # It has no several processes, which is all that its warning says.
    assert run["warnings"] == ["ran in one process, not in the 2 of its load"]
    assert "from a recording" in call(capsys, "show", "kept").out


def test_a_stored_session_of_a_placement_that_is_not_here_can_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call(capsys, "run", "x.quick", "--profiles", "x.toml", "--placement", "recorded", "--save", "x")
    monkeypatch.delitem(PLACEMENTS, "recorded")
    assert "uvloop by recorded" in call(capsys, "show", "x").out


def test_a_placement_that_is_not_there_is_named_with_those_that_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "run", "x.quick", "--placement", "proces")
    assert done.code == 2
    assert "expected one of process, in-process, recorded, got" in done.err


def test_what_a_session_says_of_its_loop_follows_from_what_its_place_can_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = RECORDED._replace(name="shared", shares_loop=True)
    monkeypatch.setitem(PLACEMENTS, "shared", shared)
    monkeypatch.setitem(PLACEMENTS, "recorded", RECORDED)

    def warnings(placement: str) -> list[str]:
        fold = SessionFold(plan(profile()), placement, "")
        fold.apply(RunPlanned(0, profile(), ()))
        return fold.runs[0].warnings

    assert warnings("shared") == warnings("in-process") == [SHARED_LOOP_WARNING]
    assert warnings("recorded") == warnings("process") == []


async def test_the_places_of_this_program() -> None:
    with pytest.raises(ValueError, match="needs the loop"):
        IN_PROCESS.make(None)
    for place in (PROCESS, IN_PROCESS):
        assert place_of(place.name) is place
        await place.make(asyncio.get_running_loop()).aclose()
