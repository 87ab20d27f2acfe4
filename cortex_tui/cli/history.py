"""`cortex-tui history`: a statistic of a profile over sessions, and where it changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cortex_tui.cli.completing import offer_profiles
from cortex_tui.cli.documents import check_targets, json_of, write_output
from cortex_tui.cli.options import StoreError, given, json_option, store_option
from cortex_tui.cli.stored import REF, answer, need_store, report
from cortex_tui.files import STDOUT
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.words import shown

if TYPE_CHECKING:
    from cortex_tui.analysis.series import History
    from cortex_tui.store.library import MeasuredRun
    from cortex_tui.store.port import Mode, Store

SCHEMA = "cortex-tui/history@1"
_a_session = given("a name or the start of an id")


@click.command()
@click.argument(
    "profile", callback=given("the full name of a profile"), shell_complete=offer_profiles
)
@click.option(
    "--statistic",
    default="",
    callback=given("the name of a statistic"),
    metavar="NAME",
    help="p50, p95, p99.9, mean, max or throughput; by default the percentile that the profile's "
    "targets name, else p95.",
)
@click.option(
    "--variant",
    default="",
    callback=given("the name of a variant"),
    metavar="NAME",
    help="Runs of this variant, in place of those of the code as it is.",
)
@click.option(
    "--canary",
    metavar="PROFILE",
    callback=given("the full name of a profile"),
    help="A profile that always does the same: its changes are taken off.",
)
@click.option("--all", "everything", is_flag=True, help="Also sessions under other conditions.")
@click.option(
    "--acknowledge",
    metavar=REF,
    callback=_a_session,
    help="Keep a note on the change at this session.",
)
@click.option("--note", default="", help="What to keep with --acknowledge.")
@click.option(
    "--forget",
    metavar=REF,
    callback=_a_session,
    help="Take the note on the change at this session away.",
)
@json_option
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE.svg",
    default="",
    callback=given("a file, or - for stdout"),
    help="Write a picture; - is stdout.",
)
@store_option
def history(
    profile: str,
    statistic: str,
    variant: str,
    canary: str | None,
    everything: bool,
    acknowledge: str | None,
    note: str,
    forget: str | None,
    as_json: bool,
    target: str,
    store: Path,
) -> int:
    """Show how a profile changed over all sessions. It shows a statistic, and where that changed.

    Only sessions that measured the same under the same conditions as the newest one are shown.
    """
    from cortex_tui.analysis.series import HistoryError, history_of
    from cortex_tui.store.port import open_store

    if note and acknowledge is None:
        raise click.UsageError("--note: expected --acknowledge with it")
    if acknowledge is not None and not note:
        raise click.UsageError("--acknowledge: expected --note with it")
    if acknowledge is not None and forget is not None:
        raise click.UsageError("--acknowledge and --forget: expected one of them, not both")
    if target == STDOUT and as_json:
        raise click.UsageError("-o: expected a file, stdout is that of --json")
    if target:
        check_targets([("-o", target)], store)
    changed = acknowledge or forget
    need_store(store)

    async def series() -> History:
        mode: Mode = "write" if changed else "read"
        async with await open_store(store, mode) as opened:
            report(opened.notice)
            found = history_of(
                profile,
                await _runs(opened, store, profile),
                statistic=statistic,
                variant=variant,
                everything=everything,
                canary=await _runs(opened, store, canary) if canary else None,
                canary_name=canary or "",
                known=await opened.acknowledgements(profile),
            )
            if not changed:
                return found
            return await _noted(opened, found, changed, note)

    try:
        found = answer(series())
    except HistoryError as error:
        raise StoreError(f"{store}: {profile}: {error}") from None
    _write(found, as_json=as_json, target=target)
    return 0


async def _noted(opened: Store, found: History, ref: str, note: str) -> History:
    """With the note on the change at that session, which is kept; an empty one is taken away."""
    from cortex_tui.analysis.series import step_at
    from cortex_tui.store.library import Acknowledgement

    session, _ = await opened.find(ref)
    step = step_at(found, session)
    first = step.first.session
    # An earlier note may be kept under a session next to it.
    for at, text in ((step.noted_at, ""), (first, note)):
        if at:
            known = Acknowledgement(
                profile=found.profile, statistic=found.statistic, session=at, note=text
            )
            await opened.acknowledge(known)
    report(f"the change at session {first} is {'' if note else 'no longer '}acknowledged")
    steps = (
        msgspec.structs.replace(each, note=note, noted_at=first if note else "")
        if each is step
        else each
        for each in found.steps
    )
    return msgspec.structs.replace(found, steps=tuple(steps))


def _write(found: History, *, as_json: bool, target: str) -> None:
    from cortex_tui.report.history import MOST_COLUMNS, history_lines
    from cortex_tui.report.history_svg import history_svg
    from cortex_tui.report.stream import wants_colour, width_of

    if target:
        write_output(target, history_svg(found))
    if as_json:
        click.echo(_document(found), nl=False)
    elif not target:
        colour, width = wants_colour(sys.stdout), min(width_of(sys.stdout), MOST_COLUMNS)
        click.echo("\n".join(history_lines(found, width, colour=colour)), color=colour)


def _document(found: History) -> bytes:
    document = {"schema": SCHEMA, **msgspec.structs.asdict(found)}
    document["steps"] = [
        {**msgspec.structs.asdict(step), "ratio": step.ratio} for step in found.steps
    ]
    return json_of(document)


async def _runs(opened: Store, store: Path, profile: str) -> Sequence[MeasuredRun]:
    from cortex_tui.library.histories import measured_runs
    from cortex_tui.store.errors import SnapshotError

    runs = await measured_runs(opened, profile)
    if not runs:
        known = suggestion(profile, await opened.profiles())
        raise SnapshotError(f"{store}: no session has a run of {shown(profile)} {known}")
    for why in dict.fromkeys(run.unreadable for run in runs if run.unreadable):
        report(why)
    return runs
