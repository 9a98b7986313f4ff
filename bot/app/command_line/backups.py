"""Backups: `backup` and `restore`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from bot.app.application import Application
from bot.app.command_line.session import with_application
from bot.text.counting import count_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
def backup(file: Path, force: bool) -> None:
    """Write everything that is kept into one file.

    Channels, topics, papers, history, reading lists. The bot may go on meanwhile. The file fits SQLite and PostgreSQL
    alike. Installed Slack workspaces' tokens stay encrypted in it.
    """

    async def work(application: Application) -> int:
        with _counting("rows written") as progress:
            rows = await application.store.backup.write(file, progress, overwrite=force)
        click.echo(f"{count_of(rows, 'row')} written to {file}")
        return 0

    with_application(work)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Fill an empty database from a backup.

    Papers that were posted after the backup was made are not known to be, and are posted again if they are listed.
    """

    async def work(application: Application) -> int:
        with _counting("rows read") as progress:
            rows = await application.store.backup.restore(file, progress)
        await application.index.refresh()
        click.echo(f"{count_of(rows, 'row')} restored from {file}")
        return 0

    with_application(work)


@contextlib.contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far something has come whose end is not known."""
    columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn(what))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)
