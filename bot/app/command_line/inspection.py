"""Looking into the bot and speaking to it: `command`, `doctor`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import replace
from typing import IO, TYPE_CHECKING

import click

from bot import __version__
from bot.app.adapters.addresses import parse_address
from bot.app.command_line.exit_codes import FAILED
from bot.app.command_line.session import quiet_logs, with_application
from bot.app.configuration.settings import read_settings
from bot.app.logs import hidden
from bot.channels.channel import Address, PlatformName
from bot.errors import UserError
from bot.messages.plain import plain_text
from bot.papers.references import LONGEST_TEXT
from bot.people.account import LOCAL_PERSON
from bot.platforms.command_calls import CommandCall, Person

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application

OPERATOR = Person(
    id="terminal", name="the operator", may_manage=True, may_administer=True, runs_the_bot=True, sees_all=True
)


def operators_call(line: str, address: Address, name: str, *, attachment: str = "") -> CommandCall:
    """A command that whoever runs the bot gives in a channel."""
    # In the web workspace everybody is the same person, whose topics and list these are, too.
    person = replace(OPERATOR, id=LOCAL_PERSON) if address.platform is PlatformName.WEB else OPERATOR
    return CommandCall(line=line, address=address, channel_name=name, person=person, attachment=attachment)


@click.command()
@click.argument("line")
@click.option(
    "--channel",
    metavar="CHANNEL",
    default="web/general",
    show_default=True,
    help="Where to say it: web/NAME, slack/TEAM/CHANNEL or discord/SERVER/CHANNEL.",
)
@click.option(
    "--file",
    type=click.File("r", encoding="utf-8", errors="replace"),
    help="A file that belongs to it: BibTeX or RIS for 'subscribe like'.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(line: str, channel: str, file: IO[str] | None, as_json: bool) -> None:
    """Give a /papers command.

    Such as 'subscribe diffusion', 'schedule daily 9:00' or 'help', without /papers.
    """
    attachment = file.read(LONGEST_TEXT) if file else ""

    async def work(application: Application) -> int:
        address, name = parse_address(channel)
        if address.platform not in application.platforms:
            raise UserError(f"{address.platform.capitalize()} is not connected. The README says how.")
        call = operators_call(line, address, name, attachment=attachment)
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


@click.command("api-document")
def api_document() -> None:
    """Write the OpenAPI document of the JSON API."""
    from adapters.web.api.document import api_document as document  # pages take a while to load

    click.echo(json.dumps(document(), indent=2, ensure_ascii=False))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(as_json: bool) -> None:
    """Look at everything that is needed, and say what to do.

    Settings, disk, port, database, index, topics, posts, feeds, clocks, chat platforms and permissions in channels.

    ✓ is well, ✗ needs somebody, ! is good to know, – was not looked at. Ends with 1 if anything needs somebody.
    """
    from bot.app.doctor.diagnosis import diagnose  # as in `session`: it loads the whole bot
    from bot.app.doctor.findings import Mark

    settings, problems = read_settings()
    quiet_logs(settings)

    async def work() -> bool:
        well, document = True, []
        async with contextlib.aclosing(diagnose(settings, problems)) as findings:
            async for finding in findings:
                well &= finding.mark is not Mark.PROBLEM
                if as_json:
                    words = hidden(finding.words, settings.secrets)
                    document.append({"what": finding.what, "mark": finding.mark.name.lower(), "words": words})
                else:
                    click.echo(hidden(str(finding), settings.secrets))
        if as_json:
            click.echo(json.dumps({"ok": well, "version": __version__, "findings": document}, ensure_ascii=False))
        return well

    sys.exit(0 if asyncio.run(work()) else FAILED)
