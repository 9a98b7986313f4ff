"""Papers by hand: `import` and `search`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.feeds.json_lines import PapersFile
from bot.app.command_line.exit_codes import FAILED
from bot.app.command_line.session import with_application
from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.search.questions import without_question
from bot.search.results import Hit
from bot.text.counting import count_of

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application

IMPORT_BATCH = 1000  # papers in one transaction
_ONE_PER_LINE = (
    'Papers come one object per line (JSON Lines), such as {"id": "2604.13035", "title": "…", "abstract": "…"}.'
)
MOST_PROBLEMS = 10  # bad lines that are shown


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
def import_(files: tuple[Path, ...]) -> None:
    """Add papers from JSON Lines files (.xz and .gz too).

    Each line is an object with id, title, abstract, authors, categories and announced. Imported papers can be found;
    no channel is told of them.
    """

    async def work(application: Application) -> int:
        imported = bad = code = 0
        for path in files:
            counted = await _import_file(application, PapersFile(path))
            imported, bad = imported + counted[0], bad + counted[1]
            if not counted[0]:
                click.echo(f"{path.name} has no usable line. {_ONE_PER_LINE}", err=True)
                code = FAILED
        click.echo(f"{count_of(imported, 'paper')} imported" + (f", {count_of(bad, 'line')} skipped" if bad else ""))
        return code

    with_application(work)


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


@click.command(cls=QueryCommand)
@click.argument("query")
@click.option(
    "--limit", type=click.IntRange(1, 1000), metavar="N", default=10, show_default=True, help="How many papers to show."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def search(query: str, limit: int, as_json: bool) -> None:
    """Find papers, best matches first.

    Put the query in quotes: 'agents -survey'. How to write it: paperround command "help query".
    """

    async def work(application: Application) -> int:
        parsed = parse(query, sources=await application.store.sources.names())
        parsed = await application.examples.decided(parsed)
        found = await application.finder.search(without_question(parsed, query), limit=limit, asked=query)
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
        click.echo(f"{count_of(found.total, 'paper')} for {parsed.text}")
        _print_papers(found.hits, papers)
        if found.related:
            click.echo("\nRelated")
            _print_papers(found.related, papers)
        if application.meaning.problem:
            click.echo(f"By words alone: {application.meaning.problem}", err=True)
        return 0

    with_application(work)


def _as_json(hits: tuple[Hit, ...], papers: dict[str, Paper]) -> list[dict[str, Any]]:
    return [
        {
            "id": paper.id,
            "title": paper.title,
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
            click.echo(f"\n{paper.title}{votes}\n  {paper.url}")
