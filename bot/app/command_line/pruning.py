"""Pruning: `prune`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click
from rich.console import Console

from bot.app.command_line.session import with_application
from bot.health.wording import size_in_words
from bot.lifecycle.pruning import Pruned, Space
from bot.text.counting import count_of

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted, and about how much space it takes.")
@click.option("--rewrite", is_flag=True, help="Write SQLite's file anew afterwards, without what is free in it.")
def prune(dry_run: bool, rewrite: bool) -> None:
    """Delete what is older than the settings keep it.

    These are PAPERROUND_HISTORY_DAYS and PAPERROUND_PAPER_DAYS. A running bot does so every half hour, and may go on
    meanwhile. Papers that wait, are saved or have votes stay, and it stays known what was posted where. A file that is
    written anew lets nobody else write for some seconds, and needs as much room again.
    """

    async def work(application: Application) -> int:
        pruning, store = application.engine.pruning, application.store.pruning
        before = await store.space()
        working: AbstractContextManager[object] = nullcontext()
        if sys.stdout.isatty():
            working = Console(stderr=True).status("Looking for what is old …")
        with working:
            found = await pruning.prune(application.clock.now(), delete=not dry_run, pause=0.01)
            if rewrite and not dry_run:
                await store.rewrite()
        if not dry_run:
            await application.index.refresh()
        for line in lines_of(found, before, None if dry_run else await store.space()):
            click.echo(line)
        return 0

    with_application(work)


def lines_of(found: Sequence[Pruned], before: Space, after: Space | None) -> list[str]:
    """What went, or would go where there is no `after`, and what that did to the database."""
    lines = [f"{one.what}: {one.rows:,}" + (f" (about {size_in_words(one.size)})" if one.rows else "") for one in found]
    total = sum(one.size for one in found)
    rows = count_of(sum(one.rows for one in found), "row")
    if after is None:
        lines.append(f"Would delete {rows}, about {size_in_words(total)} of {size_in_words(before.total)}.")
    elif after.free is None:
        lines.append(f"Deleted {rows}, about {size_in_words(total)}: the server uses that room again.")
    else:
        lines.append(
            f"Deleted {rows}. The file had {size_in_words(before.total)} and has {size_in_words(after.total)}, of "
            f"which {size_in_words(after.free)} are free for what comes."
        )
    return lines
