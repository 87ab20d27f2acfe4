"""What a heat map remembers from frame to frame: counts of columns that have not changed, and the
scale, which stays until it does not fit any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cortex_tui.results.latency_rows import LatencyBounds, LatencyRows, latency_rows
from cortex_tui.results.series import RunSeries
from cortex_tui.results.time_columns import TimeColumn, TimeColumns
from cortex_tui.tui.render.heat_scale import KINDS, Counts, HeatScale, Kind, heat_scale
from cortex_tui.tui.render.heatmap import HeatPicture, changed_columns, heat_picture
from cortex_tui.tui.render.ramp import ON_DARK, SHADES
from cortex_tui.tui.render.time_axis import TimeAxis


class HeatMemory:
    """Of one run at a time."""

    def __init__(self) -> None:
        self.kind: Kind = KINDS[0]
        self._columns = TimeColumns()
        self._bounds = LatencyBounds()
        self.rescaled_ns: int | None = None
        """When the scale no longer fitted and was made anew: how long the run had lasted."""
        self._scale: HeatScale | None = None
        self._made_for: object = None
        self._counted: tuple[LatencyRows, Sequence[TimeColumn | None], Counts] | None = None
        """What was counted last: the rows, the columns and what is in them."""
        self._drawn: HeatPicture | None = None

    def make_columns(self, series: RunSeries, axis: TimeAxis, most: int) -> bool:
        """As `TimeColumns.make`, of the columns of a picture."""
        return self._columns.make(series, axis.column_ns, most)

    def picture(
        self,
        series: RunSeries,
        axis: TimeAxis,
        lines: int,
        *,
        halves: bool,
        topic: object,
        live: bool,
    ) -> HeatPicture | None:
        """That of the intervals in `lines` lines, in half blocks of colours or in shades; None
        without any value. With another `topic` the scale begins anew."""
        columns = self._columns.of(series, axis.column_ns)
        found = self.scaled(
            columns,
            lines * 2 if halves else lines,
            len(ON_DARK) if halves else len(SHADES),
            made_for=(topic, axis.column_ns, series.headline),
            last_ns=series.last_ns,
            live=live,
        )
        if found is None:
            return None
        self._drawn = heat_picture(
            columns, axis, *found, halves=halves, batch=series.batch, before=self._drawn
        )
        return self._drawn

    def next_kind(self) -> None:
        """Another scale for the counts, which is also made anew."""
        self.kind = KINDS[(KINDS.index(self.kind) + 1) % len(KINDS)]
        self._scale = None

    def scaled(
        self,
        columns: Sequence[TimeColumn | None],
        rows: int,
        levels: int,
        *,
        made_for: object,
        last_ns: int,
        live: bool,
    ) -> tuple[HeatScale, Counts] | None:
        """The scale, and the counts, rows by columns; None without any value.

        `made_for` is what else the picture depends on: where that changes, the scale is made anew,
        without a word. While the run is `live` it is kept as long as it fits.
        """
        bounds = self._bounds.of(columns)
        if bounds is None:
            return None
        made_for = made_for, rows, levels
        if made_for != self._made_for:
            self._scale, self._made_for, self.rescaled_ns = None, made_for, None
        scale = self._scale
        if scale is not None and live:
            counts = self._counts(columns, scale.rows)
            if scale.fits(bounds, int(counts.max(initial=0))):
                return scale, counts
            self.rescaled_ns = last_ns
        latencies = latency_rows(*bounds, rows)
        counts = self._counts(columns, latencies)
        self._scale = heat_scale(self.kind, latencies, counts, levels)
        return self._scale, counts

    def _counts(self, columns: Sequence[TimeColumn | None], rows: LatencyRows) -> Counts:
        counts = np.zeros((rows.number, len(columns)), np.int64)
        changed = list(range(len(columns)))
        if self._counted is not None and self._counted[0] == rows:
            _, before, known = self._counted
            same = min(len(before), len(columns))
            counts[:, :same] = known[:, :same]
            changed = changed_columns(before, columns)
        for number in changed:
            column = columns[number]
            counts[:, number] = 0 if column is None else rows.counts_of(column.times)
        self._counted = rows, columns, counts
        return counts
