"""`status`: how the bot is doing, from what is stored; it needs neither the feeds nor the platforms."""

from __future__ import annotations

import asyncio
import contextlib
import json

import click

from bot.app.command_line.session import loading, quiet_logs
from bot.app.configuration.settings import Settings, load_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(as_json: bool) -> None:
    """How the bot is doing: counts, feeds, posts."""
    settings = load_settings()
    quiet_logs(settings)
    asyncio.run(_status(settings, as_json=as_json))


async def _status(settings: Settings, *, as_json: bool) -> None:
    with loading():
        from bot.app.foundation import open_foundation
        from bot.clocks import SteadyClock
        from bot.errors import StorageError
        from bot.health.document import document_of
        from bot.health.wording import lines_of

    async with contextlib.AsyncExitStack() as stack:
        foundation = await open_foundation(settings, SteadyClock(), stack)
        report = await foundation.health().report()
        if report.stored is None:
            raise StorageError(report.database.problem)
        if as_json:
            click.echo(json.dumps(document_of(report)))
        else:
            for what, words in lines_of(report):
                click.echo(f"{what:16} {words}")
