"""The program: `paperround` with all its commands, and how it ends when something is wrong."""

from __future__ import annotations

import importlib
import os
from typing import Any, Final

import click

from bot import __version__
from bot.app.command_line.exit_codes import FAILED, MISCONFIGURED, WRONG_USAGE
from bot.errors import PaperRoundError, SettingsError, UserError
from bot.query.errors import QueryError
from bot.text.suggestions import closest

_HERE: Final = "bot.app.command_line"
#: The commands, the first first: the module of each, and what it does, as its own help begins. Modules are loaded with
#: their command alone: all of them, with what they work with, take most of a second.
COMMANDS: Final = {
    "demo": ("running", "The whole bot with sample papers, in a browser."),
    "run": ("running", "The bot itself, until Ctrl-C."),
    "doctor": ("inspection", "Look at everything that is needed, and say what to do."),
    "status": ("status", "How the bot is doing: counts, feeds, posts."),
    "command": ("inspection", "Give a /papers command."),
    "search": ("papers", "Find papers, best matches first."),
    "channels": ("channels", "All channels, with their topics and schedules."),
    "topics": ("topics", "Channels and their topics as YAML files."),
    "people": ("people", "Who may log in to the web workspace."),
    "tokens": ("tokens", "Tokens with which programs read the JSON API."),
    "audit": ("people", "Who changed what, from where and when, the latest first."),
    "api-document": ("inspection", "Write the OpenAPI document of the JSON API."),
    "mail": ("mail", "What comes back of the mails that were sent."),
    "backup": ("backups", "Write everything that is kept into one file."),
    "restore": ("backups", "Fill an empty database from a backup."),
    "prune": ("pruning", "Delete what is older than the settings keep it."),
    "import": ("papers", "Add papers from JSON Lines files (.xz and .gz too)."),
    "poll": ("running", "Read the feeds once, then end."),
    "deliver": ("running", "Post everything that is due, then end."),
    "healthcheck": ("healthcheck", "Ask /healthz of the bot that runs with these settings."),
}


class Cli(click.Group):
    """Loads a command when it is asked for. Ends with the sentence of an error instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - it is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - it is click's
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{_HERE}.{COMMANDS[cmd_name][0]}")
        found = (one for one in vars(module).values() if isinstance(one, click.Command) and one.name == cmd_name)
        return next(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and (meant := closest(args[0], COMMANDS)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{meant}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - it is click's
        with formatter.section("Commands"):
            formatter.write_dl([(name, does) for name, (_, does) in COMMANDS.items()])

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


def main() -> None:
    """The entry point of `paperround`. What it makes (database, index, keys) is for its owner alone."""
    os.umask(0o077)
    cli()
