"""What of the table is copied, and what is reported about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cortex_tui.profiles.model import Catalog
from cortex_tui.results.series import TimeWindow
from cortex_tui.tui.render.copied import row_text, table_markdown
from cortex_tui.tui.state.command_line import command_of
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.travel import window_text

What = Literal["row", "table", "command"]


class Copied(NamedTuple):
    text: str
    """"" where there is nothing to copy."""
    report: str


def copied(
    what: What,
    listing: Listing,
    latest: LatestRuns,
    catalog: Catalog,
    store: str,
    window: TimeWindow | None = None,
) -> Copied:
    """`latest` is what is seen, within `window` if there is one; `catalog` is what the files of the
    suites have."""
    if what == "command":
        if latest.view is None:
            return Copied("", "no session was run yet: there is no command line that repeats it")
        text, remark = command_of(latest.view, catalog, store)
        if not text:
            return Copied("", remark)
        return Copied(text, f"copied {text}" + f" ({remark})" * bool(remark))
    if what == "row":
        entry = listing.current
        known = latest.seen(entry.key) if entry is not None and entry.profile else None
        if known is None:
            return Copied("", "the row under the cursor has no numbers yet")
        if known.awaited:
            return Copied("", "no numbers of this part of the row's run have come")
        within = f" (only {window_text(window)})" if window is not None and known.current else ""
        return Copied(row_text(known.run) + within, f"copied the row{within}")
    seen = [latest.seen(profile.full_name) for profile in listing.shown]
    if any(known.awaited for known in seen if known is not None):
        return Copied("", "numbers of this part of some runs have not come")
    runs = [known.run for known in seen if known is not None]
    if not runs:
        return Copied("", "no row that is listed has numbers yet")
    rows = "1 row" if len(runs) == 1 else f"{len(runs)} rows"
    text = table_markdown(runs)
    if window is not None:
        text += f"\nOnly {window_text(window)} of each run of the newest session.\n"
    return Copied(text, f"copied {rows} as Markdown")
