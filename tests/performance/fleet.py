"""What several runners, processes and machines are worth, and what they cost.

Machines are agents of this machine, so this needs two cores that nothing else uses.
"""

from __future__ import annotations

from tests.performance import _fleet_clock, _fleet_cost, _fleet_kills, _fleet_load
from tests.performance._measure import Measurements


def main() -> None:
    measurements = Measurements("What several runners are worth, and what they cost.")
    for rows in (_fleet_load, _fleet_clock, _fleet_cost, _fleet_kills):
        rows.add_rows(measurements)
    measurements.exit()


if __name__ == "__main__":
    main()
