"""The core with deadlines that a busy machine meets, for tests that are not about deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from cortex_core import Cortex
from tests.patience import PATIENCE_S


@contextmanager
def patient_core() -> Iterator[None]:
    """Meanwhile a store that is opened without deadlines of its own waits for others, and lets
    reads take, much longer than the seconds that it would."""
    defaults = {"busy_timeout_s": PATIENCE_S, "search_timeout_s": PATIENCE_S}
    with patch.dict(Cortex.open.__kwdefaults__, defaults):
        yield
