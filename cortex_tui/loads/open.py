"""The open load: operations that start on a schedule, whatever has become of the earlier ones."""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.loads.levels import Segment
from cortex_tui.loads.port import ArrivalRules, Arrivals, Load
from cortex_tui.loads.settings import (
    DEFAULT_MAX_IN_FLIGHT,
    OF_RATES,
    processes_lines,
    processes_text,
    with_no_idle_process,
)
from cortex_tui.quantities import format_count
from cortex_tui.toml.reading import RATE, Key, read_rate_per_s


class OpenLoad(Load, msgspec.Struct, frozen=True, tag_field="model", tag="open"):
    """Operations start at `rate_per_s`, evenly spaced or as a Poisson process."""

    rate_per_s: float
    arrivals: Arrivals = "constant"
    max_in_flight: int = DEFAULT_MAX_IN_FLIGHT
    precise: bool = False
    processes: int = 1

    key = "rate"
    example = '{ rate = "500/s" }'
    keys = {
        "rate": Key(
            read_rate_per_s,
            RATE,
            "Open: operations start on a schedule, also while earlier ones have not ended.",
        ),
        **OF_RATES,
    }

    @classmethod
    def read(cls, keys: dict[str, Any], path: str) -> OpenLoad:
        rate_per_s = keys.pop("rate")
        return with_no_idle_process(OpenLoad(rate_per_s, **keys), path)

    @property
    def arrival_rules(self) -> ArrivalRules:
        return ArrivalRules(self.arrivals, self.max_in_flight, self.precise)

    def segments(self, start_ns: int) -> list[Segment]:
        return [Segment(start_ns, None, self.rate_per_s, self.rate_per_s)]

    @property
    def text(self) -> str:
        poisson = " poisson" if self.arrivals == "poisson" else ""
        return self.level_text(self.rate_per_s) + poisson + processes_text(self)

    @property
    def lines(self) -> tuple[str, ...]:
        return (
            f"open: {self.level_text(self.rate_per_s)}, {self.arrivals} arrivals",
            f"at most {format_count(self.max_in_flight)} in flight",
            *processes_lines(self),
        )
