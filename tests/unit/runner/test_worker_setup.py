"""What is set up: once for each run, for each worker, for each session; and taken down again."""

from __future__ import annotations

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Adjust
from cortex_tui.protocol.messages import LogLine, RunPlanned
from tests.unit.runner.bench import Bench, PhaseChanged

MS = 1_000_000

CONNECTIONS = """
@workload
async def clients():
    log.append("server up")

    @per_worker
    async def client(worker):
        log.append(f"client {worker} up")
        async def operation(i):
            used.setdefault(worker, []).append(i)
            reached(i)
            await asyncio.sleep(0)
        yield operation
        log.append(f"client {worker} down")

    yield client
    log.append("server down")
"""


async def test_each_worker_has_its_own_set_up_before_anything_is_measured(bench: Bench) -> None:
    log: list[str] = []
    used: dict[int, list[int]] = {}
    bench.write(CONNECTIONS, log=log, used=used, reached=lambda i: log.append("measuring"))
    recorded = await bench.run(bench.profile("clients", load=ClosedLoad(workers=3)))
    assert recorded.finished().reason == ""
    assert list(dict.fromkeys(log)) == [
        *("server up", "client 0 up", "client 1 up", "client 2 up", "measuring"),
        *("client 2 down", "client 1 down", "client 0 down", "server down"),
    ]
    assert sorted(i for each in used.values() for i in each) == list(range(50))
    assert used.keys() == {0, 1, 2}
    assert len(recorded.values("service")) == 50


async def test_a_staged_load_sets_up_as_many_workers_as_it_will_have(bench: Bench) -> None:
    log: list[str] = []
    bench.write(CONNECTIONS, log=log, used={}, reached=lambda i: None)
    load = StagedLoad(of="workers", stages=(Stage(1, 30 * MS), Stage(4, 30 * MS)))
    await bench.run(
        bench.profile("clients", load=load, stop=Length(duration_ns=load.duration_ns)),
        on_message=lambda session, message: (
            log.append(message.phase) if isinstance(message, PhaseChanged) else None
        ),
    )
    assert log.index("client 3 up") < log.index("measure")
    assert log.count("client 3 up") == log.count("client 3 down") == 1


async def test_a_worker_that_joins_later_is_set_up_when_it_comes(bench: Bench) -> None:
    log: list[str] = []
    used: dict[int, list[int]] = {}
    factors = {20: 3.0, 120: 0.3}

    def reached(i: int) -> None:
        if i in factors:
            log.append(f"adjust at {i}")
            bench.session.execute(Adjust(0, factors[i]))

    bench.write(CONNECTIONS, log=log, used=used, reached=reached)
    recorded = await bench.run(bench.profile("clients", stop=Length(iterations=300)))
    assert recorded.finished().state == "finished"
    assert len(recorded.values("service")) == 300
    assert used.keys() == {0, 1, 2}
    for worker in (1, 2):
        up, down = log.index(f"client {worker} up"), log.index(f"client {worker} down")
        assert log.index("adjust at 20") < up < log.index("adjust at 120") < down
    assert log[-2:] == ["client 0 down", "server down"]


async def test_a_worker_that_cannot_be_set_up_fails_the_run_and_the_others_are_taken_down(
    bench: Bench,
) -> None:
    log: list[str] = []
    bench.write(
        """
        @workload
        async def clients():
            @per_worker
            async def client(worker):
                if worker == 2:
                    raise ConnectionError("no more than 2 clients")
                async def operation(): pass
                try:
                    yield operation
                finally:
                    log.append(f"client {worker} down")
            yield client

        async def neighbour(): pass
        """,
        log=log,
    )
    recorded = await bench.run(
        bench.profile("clients", load=ClosedLoad(workers=4)), bench.profile("neighbour")
    )
    assert recorded.finished(0).state == "failed"
    assert recorded.finished(0).reason == "setup: ConnectionError: no more than 2 clients"
    assert log == ["client 1 down", "client 0 down"]
    assert recorded.finished(1).state == "finished"


@pytest.mark.parametrize("error", ["ConnectionError('too many')", "SystemExit(3)"])
async def test_a_late_worker_that_cannot_be_set_up_fails_the_run(bench: Bench, error: str) -> None:
    bench.write(
        f"""
        @workload
        async def clients():
            @per_worker
            async def client(worker):
                if worker:
                    raise {error}
                async def operation(i):
                    reached(i)
                    await asyncio.sleep(0)
                yield operation
            yield client

        async def neighbour(): await asyncio.sleep(0)
        """,
        reached=lambda i: bench.session.execute(Adjust(0, 2.0)) if i == 10 else None,
    )
    recorded = await bench.run(
        bench.profile("clients", stop=Length(iterations=10_000)), bench.profile("neighbour")
    )
    assert recorded.finished(0).state == "failed"
    assert error.partition("(")[0] in recorded.finished(0).reason
    assert recorded.finished(1).state == "finished"
    assert len(recorded.values("service", 1)) == 50


async def test_a_batch_calibrates_on_the_first_worker(bench: Bench) -> None:
    used: dict[int, list[int]] = {}
    bench.write(CONNECTIONS, log=[], used=used, reached=lambda i: None)
    recorded = await bench.run(
        bench.profile("clients", load=ClosedLoad(2), batch=0, stop=Length(iterations=10_000))
    )
    assert recorded.finished().state == "finished"
    assert used.keys() == {0, 1}


async def test_an_open_load_has_no_workers_to_set_up(bench: Bench) -> None:
    log: list[str] = []
    bench.write(CONNECTIONS, log=log, used={}, reached=lambda i: None)
    recorded = await bench.run(bench.profile("clients", load=OpenLoad(rate_per_s=1_000.0)))
    assert recorded.finished().state == "failed"
    assert "@per_worker needs workers, and this load has none" in recorded.finished().reason
    assert log == ["server up", "server down"]


SHARED = """
@shared
async def pool():
    log.append("pool up")
    yield object()
    log.append("pool down")

@workload
async def client():
    first = await pool()
    assert first is await pool()
    seen.append(first)
    log.append("client up")
    async def operation(): await asyncio.sleep(0)
    yield operation
    log.append("client down")
"""


@pytest.mark.parametrize("one_by_one", [False, True])
async def test_what_is_shared_is_set_up_once_a_session_and_taken_down_last(
    bench: Bench, one_by_one: bool
) -> None:
    log: list[str] = []
    seen: list[object] = []
    bench.write(SHARED, log=log, seen=seen)
    profile = bench.profile("client")
    recorded = await bench.run(profile, profile, rounds=2, one_by_one=one_by_one)
    assert [recorded.finished(run).state for run in range(4)] == ["finished"] * 4
    assert len(seen) == 4
    assert len(set(map(id, seen))) == 1
    assert (log[0], log[-1]) == ("pool up", "pool down")
    assert log.count("pool up") == log.count("pool down") == 1
    assert log.count("client up") == log.count("client down") == 4


@pytest.mark.parametrize("error", ["ConnectionError('no server')", "SystemExit('no server')"])
async def test_what_is_shared_and_fails_is_reported_in_every_run(bench: Bench, error: str) -> None:
    attempts: list[int] = []
    bench.write(
        f"""
        @shared
        async def pool():
            attempts.append(1)
            await asyncio.sleep(0)
            raise {error}
            yield

        @workload
        async def client():
            await pool()
            yield

        async def neighbour(): pass
        """,
        attempts=attempts,
    )
    client = bench.profile("client")
    recorded = await bench.run(client, client, bench.profile("neighbour"))
    for run in (0, 1):
        assert recorded.finished(run).state == "failed"
        assert recorded.finished(run).reason.endswith("no server")
    assert recorded.finished(2).state == "finished"
    assert attempts == [1]


@pytest.mark.parametrize("error", ["OSError('gone')", "SystemExit('gone')"])
async def test_what_is_shared_and_cannot_be_taken_down_is_reported(
    bench: Bench, error: str
) -> None:
    bench.write(
        f"""
        @shared
        async def pool():
            yield 1
            raise {error}

        @workload
        async def client():
            await pool()
            async def operation(): pass
            yield operation
        """
    )
    recorded = await bench.run(bench.profile("client"))
    assert recorded.finished().state == "finished"
    (seen,) = (line.text for line in recorded.of(LogLine) if line.stream == "runner")
    assert seen.startswith("a shared thing could not be torn down")
    assert "gone" in seen


@pytest.mark.parametrize(("one_by_one", "order"), [(True, "A1 B1 A2 B2"), (False, "A1 B1 A2 B2")])
async def test_rounds_follow_each_other(bench: Bench, one_by_one: bool, order: str) -> None:
    bench.write("async def a(): pass\nasync def b(): pass")
    recorded = await bench.run(
        bench.profile("a"), bench.profile("b"), rounds=2, one_by_one=one_by_one
    )
    planned = recorded.of(RunPlanned)
    named = [f"{m.profile.name.upper()}{m.round}" for m in planned]
    assert named == order.split()
    assert [m.neighbours for m in planned][:2] == (
        [(), ()] if one_by_one else [("bench.b",), ("bench.a",)]
    )
    seen = [(m.run, m.phase) for m in recorded.of(PhaseChanged)]
    # The second round is set up when the first has been taken down.
    assert max(seen.index((run, "teardown")) for run in (0, 1)) < min(
        seen.index((run, "setup")) for run in (2, 3)
    )
    if one_by_one:
        assert [run for run, phase in seen if phase == "measure"] == [0, 1, 2, 3]
    else:
        assert recorded.began_ns("measure", 0) == recorded.began_ns("measure", 1)
        assert recorded.began_ns("measure", 2) == recorded.began_ns("measure", 3)


async def test_every_round_has_a_set_up_of_its_own(bench: Bench) -> None:
    log: list[str] = []
    bench.write(CONNECTIONS, log=log, used={}, reached=lambda i: None)
    recorded = await bench.run(bench.profile("clients"), rounds=3)
    assert log.count("server up") == log.count("server down") == 3
    assert log.count("client 0 up") == log.count("client 0 down") == 3
    assert [len(recorded.values("service", run)) for run in range(3)] == [50] * 3
