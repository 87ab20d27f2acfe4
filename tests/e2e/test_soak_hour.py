"""An hour with the workbench open and a fault every half minute: nothing is lost, nothing grows.

`SOAK_MINUTES` is its length; memory is judged from about seven minutes on. `SOAK_SEED` decides the
order of the faults. Where it fails, its report is printed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e import terminal
from tests.soak.report import growing, page
from tests.soak_hour import soak

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")
@pytest.mark.skipif(bool(terminal.MISSING), reason=terminal.MISSING)
def test_nothing_is_lost_and_nothing_grows_in_an_hour_of_faults(tmp_path: Path) -> None:
    found = soak(MINUTES, SEED, tmp_path)
    problems = [*found.problems, *growing(found)]
    assert not problems, "\n".join([*problems, "", page(found, "soak.svg")])
    assert found.booked
