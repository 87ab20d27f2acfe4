"""What commands that measure do with a session at its end: compare it, and come to an exit code."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cortex_tui.cli.against import VersionRounds
from cortex_tui.cli.comparing import compared_refs, exit_code, show, with_comparisons
from cortex_tui.cli.exporting import Export, export_stored, to_stdout
from cortex_tui.cli.measuring import Ran, SessionSettings, run_profiles
from cortex_tui.cli.options import Command, StoreError, given, report_error
from cortex_tui.cli.stored import answer
from cortex_tui.exit_codes import INTERRUPTED
from cortex_tui.files import STDOUT
from cortex_tui.profiles.model import Profile
from cortex_tui.starting import without_collections

if TYPE_CHECKING:
    from cortex_tui.analysis.sessions import Compared
    from cortex_tui.report.headless import Delivery


def baseline_option(command: Command) -> Command:
    return click.option(
        "--baseline",
        metavar="NAME|ID",
        default="",
        callback=given("a name, or the start of an id"),
        help="Compare what was measured with a stored session, as `compare` does.",
    )(command)


def failing_options(command: Command) -> Command:
    """What becomes the exit code: the command is given `fail_on`."""

    @wraps(command)
    def with_failing(*args: Any, fail_on: frozenset[str], undecided: str, **kwargs: Any) -> Any:
        if undecided == "pass":
            fail_on -= {"undecided"}
        return command(*args, fail_on=fail_on, **kwargs)

    judged: Any = click.option(
        "--undecided",
        type=click.Choice(["fail", "pass"]),
        default="fail",
        help="Whether undecided targets, and nothing worse, are exit code 4 (fail, the default) or "
        "0: pass is short for a --fail-on without undecided.",
    )(with_failing)
    found: Command = click.option(
        "--fail-on",
        callback=_fail_on,
        default="targets,regressions,undecided",
        show_default=True,
        metavar="LIST",
        help="What is exit code 1: targets that are missed, regressions against the baseline, "
        "errors (any operation that failed); and undecided for code 4.",
    )(judged)
    return found


def _fail_on(ctx: click.Context, param: click.Parameter, text: str) -> frozenset[str]:
    """A callback: the words of a list such as `targets,errors`."""
    with without_collections():
        from cortex_tui.report.headless import FAIL_ON

    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in FAIL_ON:
            raise click.BadParameter(
                f"expected some of {', '.join(FAIL_ON)}, got {word!r}", ctx, param
            )
    return frozenset(words)


def measured_and_judged(
    profiles: Sequence[Profile],
    delivery: Delivery,
    settings: SessionSettings,
    versions: VersionRounds,
    *,
    baseline: str,
    exports: Sequence[Export],
    expected: Callable[[Profile], bool] = lambda _: False,
) -> int:
    """Measures a session, of versions where any are wanted, and compares it: the versions with each
    other, or the session with the `baseline`, if any. Exports it in any case, and returns the exit
    code of all.

    Of the profiles of the baseline, those that are `expected` are missing where they were not
    measured; the others were left out on purpose."""
    from cortex_tui.report.headless import worst

    compares = bool(versions.wanted or baseline)
    left_out: list[str] = []
    before: dict[str, str] = {}

    @cache
    def compared(session: str) -> list[Compared]:
        found = compared_refs(
            delivery.store,
            [*before, session],
            called={**before, session: "this session"},
            expected=expected,
        )
        if found and left_out:  # of all comparisons of the session: it is reported once
            first = msgspec.structs.replace(found[0], notes=(*left_out, *found[0].notes))
            found = [first, *found[1:]]
        return found

    def complete(document: bytes, session: str) -> bytes:
        # Why there is no comparison is reported further below.
        with contextlib.suppress(StoreError):
            return with_comparisons(document, compared(session))
        return document

    if compares:
        delivery = msgspec.structs.replace(delivery, complete=complete, left_out=left_out.append)
    if baseline:
        session_before, ref = answer(_fixed(delivery, baseline))
        before[ref] = baseline
        settings = settings._replace(needed=[session_before])
    code, session, stored = _measured(profiles, delivery, settings, versions)
    if session and not stored:
        # What did reach the store may be a part, of which there would be other numbers.
        wanted = ["not compared"] * compares + [f"{each.target}: not written" for each in exports]
        for each in wanted:
            report_error(f"{each}: it needs the session in the store, which is not there")
            code = worst(code, StoreError.exit_code)
        return code
    found: Sequence[Compared] = ()
    try:
        if session and (versions.wanted or (baseline and code != INTERRUPTED)):
            found = compared(session)
            out = sys.stderr if delivery.json == STDOUT or to_stdout(exports) else sys.stdout
            click.echo(file=out)
            show(found, out)
            code = worst(code, exit_code(found, delivery.fail_on))
    except StoreError as error:
        # What was interrupted may have too little to compare.
        if code != INTERRUPTED:
            raise
        report_error(error.message)
    finally:
        if exports and session:
            code = worst(code, export_stored(delivery.store, session, exports, found))
    return code


async def _fixed(delivery: Delivery, ref: str) -> tuple[str, str]:
    """The id of a stored session, and a reference to the same that stays what it is: `newest`, a
    baseline and the start of an id can mean another one once a session is stored."""
    from cortex_tui.store.port import open_store

    async with await open_store(delivery.store, "read") as opened:
        session, run = await opened.find(ref)
    return session, session if run is None else ref


def _measured(
    profiles: Sequence[Profile],
    delivery: Delivery,
    settings: SessionSettings,
    versions: VersionRounds,
) -> Ran:
    if not versions.wanted:
        return run_profiles(profiles, delivery, settings)
    from cortex_tui.cli.versions import run_versions

    return run_versions(profiles, delivery, settings, versions)
