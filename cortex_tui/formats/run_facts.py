"""What is known of a run besides its times: how it ended, and which operations have no time.

Without it a run that fell behind comes back as one that kept up, and one that failed as finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from cortex_tui.formats.checks import count_of, text_of
from cortex_tui.protocol.lifecycle import Outcome
from cortex_tui.results.run_result import RunResult
from cortex_tui.text import encodable

_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
_MAX_REASON_CHARS = 1_000
COUNTS = ("unstarted", "unfinished")


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts are of operations, of a run with batches too."""

    state: str = "finished"
    """As reports have it: `finished`, `stopped`, `failed`, `interrupted`, or of one that had not
    ended yet `planned` or `running`."""
    reason: str = ""
    """Why it failed or was stopped."""
    unstarted: int = 0
    unfinished: int = 0

    @staticmethod
    def of(run: RunResult) -> RunFacts:
        return RunFacts(
            state=run.reported_state,
            reason=str(encodable(run.reason)),
            unstarted=run.unstarted,
            unfinished=run.unfinished,
        )

    @staticmethod
    def read(found: Mapping[str, Any], where: str) -> RunFacts:
        """Those of a file; what is missing is None or "". FormatError for what cannot be."""
        counts = {
            name: count_of(value, f"{where}: {name}")
            for name in COUNTS
            if (value := found.get(name)) not in (None, "")
        }
        state = text_of(found.get("state") or "finished", 100)
        return RunFacts(
            state=state, reason=text_of(found.get("reason") or "", _MAX_REASON_CHARS), **counts
        )

    def of_record(self) -> dict[str, Any]:
        """The fields of a RunRecord."""
        outcome = _OUTCOMES.get(self.state)
        return {
            "state": outcome or "stopped",
            "interrupted": outcome is None,
            "reason": self.reason,
            "unstarted": self.unstarted,
            "unfinished_more": self.unfinished,
        }
