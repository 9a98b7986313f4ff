"""Commands about mail: what a mail server hands over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.app.command_line.exit_codes import TRY_AGAIN
from bot.app.command_line.session import with_application
from bot.errors import PaperRoundError
from bot.platforms.outcomes import Gone

if TYPE_CHECKING:  # loaded where something is done: not for a word of help
    from bot.app.application import Application


@click.group()
def mail() -> None:
    """What comes back of the mails that were sent."""


@mail.command()
def bounce() -> None:
    """Read the report of an undelivered mail from stdin.

    Its address is stopped, and whoever added it is told. For a mail server that pipes what comes to the sender's
    address, or to PAPERROUND_MAIL_BOUNCES, into a program; in Postfix: `papers: "|/opt/paperround/bin/paperround mail
    bounce"` in /etc/aliases. What is no such report, or not about a mail of ours, changes nothing and is no mistake.
    While the bot's database cannot be had it ends with 75, and the mail server tries again later.
    """
    from adapters.mail.bounces import LARGEST, read_bounce

    content = sys.stdin.buffer.read(LARGEST + 1)

    async def take(application: Application) -> int:
        found = read_bounce(content)
        if found is None:
            click.echo("That says of no mail that it failed.")
            return 0
        for token in found.tokens:
            if (bounced := await application.mailing.bounced(token)) is not None:
                recipient, channel = bounced
                await application.engine.outbox.stop(channel, Gone(found.reason, detail=found.status))
                click.echo(f"{recipient.shown} gets no more mail until somebody says `/papers email resume`.")
                return 0
        click.echo("That is about no mail of ours, or about an address that gets none any more.")
        return 0

    try:
        with_application(take)
    except PaperRoundError as error:
        click.echo(str(error), err=True)
        sys.exit(TRY_AGAIN)
