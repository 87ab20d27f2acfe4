"""What `--against`, `--variant` and `--python` ask for, as variants."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click
import msgspec

from cortex_tui import __version__
from cortex_tui.cli.against import Wanted
from cortex_tui.cli.databases import check_kept, database_given
from cortex_tui.passwords import masked
from cortex_tui.profiles.matrix import read_params
from cortex_tui.profiles.model import ParamValue, Profile, SuiteVariant
from cortex_tui.profiles.suite import read_suite
from cortex_tui.protocol.plan import LoopName, Variant
from cortex_tui.protocol.programs import is_test
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.reading import RefusedError

HERE = "here"
"""The name of the code as it is."""

KEYS = ("rev", "folder", "python", "loop", "database", "env", "param")
KEYS_OF_TESTS = ("rev", "folder", "python", "env")
"""On the others pytest decides, or there is nothing of the kind."""


def variants_of(wanted: Wanted, profiles: Sequence[Profile]) -> list[Variant]:
    """What the words mean, the one that the others are compared with first."""
    asked: dict[str, Variant] = {}
    for word in wanted.variants:
        name, equals, setting = word.partition("=")
        asked_for = f"--variant {masked(word)}"
        if not equals:
            asked[name] = _of_suites(name, profiles)
            continue
        key, colon, value = setting.partition(":")
        if not (name and equals and colon and value and key in KEYS):
            keys = KEYS_OF_TESTS if any(map(is_test, profiles)) else KEYS
            raise click.UsageError(
                f"{asked_for}: expected NAME=KEY:VALUE with one of the keys {', '.join(keys)}"
            )
        asked[name] = _with(asked.get(name, Variant(name=name)), key, value, asked_for)
    if wanted.python:
        name = os.path.basename(wanted.python)
        asked[name] = _with(Variant(name=name), "python", wanted.python, f"--python {name}")
    base = [Variant(name=wanted.against, revision=wanted.against)] if wanted.against else []
    here = [Variant(name=HERE)] if base or len(asked) == 1 else []
    found = [*base, *here, *asked.values()]
    for variant in found:
        if variant.revision and variant.folder:
            raise click.UsageError(
                f"--variant {variant.name}: expected code of a revision or of a folder, got both"
            )
    if any(variant.database for variant in found):
        check_kept(profiles, "--variant")
    if any(map(is_test, profiles)):
        _check_for_tests(found)
    names = [variant.name for variant in found]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"--variant {name}: expected a name that no other variant has")
    return found


def _check_for_tests(variants: Sequence[Variant]) -> None:
    """That nothing is asked for which pytest alone decides."""
    for variant in variants:
        for key, asked in (("loop", variant.loop), ("param", variant.params)):
            if asked:
                raise click.UsageError(
                    f"--variant {variant.name}: expected no {key} for tests, which pytest runs"
                )


def _of_suites(name: str, profiles: Sequence[Profile]) -> Variant:
    """The variant of that name of the suites that are run."""
    known: dict[str, SuiteVariant] = {}
    sources = (profile.source for profile in profiles if not is_test(profile))
    for source in dict.fromkeys(sources):
        suite = read_suite(Path(source), source).suite
        known.update((each.name, each) for each in suite.variants) if suite else None
    if name not in known:
        raise click.UsageError(
            f"--variant {masked(name)}: expected NAME=KEY:VALUE, or a [variant.NAME] of the suite "
            f"{suggestion(name, known)}"
        )
    found = known[name]
    word = f"variant.{name}"
    variant = Variant(name=name, env=found.env, params=found.params)
    for key in ("rev", "folder", "python", "loop", "database"):
        if value := getattr(found, key):
            variant = _with(variant, key, value, word)
    return variant


def _with(variant: Variant, key: str, value: str, word: str) -> Variant:
    """The variant with one more setting; `word` is where a person wrote it."""
    name, equals, rest = value.partition("=")
    if key in ("env", "param") and not (name and equals):
        raise click.UsageError(f"{word}: expected {key}:NAME=VALUE")
    match key:
        case "rev":
            return msgspec.structs.replace(variant, revision=value)
        case "folder":
            if not os.path.isdir(value):
                raise click.UsageError(f"{word}: {masked(value)}: expected a folder, found none")
            return msgspec.structs.replace(variant, folder=os.path.realpath(value))
        case "python":
            return msgspec.structs.replace(variant, python=_interpreter(value, word))
        case "loop":
            if value not in get_args(LoopName):
                loops = ", ".join(get_args(LoopName))
                raise click.UsageError(f"{word}: expected one of the loops {loops}")
            return msgspec.structs.replace(variant, loop=msgspec.convert(value, LoopName))
        case "database":
            return msgspec.structs.replace(variant, database=database_given(value, word))
        case "env":
            return msgspec.structs.replace(variant, env={**variant.env, name: rest})
        case _:
            try:
                given = read_params({name: _scalar(rest)}, "")
            except RefusedError as error:
                raise click.UsageError(f"{word}: {error.message}") from None
            return msgspec.structs.replace(variant, params={**variant.params, **given})


def _scalar(text: str) -> ParamValue:
    """As TOML would have it, or else as text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _interpreter(path: str, word: str) -> str:
    """The interpreter as it is found from any folder: runners start where their code lies."""
    if os.path.dirname(path):
        # Not resolved: a link in a virtual environment is what makes an interpreter part of it.
        path = os.path.abspath(path)
    code = "import cortex_tui; print(cortex_tui.__version__)"
    try:
        done = subprocess.run(
            [path, "-P", "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = masked(f"{path}: expected an interpreter: {error}")
        raise click.UsageError(f"{word}: {wrong}") from None
    if done.returncode or done.stdout.strip() != __version__:
        found = done.stdout.strip() or "none"
        raise click.UsageError(
            f"{word}: {masked(path)}: expected cortex-tui {__version__} in its environment, "
            f"found {found}"
        )
    return path
