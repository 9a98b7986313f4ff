"""Looking into the bot and speaking to it: `command`, `status`, `doctor`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import replace
from typing import IO, Any

import click

from adapters.web.platform import LOCAL_PERSON
from bot.app.addresses import parse_address
from bot.app.application import Application
from bot.app.command_line.exit_codes import FAILED
from bot.app.command_line.session import quiet_logs, with_application
from bot.app.diagnosis import diagnose
from bot.app.doctor import Mark
from bot.app.settings import read_settings
from bot.channels.channel import PlatformName
from bot.errors import EmbeddingError, UserError
from bot.intake.store import SourceState
from bot.messages.plain import plain_text
from bot.papers.references import LONGEST_TEXT
from bot.platforms.command_calls import CommandCall, Person

_OPERATOR = Person(id="terminal", name="the operator", may_manage=True, may_administer=True, runs_the_bot=True)


@click.command()
@click.argument("line")
@click.option("--channel", default="web/general", show_default=True, help="Where to say it.")
@click.option(
    "--file",
    type=click.File("r", encoding="utf-8", errors="replace"),
    help="A file that belongs to it: BibTeX or RIS for 'subscribe like'.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(line: str, channel: str, file: IO[str] | None, as_json: bool) -> None:
    """Give any /papers command: 'subscribe diffusion', 'schedule daily 9:00', 'help'."""
    attachment = file.read(LONGEST_TEXT) if file else ""

    async def work(application: Application) -> int:
        address, name = parse_address(channel)
        if address.platform not in application.platforms:
            raise UserError(f"{address.platform.capitalize()} is not connected. The README says how.")
        # In the web workspace everybody is the same person, whose topics and list these are, too.
        person = replace(_OPERATOR, id=LOCAL_PERSON) if address.platform is PlatformName.WEB else _OPERATOR
        call = CommandCall(line=line, address=address, channel_name=name, person=person, attachment=attachment)
        reply = await application.commands.run(call)
        words = plain_text(reply.message)
        if as_json:
            document = {"ephemeral": reply.ephemeral, "text": words, "papers": reply.message.paper_ids}
            click.echo(json.dumps(document, ensure_ascii=False))
        elif reply.failed:
            click.echo(words, err=True)
        else:
            click.echo(words)
        return 2 if reply.failed else 0

    with_application(work)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(as_json: bool) -> None:
    """How the bot is doing: counts, feeds, posts."""

    async def work(application: Application) -> int:
        counts = await application.store.counts()
        posts = await application.store.posts.counts()
        sources = await application.store.sources.states()
        try:
            coverage, lacking = await application.meaning.coverage(), ""
        except EmbeddingError as error:
            coverage, lacking = None, str(error)
        if as_json:
            document = {
                **counts,
                "meaning": {
                    "embedded": coverage.embedded if coverage else 0,
                    "waiting": coverage.waiting if coverage else counts["papers"],
                    "problem": lacking or None,
                },
                "posts": {state.value: number for state, number in posts.items()},
                "sources": {state.name: _source_as_json(state) for state in sources},
            }
            click.echo(json.dumps(document))
            return 0
        for what, number in counts.items():
            click.echo(f"{what:14} {number:,}")
        click.echo(f"{'by meaning':14} {f'{coverage.embedded:,}' if coverage else lacking}")
        for state, number in posts.items():
            click.echo(f"posts {state.value:8} {number:,}")
        for source in sources:
            read = f"read {source.last_success_at:%Y-%m-%d %H:%M} UTC" if source.last_success_at else "never read"
            click.echo(f"{source.name:14} {read}" + (f"; {source.last_error}" if source.last_error else ""))
        return 0

    with_application(work)


@click.command()
def doctor() -> None:
    """Look at settings, database, index, feeds and chat platforms, and say what to do.

    ✓ is well, ✗ needs somebody, ! is good to know, – was not looked at. Ends with 1 if anything needs somebody.
    """
    settings, problems = read_settings()
    quiet_logs(settings)

    async def work() -> bool:
        well = True
        async with contextlib.aclosing(diagnose(settings, problems)) as findings:
            async for finding in findings:
                click.echo(str(finding))
                well &= finding.mark is not Mark.PROBLEM
        return well

    sys.exit(0 if asyncio.run(work()) else FAILED)


def _source_as_json(state: SourceState) -> dict[str, Any]:
    return {
        "last_success": state.last_success_at.isoformat() if state.last_success_at else None,
        "last_failure": state.last_failure_at.isoformat() if state.last_failure_at else None,
        "last_error": state.last_error or None,
        "failures": state.failures,
        "read_through": state.read_through.isoformat() if state.read_through else None,
    }
