"""The shape of a run's times: its percentile curves, and how many modes they have."""

from __future__ import annotations

from functools import partial
from itertools import starmap

from cortex_tui.results.run_result import Curve, CurvePoint, RunResult, Shape
from cortex_tui.stats.binning import log_bins
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.log_bins import Mode
from cortex_tui.stats.modes import modes_of
from cortex_tui.stats.ordered import Ordered
from cortex_tui.stats.percentiles import SHOWN

_STANDARD_ERRORS = 1.96
"""Half of a confidence interval (95 %); of a share q of n independent values, the standard error is
sqrt(q (1 - q) / n)."""


def curve_of(values: Ordered) -> Curve:
    """Their percentile curve. Takes 30 µs."""
    return tuple(starmap(CurvePoint, values.curve()))


def shape_of(headline: Histogram, service: Histogram) -> Shape:
    """That of these times as they are now, made when it is asked for. It keeps their values in
    order, some 40 kB."""
    values, others = headline.ordered(), service.ordered()
    of_service = tuple if headline is service else partial(curve_of, others)
    # A histogram that has not changed has the very same ones in order.
    of = id(values), id(others)
    return Shape(partial(curve_of, values), of_service, partial(log_bins, values), of)


def made_shape_of(headline: Histogram, service: Histogram) -> Shape:
    """The same, made at once, so that none of the values are kept."""
    shape = shape_of(headline, service)
    return Shape.made(shape.curve, shape.service_curve, shape.bins)


def modes_of_run(run: RunResult) -> tuple[Mode, ...]:
    """The modes of its headline time.

    Operations of one slow moment are not independent. How many independent ones are worth as much
    is read off the confidence intervals of percentiles: by the share of operations within them.
    """
    return modes_of(run.shape.bins, _independent(run))


def _independent(run: RunResult) -> list[tuple[float, float]]:
    """For each quantile whose interval is known: how many independent operations would know it as
    well."""
    found = []
    for name, quantile in SHOWN.items():
        if (interval := run.confidence_ns.get(name)) is not None:
            half = max(run.shape.bins.share_between(*interval) / 2, 1e-9)
            found.append((quantile, quantile * (1 - quantile) * (_STANDARD_ERRORS / half) ** 2))
    return found
