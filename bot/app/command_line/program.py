"""The program: `paperround` with all its commands, and how it ends when something is wrong."""

from __future__ import annotations

import os
from typing import Any

import click

from bot import __version__
from bot.app.command_line.backups import backup, restore
from bot.app.command_line.channels import channels
from bot.app.command_line.exit_codes import FAILED, MISCONFIGURED, WRONG_USAGE
from bot.app.command_line.healthcheck import healthcheck
from bot.app.command_line.inspection import api_document, command, doctor, status
from bot.app.command_line.mail import mail
from bot.app.command_line.papers import import_, search
from bot.app.command_line.people import audit, people
from bot.app.command_line.pruning import prune
from bot.app.command_line.running import deliver, demo, poll, run
from bot.app.command_line.tokens import tokens
from bot.app.command_line.topics import topics
from bot.errors import PaperRoundError, SettingsError, UserError
from bot.query.errors import QueryError


class Cli(click.Group):
    """Ends with the sentence of an error instead of a traceback. Lists commands as they were added: the first first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - it is click's
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(str(error), err=True)
            if isinstance(error, QueryError):
                click.echo(error.pointed, err=True)
            ctx.exit(WRONG_USAGE)
        except PaperRoundError as error:
            click.echo(str(error), err=True)
            wrong_setting = isinstance(error, SettingsError) and ctx.invoked_subcommand == "run"
            ctx.exit(MISCONFIGURED if wrong_setting else FAILED)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="paperround")
def cli() -> None:
    """Brings research papers to team channels.

    Begin with `paperround demo`; `paperround run` is the bot, and `paperround doctor` says what it needs. Settings
    are read from PAPERROUND_… variables and .env; deploy/docs/settings.md has all of them.
    """


_EVERY_DAY = (demo, run, doctor, status, command, search)
for _command in (
    *_EVERY_DAY,
    channels,
    topics,
    people,
    tokens,
    audit,
    api_document,
    mail,
    backup,
    restore,
    prune,
    import_,
    poll,
    deliver,
    healthcheck,
):
    cli.add_command(_command)


def main() -> None:
    """The entry point of `paperround`. What it makes (database, index, keys) is for its owner alone."""
    os.umask(0o077)
    cli()
