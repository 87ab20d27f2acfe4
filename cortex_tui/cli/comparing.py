"""`cortex-tui compare`, and what else shows comparisons of stored sessions."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import msgspec

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.documents import json_of
from cortex_tui.cli.options import StoreError, json_option, store_option
from cortex_tui.cli.stored import REF, answer, report
from cortex_tui.exit_codes import GOOD, MISSED, UNDECIDED
from cortex_tui.paths import command_on
from cortex_tui.protocol.programs import is_test
from cortex_tui.quantities import format_duration
from cortex_tui.stats.percentiles import parse_percentile, quantile_of

if TYPE_CHECKING:
    from cortex_tui.analysis.sessions import Compared
    from cortex_tui.placement.port import Place
    from cortex_tui.profiles.model import Profile
    from cortex_tui.store.library import NoiseRecord
    from cortex_tui.store.records import StoredSession

SCHEMA = "cortex-tui/comparison@1"
_FAIL_ON = frozenset({"regressions", "undecided"})


def percentile(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """A callback: the name of a percentile, or ""."""
    if text and parse_percentile(text) is None:
        raise click.BadParameter(f'expected a percentile such as "p99", got {text!r}', ctx, param)
    return text


def share(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    """A callback: a share such as `5%`."""
    from cortex_tui.stats.statistics import SHARE

    if text is None:
        return None
    try:
        found = SHARE.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None
    if not 0 < found < 1:
        raise click.BadParameter(f'expected a share such as "5%", got {text!r}', ctx, param)
    return found


@click.command()
@click.argument("refs", metavar=f"{REF}...", nargs=-1, required=True, shell_complete=offer_sessions)
@click.option(
    "--statistic",
    callback=percentile,
    default="",
    metavar="PERCENTILE",
    help="The percentile that decides, such as p99, in place of the one that a profile's first "
    "target names, or p95.",
)
@click.option(
    "--tolerance",
    callback=share,
    metavar="SHARE",
    help="Up to which difference two sides are the same, such as 5%: 2 % at p50 and the mean, 3 % "
    "at p95, 5 % at p99 and 10 % at p99.9, where it is not given.",
)
@click.option(
    "--force",
    "forced",
    is_flag=True,
    help="Show the numbers of what cannot be compared, too, without a verdict; and judge runs that "
    "lost a process as if they were whole.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Only this profile; * and ? stand for any text; may be repeated.",
)
@click.option("--brief", is_flag=True, help="Only the deciding statistic of each profile.")
@click.option(
    "--markdown",
    "as_markdown",
    is_flag=True,
    help="Print it as Markdown, for a comment on a pull request.",
)
@json_option
@click.option(
    "--undecided",
    type=click.Choice(["fail", "pass"]),
    default="fail",
    help="Whether a comparison that cannot tell is exit code 4 (fail, the default) or 0.",
)
@store_option
def compare(
    refs: Sequence[str],
    statistic: str,
    tolerance: float | None,
    forced: bool,
    profiles: Sequence[str],
    brief: bool,
    as_markdown: bool,
    as_json: bool,
    undecided: str,
    store: Path,
) -> int:
    """Compare stored sessions, or the variants of one. Each of the others is compared with the
    first.

    For each profile: faster, slower, the same, or cannot tell, and then why. Two sessions can be
    distinguished only as far as equal code repeats on this machine, which `noise` measures. To
    compare two versions of your code, measure both in one session with `run --against`.

    Exit codes: 0 the same or faster; 1 a profile is slower, or more of its operations fail; 2 wrong
    usage, or sessions that cannot be compared; 4 cannot tell, or a profile failed on one side or is
    missing in a session that is compared with the first, and nothing worse.
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown: expected one of them, not both")
    found = compared_refs(
        store, refs, statistic=statistic, tolerance=tolerance, forced=forced, only=profiles
    )
    if as_json:
        click.echo(document(found), nl=False)
    elif as_markdown:
        from cortex_tui.formats.comparison_markdown import comparisons_markdown

        click.echo(comparisons_markdown(found), nl=False)
    else:
        show(found, sys.stdout, brief=brief)
    return exit_code(found, _FAIL_ON - {"undecided"} if undecided == "pass" else _FAIL_ON)


def compared_refs(
    store: Path,
    refs: Sequence[str],
    *,
    statistic: str = "",
    tolerance: float | None = None,
    forced: bool = False,
    called: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    expected: Callable[[Profile], bool] = lambda _: True,
) -> list[Compared]:
    """Each of the others against the first; `called` has names that say more than a reference,
    `only` patterns over the names of profiles, and those of the first that are `expected` are to be
    in the others.

    Raises StoreError for what cannot be compared.
    """
    from cortex_tui.library.comparing import Comparisons, UnlikeError
    from cortex_tui.library.comparing import compared_refs as compared_in
    from cortex_tui.store.port import open_store

    async def load() -> Comparisons:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            try:
                found = await compared_in(
                    opened,
                    refs,
                    primary=statistic,
                    tolerance=tolerance,
                    forced=forced,
                    called=called,
                    only=only,
                    expected=expected,
                )
                for line in () if called else found.unreadable:  # it was reported before a run
                    report(line)
                return found
            except UnlikeError as error:
                # Of a session that was just measured, another command has that option.
                command = command_on(store, "compare", *refs, "--force")
                how = f"`{command}`" if called else "--force"
                raise StoreError(f"{error}: {how} shows their numbers, without a verdict") from None

    return list(answer(load()).compared)


def alike_to_baseline(
    store: Path, ref: str, profiles: Sequence[Profile], place: Place
) -> list[Profile]:
    """Before anything is measured: whether there is that session, whether it can be compared with
    one that is measured at the place, and how small a difference from it could be found. The
    profiles come back as they can be compared with it."""
    from cortex_tui.analysis.noise import smallest_differences, unreadable
    from cortex_tui.library.again import batched_alike
    from cortex_tui.store.port import open_store

    async def load() -> tuple[StoredSession, list[NoiseRecord]]:
        async with await open_store(store, "read") as opened:
            return await opened.load(ref), await opened.noise()

    stored, noise = answer(load())
    measured = {run.profile.full_name for run in stored.runs}
    names = [each.full_name for each in profiles]
    missing = [name for name in names if name not in measured]
    if len(missing) == len(names):
        raise click.UsageError(f"--baseline {ref}: it has none of these profiles")
    _check_alike(store, ref, stored, place)
    if missing:
        report(f"baseline {ref}: has no {', '.join(missing)}")
    for line in unreadable(noise):
        report(line)
    known = smallest_differences(stored, noise)
    for name in names:
        if name in known:
            shares = ", ".join(f"{share_text(part)} at {at}" for at, part in known[name].items())
            report(f"{name}: the smallest difference that can be found is {shares}")
    unknown = [name for name in names if name in measured and name not in known]
    if unknown:
        them, command = "it" if len(unknown) == 1 else "them", _noise_of(store, profiles)
        report(
            f"the noise between sessions is not known for {', '.join(unknown)}: no verdict on "
            f"{them}; measure it with `{command}`"
        )
    return batched_alike(profiles, stored)


def _check_alike(store: Path, ref: str, stored: StoredSession, place: Place) -> None:
    """Whether the session was measured on a machine such as this one, in the same way."""
    from cortex_tui.analysis.comparability import breaking_before
    from cortex_tui.environment import machine_facts

    here = {} if place.has_machines else machine_facts()
    if apart := breaking_before(stored.session, {**here, "placement": place.name}):
        forced = command_on(store, "compare", ref, "newest", "--force")
        raise click.UsageError(
            f"--baseline {ref}: what is measured now cannot be compared with it: "
            f"{'; '.join(map(str, apart))}; expected a session that was measured like this one "
            f"(without --baseline, and then `{forced}`, there are numbers without a verdict)"
        )


def _noise_of(store: Path, profiles: Sequence[Profile]) -> str:
    """The command that measures the noise of such profiles."""
    tests = ("--pytest", "TESTS") if any(map(is_test, profiles)) else ()
    return command_on(store, "noise", *tests)


def report_rounds_needed(store: Path, profiles: Sequence[Profile], rounds: int) -> None:
    """Before versions are measured in alternating rounds: how many rounds find what, as far as the
    noise of the profiles is known."""
    from cortex_tui.analysis.noise import FINDING, rounds_to_find, unreadable
    from cortex_tui.store.port import open_store

    async def load() -> list[NoiseRecord]:
        async with await open_store(store, "read") as opened:
            return await opened.noise()

    records = answer(load())
    known = {record.name: record for record in records}
    for line in unreadable(records):
        report(line)
    unknown = []
    for text in filter(None, (_too_few(each, rounds) for each in profiles)):
        report(text)
    for name in (each.full_name for each in profiles):
        needed = {
            f"{difference:.0%} at {statistic}": count
            for statistic, difference in FINDING.items()
            if name in known
            and (count := rounds_to_find(known[name], statistic, difference, family=len(profiles)))
        }
        if not needed:
            unknown.append(name)
            continue
        texts = ", ".join(
            f"{what} in {'more than 1,000' if count > 1_000 else count}"
            for what, count in needed.items()
        )
        report(f"{name}: differences that are found by rounds: {texts}; {rounds} are planned")
    if unknown:
        report(
            f"how many rounds are needed is not known for {', '.join(unknown)}: "
            f"`{_noise_of(store, profiles)}` measures it"
        )


def _too_few(profile: Profile, rounds: int) -> str:
    """What to change where the load cannot start enough operations for the percentile that decides;
    "" where it can, or that is not known."""
    from cortex_tui.analysis.evidence import operations_for

    duration_ns, statistic = profile.stop.duration_ns, profile.primary
    most = None if duration_ns is None else profile.load.most_operations(duration_ns)
    if duration_ns is None or not most or not statistic:
        return ""
    needed = operations_for(quantile_of(statistic))
    if most * rounds >= needed:
        return ""
    longer_ns = math.ceil(duration_ns * needed / (most * rounds) / 1e8) * 100_000_000
    return (
        f"{profile.full_name}: {statistic} decides, but will not tell: it needs {needed:,} "
        f"operations a side, and {profile.load.text} can start {most * rounds:,.0f} in {rounds} "
        f"rounds of {format_duration(duration_ns)}; {math.ceil(needed / most):,} rounds or "
        f"--duration {format_duration(longer_ns)} would do, or a first target at a lower percentile"
    )


def show(found: Sequence[Compared], out: TextIO, *, brief: bool = False) -> None:
    """Writes the comparisons as text."""
    from cortex_tui.report.comparison import comparison_text
    from cortex_tui.report.stream import wants_colour, width_of

    colour = wants_colour(out)
    texts = [
        comparison_text(each, width=width_of(out), colour=colour, details=not brief)
        for each in found
    ]
    click.echo("\n\n".join(texts), file=out, color=colour)


def document(found: Sequence[Compared]) -> bytes:
    """JSON that ends with a line feed: a comparison each, with its line of text."""
    return json_of({"schema": SCHEMA, "comparisons": _fields(found)})


def with_comparisons(session: bytes, found: Sequence[Compared]) -> bytes:
    """The JSON of a session, with how it compares: the same entries under `comparisons`."""
    return json_of({**msgspec.json.decode(session), "comparisons": _fields(found)})


def _fields(found: Sequence[Compared]) -> list[dict[str, Any]]:
    from cortex_tui.report.comparison import headline

    comparisons: list[dict[str, Any]] = []
    for each in found:
        fields = msgspec.structs.asdict(each)
        comparison = msgspec.structs.asdict(fields.pop("comparison"))
        comparison["profiles"] = [
            {**msgspec.structs.asdict(profile), "verdict": profile.verdict}
            for profile in each.comparison.profiles
        ]
        comparisons.append({"summary": headline(each), **fields, **comparison})
    return comparisons


def share_text(part: float) -> str:
    """Of a ratio less 1, such as `4.2 %`; a large one as a ratio, which is easier to read."""
    return f"{part + 1:.3g} times" if part >= 1 else f"{100 * part:.1f} %"


def exit_code(found: Sequence[Compared], fail_on: Collection[str] = _FAIL_ON) -> int:
    """1 for a regression; 4 where anything is undecided, could not be compared or is missing, and
    nothing is worse; else 0."""
    if "regressions" in fail_on and any(each.comparison.regressions for each in found):
        return MISSED
    undecided = any(
        each.not_compared or each.missing or each.comparison.having("cannot tell") for each in found
    )
    return UNDECIDED if undecided and "undecided" in fail_on else GOOD
