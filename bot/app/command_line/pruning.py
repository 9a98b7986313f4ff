"""Pruning: `prune`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import click
from rich.console import Console

from bot.app.command_line.session import with_application
from bot.errors import OperatorError
from bot.health.wording import size_in_words
from bot.lifecycle.pruning import Pruned, Space
from bot.text.counting import count_of

#: No source that is read is silent for longer, also around the turn of the year.
LONGEST_SILENCE = timedelta(days=21)

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted, and about how much space it takes.")
@click.option("--rewrite", is_flag=True, help="Write SQLite's file anew afterwards, without what is free in it.")
@click.option("--anyway", is_flag=True, help="Delete though nothing new came for long: this machine's clock is right.")
def prune(dry_run: bool, rewrite: bool, anyway: bool) -> None:
    """Delete what is older than the settings keep it.

    These are PAPERROUND_HISTORY_DAYS and PAPERROUND_PAPER_DAYS. A running bot does so every half hour, and may go on
    meanwhile. Papers that wait, are saved or have votes stay, and it stays known what was posted where. A file that is
    written anew lets nobody else write for some seconds, and needs as much room again. Where the newest paper is weeks
    old this machine's clock may be ahead, and nothing is deleted.
    """

    async def work(application: Application) -> int:
        if not (dry_run or anyway):
            await _look_at_clock(application)
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


async def _look_at_clock(application: Application) -> None:
    """Raises `OperatorError` where the clock may be ahead: what is deleted too early is gone for good.

    A running bot has the feeds to compare it with (`bot.app.engine`); here the days of their papers tell.
    """
    today, newest = application.clock.now().date(), await application.store.papers.newest_day()
    if newest is not None and today - newest > LONGEST_SILENCE:
        raise OperatorError(
            f"Nothing was deleted: the newest paper is of {newest}, and this machine's clock shows {today}. Set the "
            "clock if it is wrong; if it is right, write paperround prune --anyway."
        )


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
