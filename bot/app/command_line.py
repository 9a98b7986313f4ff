"""The command line. Logs go to stderr, answers to stdout; exit codes: 0 done, 1 failed, 2 bad usage."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from adapters.feeds.json_lines import PapersFile
from bot import __version__
from bot.app.addresses import parse_address
from bot.app.application import Application, demo_feed, open_application
from bot.app.demo import CHANNELS, Demo
from bot.app.doctor import examine
from bot.app.logs import configure_logs
from bot.app.serving import serve
from bot.app.settings import LogLevel, Settings, load_settings
from bot.clocks import ShiftedClock
from bot.errors import PaperRoundError, UserError
from bot.intake.store import SourceState
from bot.messages.plain import plain_text
from bot.papers.paper import Paper, SourceName
from bot.platforms.command_calls import CommandCall, Person
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.search.results import Hit
from bot.text.counting import count_of
from bot.text.readable import readable

IMPORT_BATCH = 1000  # papers in one transaction
MOST_PROBLEMS = 10  # bad lines that are shown

_OPERATOR = Person(id="terminal", name="the operator", may_manage=True, may_administer=True)
_out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


class Cli(click.Group):
    """Ends with the sentence of an error instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(str(error), err=True)
            if isinstance(error, QueryError):
                click.echo(error.pointed, err=True)
            ctx.exit(2)
        except PaperRoundError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="paperround")
def cli() -> None:
    """Brings research papers to team channels. Settings are read from PAPERROUND_… variables and .env."""


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port of the web workspace.")
def demo(port: int | None) -> None:
    """The whole bot with sample papers: no tokens, no network, nothing kept."""
    with tempfile.TemporaryDirectory(prefix="paperround-demo-") as folder:
        changes: dict[str, Any] = {"data_dir": Path(folder), "database_url": "", "web": True}
        if port is not None:
            changes["web_port"] = port
        settings = load_settings().model_copy(update=changes)
        configure_logs(LogLevel.WARNING, settings.log_format)
        _run(_demo(settings))


async def _demo(settings: Settings) -> None:
    clock = ShiftedClock(datetime.now(UTC))
    feed, days = demo_feed(clock)
    async with open_application(settings, clock=clock, sources=[feed]) as application:
        show = Demo(application.engine, application.commands, application.store.channels, clock)
        await show.set_up(CHANNELS, days[0])
        banner = f"Demo: sample papers of {days[0]:%-d %B} to {days[-1]:%-d %B %Y}. Nothing is kept."
        await serve(application, partial(show.run, days), banner=banner, announce=_announce("Paper Round's demo is at"))
    click.echo("Stopped.", err=True)


@cli.command()
def run() -> None:
    """The bot, until Ctrl-C: reads the feeds, posts digests, answers commands."""
    settings = _load()

    async def work() -> None:
        async with open_application(settings, announce=partial(click.echo, err=True)) as application:
            what = "The web workspace is at" if settings.has_workspace else "Health checks are at"
            await serve(application, application.run, announce=_announce(what))

    _run(work())


@cli.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Read this day instead of what is new.")
def poll(day: datetime | None) -> None:
    """Read the feeds once."""

    async def work(application: Application) -> int:
        reports = await application.engine.poll(day.date() if day else None)
        for report in reports:
            if report.error:
                click.echo(f"{report.source}: {report.error}", err=True)
            else:
                read = f"{count_of(report.days, 'day')} read, {count_of(report.listings, 'listing')}"
                skipped = f", {count_of(report.skipped, 'unusable entry')}" if report.skipped else ""
                click.echo(f"{report.source}: {read}, {count_of(report.changed, 'paper')} new or changed{skipped}")
        return 1 if any(report.error for report in reports) else 0

    _with_application(work)


@cli.command()
def deliver() -> None:
    """Post everything that is due."""

    async def work(application: Application) -> int:
        await application.engine.reconcile()
        posts = await application.engine.deliver()
        click.echo(f"{count_of(posts, 'message')} sent or tried")
        for name in sorted(application.platforms.difference(application.engine.leadership.ours)):
            click.echo(f"{name.capitalize()} is served by another process, which posts there itself.", err=True)
        return 0

    _with_application(work)


@cli.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
def import_(files: tuple[Path, ...]) -> None:
    """Add papers from JSON Lines files (.xz and .gz too).

    Each line is an object with id, title, abstract, authors, categories and announced. Imported papers can be found;
    no channel is told of them.
    """

    async def work(application: Application) -> int:
        imported = bad = 0
        for path in files:
            counted = await _import_file(application, PapersFile(path))
            imported, bad = imported + counted[0], bad + counted[1]
        click.echo(f"{count_of(imported, 'paper')} imported" + (f", {count_of(bad, 'line')} skipped" if bad else ""))
        return 0

    _with_application(work)


async def _import_file(application: Application, file: PapersFile) -> tuple[int, int]:
    """Imports one file with a progress bar; returns how many papers and how many unusable lines it had."""
    imported = bad = 0
    batch: list[Paper] = []

    async def flush() -> None:
        await application.store.papers.import_papers(batch)
        batch.clear()

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    console = Console(stderr=True)
    with Progress(
        *columns, MofNCompleteColumn(), TimeRemainingColumn(), console=console, disable=not sys.stdout.isatty()
    ) as bar:
        task = bar.add_task(file.name, total=file.size)
        with file:
            for entry in file:
                if isinstance(entry, Paper):
                    batch.append(entry)
                    imported += 1
                else:
                    bad += 1
                    if bad <= MOST_PROBLEMS:
                        click.echo(f"{file.name}, line {entry.number}: {entry.reason}", err=True)
                if len(batch) >= IMPORT_BATCH:
                    await flush()
                    bar.update(task, completed=file.position)
        await flush()
        bar.update(task, completed=file.size, description="indexing")
        await application.index.refresh()
    return imported, bad


class QueryCommand(click.Command):
    """A command whose argument may start with a minus, as queries do: `-survey llm` is no option `-s`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A number is more likely the wrong value of an option.
        queries = [arg for arg in args if re.match(r"-(?![-0-9]|h$)|-\d+\D", arg)]
        if queries and "--" not in args:
            args = [*(arg for arg in args if arg not in queries), "--", *queries]
        return super().parse_args(ctx, args)


@cli.command(cls=QueryCommand)
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many papers to show.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def search(query: str, limit: int, as_json: bool) -> None:
    """Find papers, best matches first. Put the query in quotes: 'agents -survey'."""

    async def work(application: Application) -> int:
        parsed = parse(query)
        found = await application.index.search(parsed, limit=limit)
        papers = await application.store.papers.papers([hit.paper_id for hit in (*found.hits, *found.related)])
        if as_json:
            document = {
                "query": parsed.text,
                "total": found.total,
                "papers": _as_json(found.hits, papers),
                "related": _as_json(found.related, papers),
            }
            click.echo(json.dumps(document, ensure_ascii=False))
            return 0
        _out.print(f"{count_of(found.total, 'paper')} for {parsed.text}")
        _print_papers(found.hits, papers)
        if found.related:
            _out.print("\nRelated")
            _print_papers(found.related, papers)
        return 0

    _with_application(work)


@cli.command()
@click.argument("line")
@click.option("--channel", default="web/general", show_default=True, help="Where to say it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(line: str, channel: str, as_json: bool) -> None:
    """Give any /papers command: 'subscribe diffusion', 'schedule daily 9:00', 'help'."""

    async def work(application: Application) -> int:
        address, name = parse_address(channel)
        if address.platform not in application.platforms:
            raise UserError(f"{address.platform.capitalize()} is not connected. The README says how.")
        call = CommandCall(line=line, address=address, channel_name=name, person=_OPERATOR)
        reply = await application.commands.run(call)
        words = plain_text(reply.message)
        if as_json:
            document = {"ephemeral": reply.ephemeral, "text": words, "papers": reply.message.paper_ids}
            click.echo(json.dumps(document, ensure_ascii=False))
        elif reply.failed:
            click.echo(words, err=True)
        else:
            _out.print(words)
        return 2 if reply.failed else 0

    _with_application(work)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(as_json: bool) -> None:
    """How the bot is doing: counts, feeds, posts."""

    async def work(application: Application) -> int:
        counts = await application.store.counts()
        posts = await application.store.posts.counts()
        sources = [await application.store.sources.state(name) for name in SourceName]
        if as_json:
            document = {
                **counts,
                "posts": {state.value: number for state, number in posts.items()},
                "sources": {state.name.value: _source_as_json(state) for state in sources},
            }
            click.echo(json.dumps(document))
            return 0
        for what, number in counts.items():
            _out.print(f"{what:14} {number:,}")
        for state, number in posts.items():
            _out.print(f"posts {state.value:8} {number:,}")
        for source in sources:
            read = f"read {source.last_success_at:%Y-%m-%d %H:%M} UTC" if source.last_success_at else "never read"
            _out.print(f"{source.name.value:14} {read}" + (f"; {source.last_error}" if source.last_error else ""))
        return 0

    _with_application(work)


@cli.command()
def doctor() -> None:
    """Look at database, index, feeds and chat platforms, and say what to do."""

    async def work(application: Application) -> int:
        findings = await examine(application.checks())
        for finding in findings:
            _out.print(f"{'✓' if finding.is_well else '✗'} {finding.what}: {finding.words}")
        return 0 if all(finding.is_well for finding in findings) else 1

    _with_application(work)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write everything that is kept into one file: channels, topics, papers, history.

    The bot may go on meanwhile. The file fits SQLite and PostgreSQL alike. Installed Slack workspaces' tokens stay
    encrypted in it.
    """

    async def work(application: Application) -> int:
        with _counting("rows written") as progress:
            rows = await application.store.backup.write(file, progress)
        click.echo(f"{count_of(rows, 'row')} written to {file}")
        return 0

    _with_application(work)


@cli.command()
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

    _with_application(work)


@contextlib.contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far something has come whose end is not known."""
    columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn(what))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)


def main() -> None:
    """The entry point of `paperround`."""
    cli()


def _load() -> Settings:
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    return settings


def _with_application(work: Callable[[Application], Awaitable[int]]) -> None:
    """Runs one piece of work on the open application and ends with its exit code."""
    settings = load_settings()
    configure_logs(max(settings.log_level, LogLevel.WARNING, key=list(LogLevel).index), settings.log_format)

    async def opened() -> int:
        async with open_application(settings) as application:
            return await work(application)

    sys.exit(asyncio.run(opened()))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except* PaperRoundError as errors:
        # A sentence for the operator gets lost in the traceback of a group, or of a group of groups.
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def _announce(what: str) -> Callable[[str], None]:
    return lambda address: click.echo(f"{what} {address}  (Ctrl-C stops it)", err=True)


def _as_json(hits: tuple[Hit, ...], papers: dict[str, Paper]) -> list[dict[str, Any]]:
    return [
        {
            "id": paper.id,
            "title": readable(paper.title),
            "url": paper.url,
            "upvotes": paper.upvotes,
            "score": round(hit.score, 4),
        }
        for hit in hits
        if (paper := papers.get(hit.paper_id)) is not None
    ]


def _print_papers(hits: tuple[Hit, ...], papers: dict[str, Paper]) -> None:
    for hit in hits:
        if (paper := papers.get(hit.paper_id)) is not None:
            votes = f"  ▲ {paper.upvotes}" if paper.upvotes else ""
            _out.print(f"\n{readable(paper.title)}{votes}\n  {paper.url}")


def _source_as_json(state: SourceState) -> dict[str, Any]:
    return {
        "last_success": state.last_success_at.isoformat() if state.last_success_at else None,
        "last_failure": state.last_failure_at.isoformat() if state.last_failure_at else None,
        "last_error": state.last_error or None,
        "failures": state.failures,
        "read_through": state.read_through.isoformat() if state.read_through else None,
    }
