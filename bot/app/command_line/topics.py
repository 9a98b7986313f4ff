"""Topics as files: `topics export` and `topics apply`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot.app.command_line.session import with_application
from bot.errors import OperatorError
from bot.topic_files.nodes import LARGEST_FILE

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application

_STDIN: Final = "-"
_COLOURS: Final = (("+++", "bright_white"), ("---", "bright_white"), ("@@", "cyan"), ("+", "green"), ("-", "red"))
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.group()
def topics() -> None:
    """Channels and their topics as YAML files.

    With schedules and settings, to be kept and reviewed like code. Topics of people's own, what was posted, pauses and
    archived channels are in no such file.
    """


@topics.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--channel", "channels", multiple=True, help="Only this one: an address or a name. May be repeated.")
def export(file: Path | None, channels: tuple[str, ...]) -> None:
    """Write what channels have, to standard output or into FILE.

    A file that is there is brought up to date: its comments, order and spelling stay, and what changes is shown.
    """

    from bot.app.adapters.topic_files import topic_files_of
    from bot.topic_files.files import unified

    before = _read(file) if file is not None and str(file) != _STDIN and _is_there(file) else None

    async def work(application: Application) -> int:
        files = topic_files_of(application.store, application.services)
        if file is None or str(file) == _STDIN:
            click.echo(await files.export(channels), nl=False)
            return 0
        after = await files.export(channels) if before is None else await files.update(str(file), before, channels)
        if before is None:
            _write(file, after)
            click.echo(f"Written to {file}.", err=True)
        elif after == before:
            click.echo(f"{file} says what there is.", err=True)
        else:
            _show(unified(before, after, (str(file), "now")))
            _write(file, after)
            click.echo(f"{file} is up to date now.", err=True)
        return 0

    with_application(work)


@topics.command()
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
def apply(files: tuple[Path, ...], dry_run: bool) -> None:
    """Make channels what FILE says, all of it or nothing.

    `-` is standard input. A channel that is named with `topics` has exactly those afterwards: others are removed from
    it. What is not named stays: other channels, and settings that the file does not mention. Topics that stay keep
    their numbers, history and votes. The difference is shown, as `diff -u` has it.
    """
    from bot.app.adapters.topic_files import topic_files_of

    texts = [(str(file), _read(file)) for file in files]

    async def work(application: Application) -> int:
        topic_files = topic_files_of(application.store, application.services)
        plan = await topic_files.plan(texts)
        _show(plan.diff)
        if not plan.changes:
            click.echo("Nothing to change.", err=True)
        elif dry_run:
            click.echo(f"Would be changed: {plan.in_words}.", err=True)
        else:
            await topic_files.apply(plan)
            click.echo(f"Done: {plan.in_words}.", err=True)
        return 0

    with_application(work)


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror or error}.") from error


def _read(file: Path) -> str:
    try:
        if str(file) == _STDIN:
            raw = sys.stdin.buffer.read(4 * LARGEST_FILE + 1)
        else:
            with file.open("rb") as stream:
                raw = stream.read(4 * LARGEST_FILE + 1)
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror or error}.") from error
    # What is no UTF-8 is told with its place by whoever reads the text.
    return raw.decode("utf-8", errors="surrogateescape")


def _write(file: Path, text: str) -> None:
    """Writes the file as a whole or not at all; one that was there keeps its permissions."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        target = file.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        unfinished = target.with_name(f".{target.name}.unfinished")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as new:
            new.write(text)
        unfinished.chmod(mode)
        unfinished.replace(target)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):  # where it could not be made
            unfinished.unlink(missing_ok=True)


def _show(diff: Sequence[str]) -> None:
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in diff:
        colour = next((one for start, one in _COLOURS if line.startswith(start)), None)
        click.echo(click.style(line, fg=colour) if colours and colour else line)
