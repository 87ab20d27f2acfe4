from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.bench import GIVEN, Bench
from tests.unit.runner.person import Person


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    path = list(sys.path)
    module = f"workloads_of_{abs(hash(request.node.nodeid))}"
    yield Bench(tmp_path, module)
    sys.path[:] = path
    sys.modules.pop(module, None)
    GIVEN.pop(module, None)


@pytest.fixture
def person(bench: Bench) -> Person:
    return Person(bench)
