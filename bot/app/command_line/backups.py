"""Backups: `backup` and `restore`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from bot.app.command_line.session import with_application
from bot.errors import OperatorError, UserError
from bot.text.counting import count_of

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application

#: Files that `--keep` made, and may take away again.
_DATED: Final = "paperround-????????T??????Z.backup"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@click.option(
    "--keep",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="FILE is a folder: write a new file there, named by the time, and keep the latest N.",
)
def backup(file: Path, force: bool, keep: int | None) -> None:
    """Write everything that is kept into one file.

    Channels, topics, papers, history, reading lists. The bot may go on meanwhile. The file fits SQLite and PostgreSQL
    alike. Installed Slack workspaces' tokens stay encrypted in it.
    """
    try:
        is_folder = file.is_dir()
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror or error}.") from error
    if is_folder is not (keep is not None):
        raise UserError(f"{file} is {'a' if is_folder else 'no'} folder: --keep N goes with one, and only with one.")

    async def work(application: Application) -> int:
        now = application.clock.now()
        target = file if keep is None else file / f"paperround-{now:%Y%m%dT%H%M%SZ}.backup"
        with _counting("rows written") as progress:
            rows = await application.store.backup.write(target, progress, overwrite=force)
        click.echo(f"{count_of(rows, 'row')} written to {target}")
        if keep:
            _keep_latest(target, keep)
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


def _keep_latest(written: Path, number: int) -> None:
    """Deletes all but so many, and never the one just written: a clock that was ahead may have named others later."""
    others = sorted(one for one in written.parent.glob(_DATED) if one != written)
    for older in others[: max(len(others) + 1 - number, 0)]:
        try:
            older.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError(f"{older} cannot be deleted: {error.strerror or error}.") from error
        click.echo(f"{older} deleted")


@contextlib.contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far something has come whose end is not known."""
    columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn(what))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)
