"""What a shell offers behind a command: profiles, suites and tags; stored sessions by their names.

A shell waits for this with each tab, and shows nothing of an error: whatever is wrong, there is
nothing to offer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from cortex_tui.cli.options import catalog_for
from cortex_tui.paths import STORE
from cortex_tui.store.names import NEWEST

if TYPE_CHECKING:
    from cortex_tui.profiles.model import Catalog
    from cortex_tui.store.port import Store

FILE = CompletionItem("", type="file")
"""Has the shell offer files, and nothing else: bash forgets what came before it."""


def offer_selected(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For SELECT: suites, profiles and tags; files where it is none of them."""
    return list(_matching(_words_of(_catalog(ctx)), incomplete)) or [FILE]


def offer_profiles(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For the full name of one profile."""
    found = ((p.full_name, p.summary) for p in _catalog(ctx).profiles)
    return list(_matching(found, incomplete))


def offer_sessions(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For NAME|ID: names of snapshots and baselines, and the ids of the newest sessions."""
    import asyncio

    from cortex_tui.store.errors import SnapshotError

    file = Path(ctx.params.get("store") or STORE)
    try:
        found = asyncio.run(_stored(file)) if os.path.exists(file) else []
    except (SnapshotError, OSError):
        return []
    return list(_matching(found, incomplete))


_NEWEST = 20
"""Ids of sessions that are offered; a store may have thousands."""


async def _stored(file: Path) -> list[tuple[str, str]]:
    from cortex_tui.store.port import open_store

    store: Store = await open_store(file, "read")
    try:
        names = [(each.name, each.note) for each in await store.list_snapshots()]
        newest = (await store.list_sessions())[:_NEWEST]
        words = [(NEWEST, "the session that was started last")] if newest else []
        return [*names, *words, *((each.id, " ".join(each.tags)) for each in newest)]
    finally:
        await store.close()


def _catalog(ctx: click.Context) -> Catalog:
    return catalog_for((), ctx.params.get("places") or ())


def _words_of(catalog: Catalog) -> Iterator[tuple[str, str]]:
    tags = dict[str, None]()
    for suite in catalog.suites:
        yield suite.name, suite.description
        for profile in suite.profiles:
            yield profile.full_name, profile.summary
            tags.update(dict.fromkeys(profile.tags))
    for tag in tags:
        yield f"@{tag}", "a tag"


def _matching(words: Iterable[tuple[str, str]], incomplete: str) -> Iterator[CompletionItem]:
    for word, help_text in words:
        if word.startswith(incomplete):
            yield CompletionItem(word, help=help_text)
