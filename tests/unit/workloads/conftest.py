from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.patient_core import patient_core


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    with patient_core():
        yield
